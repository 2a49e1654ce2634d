"""The rules of accounts: signing in, sessions, and who gets an account."""

from edutrack.accounts.service.sessions import SignedIn, end_session, end_sessions_of, log_in, rotate_session
from edutrack.accounts.service.teachers import change_teacher, create_teacher
from edutrack.accounts.service.users import create_site_owner, create_user, set_password

__all__ = [
    "SignedIn",
    "change_teacher",
    "create_site_owner",
    "create_teacher",
    "create_user",
    "end_session",
    "end_sessions_of",
    "log_in",
    "rotate_session",
    "set_password",
]
