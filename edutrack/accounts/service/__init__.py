"""The rules of accounts: signing in, sessions, and who gets an account."""

from edutrack.accounts.service.sessions import SignedIn, end_session, log_in, rotate_session
from edutrack.accounts.service.users import create_site_owner, create_user

__all__ = ["SignedIn", "create_site_owner", "create_user", "end_session", "log_in", "rotate_session"]
