"""Routes under /api/accounts/."""

from edutrack.accounts.views import sessions
from edutrack.accounts.views.room import blueprint

__all__ = ["blueprint", "sessions"]
