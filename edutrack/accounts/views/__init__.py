"""Routes under /api/accounts/."""

from edutrack.accounts.views import assistants, sessions, teachers
from edutrack.accounts.views.room import blueprint

__all__ = ["assistants", "blueprint", "sessions", "teachers"]
