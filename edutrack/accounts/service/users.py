"""Making users. Profiles are made by the service of each role, in the same transaction."""

from edutrack.accounts.models import User
from edutrack.accounts.passwords import hash_password, weaknesses
from edutrack.accounts.service.links import PASSWORD_RESET, use_up_links
from edutrack.accounts.service.mails import tell_address_to_verify
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


def set_password(user: User, password: str, *, field: str = "password") -> None:
    """Give a user another password and end every session opened with the old one (rules.md, "Passwords").

    Raises Invalid under `field` for a weak one.
    """
    if found := weaknesses(password, user.username):
        raise Invalid({field: found})
    user.password_hash = hash_password(password)
    db.session.flush()
    shut_out(user.id)


def shut_out(user_id: int) -> None:
    """End whatever could still be done with a user's former password: all sessions, and the links to replace it.

    Comes after the password's own change, which a login that is under way waits for (rules.md, "Passwords").
    """
    end_sessions_of(user_id)
    use_up_links(user_id, PASSWORD_RESET)


def change_gmail(user: User, gmail: str) -> None:
    """Give a user another e-mail address, which is then to be verified anew (rules.md, "Mail").

    Flushing it raises Invalid under `gmail` where another user has the address.
    """
    if user.gmail == gmail:
        return
    user.gmail = gmail
    user.email_verified_at = None
    tell_address_to_verify(user)


def create_site_owner(*, username: str, password: str, gmail: str) -> User:
    """Add somebody who runs the whole site; only the command line can."""
    user = create_user(username=username, password=password, gmail=gmail, role=Role.SITE_OWNER, is_active=True)
    audit.record(None, "siteowner.created", user)
    return user
