"""Routes under /api/accounts/."""

from edutrack.accounts.views import assistants, emails, passwords, sessions, teachers
from edutrack.accounts.views.room import blueprint

__all__ = ["assistants", "blueprint", "emails", "passwords", "sessions", "teachers"]
