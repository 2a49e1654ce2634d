"""Routes of the wallet room."""

from edutrack.wallet.views.room import blueprint

__all__ = ["blueprint"]
