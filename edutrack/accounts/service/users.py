"""Making users. Profiles are made by the service of each role, in the same transaction."""

from edutrack.accounts.models import User
from edutrack.accounts.passwords import hash_password, weaknesses
from edutrack.accounts.service.sessions import end_sessions_of
from edutrack.core import audit
from edutrack.core.caller import Role
from edutrack.core.database import when_violated
from edutrack.core.errors import Invalid
from edutrack.core.extensions import db

when_violated("uq_users_username_folded", lambda: Invalid({"username": ["Username already exists."]}))
when_violated(
    "uq_users_gmail_folded", lambda: Invalid({"gmail": ["This email is already associated with an account."]})
)


def create_user(*, username: str, password: str, gmail: str, role: Role, is_active: bool) -> User:
    """Add a user; usernames and addresses are unique over all roles, ignoring case (rules.md, "Accounts").

    Raises Invalid under `password` for a weak one, and under `username` or `gmail` where it is taken.
    """
    if found := weaknesses(password, username):
        raise Invalid({"password": found})
    user = User(
        username=username, password_hash=hash_password(password), gmail=gmail, role=role.value, is_active=is_active
    )
    db.session.add(user)
    db.session.flush()
    return user


def set_password(user: User, password: str) -> None:
    """Give a user another password and end every session opened with the old one (rules.md, "Accounts").

    Raises Invalid under `password` for a weak one.
    """
    if found := weaknesses(password, user.username):
        raise Invalid({"password": found})
    user.password_hash = hash_password(password)
    end_sessions_of(user)


def create_site_owner(*, username: str, password: str, gmail: str) -> User:
    """Add somebody who runs the whole site; only the command line can."""
    user = create_user(username=username, password=password, gmail=gmail, role=Role.SITE_OWNER, is_active=True)
    audit.record(None, "siteowner.created", user)
    return user
