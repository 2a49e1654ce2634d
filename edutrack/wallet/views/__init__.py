"""Routes of the wallet: codes, balances, the ledger, buying."""

from edutrack.wallet.views import codes, money
from edutrack.wallet.views.room import blueprint

__all__ = ["blueprint", "codes", "money"]
