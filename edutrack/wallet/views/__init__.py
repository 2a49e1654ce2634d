"""Routes of the wallet: codes and their batches, balances, the ledger, buying."""

from edutrack.wallet.views import batches, codes, money
from edutrack.wallet.views.room import blueprint

__all__ = ["batches", "blueprint", "codes", "money"]
