"""Replacing passwords: with the old one, with a mailed link, or for somebody else (rules.md, "Passwords")."""

from typing import Any

from sqlalchemy import func, update

from edutrack.accounts.models import User
from edutrack.accounts.passwords import MAX_LENGTH, MIN_LENGTH, hash_password, verify_password, weaknesses
from edutrack.accounts.service.links import PASSWORD_RESET, redeem_link
from edutrack.accounts.service.mails import tell_reset_link
from edutrack.accounts.service.sessions import count_guess, refuse_guesses
from edutrack.accounts.service.users import set_password, shut_out
from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import DomainError, Rejected
from edutrack.core.extensions import db


def change_password(
    caller: Caller,
    *,
    old_password: Any,
    new_password: Any,
    new_password_confirm: Any,
    address: str,
    most_failures: int,
) -> None:
    """Replace the caller's password and end all of the caller's sessions (rules.md, "Passwords").

    Raises Rejected for what is missing, does not match, is weak or wrong, in this order. A wrong old password counts as
    a failed login from `address`; after `most_failures` of them raises Throttled, before anything is compared.
    """
    password = _agreed(new_password, new_password_confirm, old_password)
    _refuse_weak(password, caller.username)
    refuse_guesses(caller.username, address, most_failures)
    user = db.session.get_one(User, caller.user_id, populate_existing=True)
    known_hash = user.password_hash
    if not verify_password(old_password, known_hash):
        count_guess(caller.username, address)
        raise _wrong_password()
    replaced = db.session.scalar(
        update(User)
        .where(User.id == user.id, User.password_hash == known_hash)
        .values(password_hash=hash_password(password))
        .returning(User.id)
    )
    # Another request has replaced it in the meantime: what was the old password is none any more.
    if replaced is None:
        raise _wrong_password()
    shut_out(user.id)
    audit.record(caller, "user.password.changed", user)


def request_password_reset(gmail: str) -> None:
    """Have the link to a new password mailed to whoever has this address.

    Whether anybody has it is found out when the mail leaves, so that the request does the same work in either case.
    """
    tell_reset_link(gmail)


def reset_password(*, token: Any, new_password: Any, new_password_confirm: Any) -> None:
    """Replace the password of the user to whom the token was mailed, and end all of the user's sessions.

    Raises Rejected for the new password as `change_password` does, then for a token that is not, or no longer, good.
    Whoever has the link has the address: it is verified with that.
    """
    password = _agreed(new_password, new_password_confirm)
    user = db.session.get_one(User, redeem_link(token, PASSWORD_RESET), populate_existing=True)
    _refuse_weak(password, user.username)
    db.session.execute(
        update(User)
        .where(User.id == user.id)
        .values(
            password_hash=hash_password(password), email_verified_at=func.coalesce(User.email_verified_at, clock.now())
        )
    )
    shut_out(user.id)
    audit.record(None, "user.password.reset", user, by="mail")


def reset_password_of(caller: Caller, user: User, password: str) -> None:
    """Give a locked user another password and end all of the user's sessions.

    Raises Invalid under `new_password` for a weak one.
    """
    set_password(user, password, field="new_password")
    audit.record(caller, "user.password.reset", user, by="staff")


def mail_reset_link(caller: Caller, user: User) -> None:
    """Have a user mailed the link by which they choose another password themselves (rules.md, "Passwords").

    Until it is used everything stays as it is. Five such mails an hour leave for an address, whoever asks for them.
    """
    request_password_reset(user.gmail)
    audit.record(caller, "user.password.link.mailed", user)
    db.session.flush()


def _agreed(password: Any, confirmation: Any, *others: Any) -> str:
    """Return the new password of a form of passwords; raise Rejected where one is missing or both differ."""
    if not all(isinstance(typed, str) and typed for typed in (password, confirmation, *others)):
        raise Rejected("All password fields are required", key="error")
    if password != confirmation:
        raise Rejected("New passwords do not match", key="error")
    if len(password) < MIN_LENGTH:
        raise Rejected(f"Password must be at least {MIN_LENGTH} characters", key="error")
    if len(password) > MAX_LENGTH:
        raise Rejected(f"Password must be at most {MAX_LENGTH} characters", key="error")
    _refuse_weak(password, "")
    return str(password)


def _refuse_weak(password: str, username: str) -> None:
    if found := weaknesses(password, username):
        raise Rejected(found[0], key="error")


def _wrong_password() -> DomainError:
    return Rejected("Current password is incorrect", key="error")
