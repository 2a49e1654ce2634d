"""Links that are mailed to users: made when the mail leaves, good once (rules.md, "Mail")."""

import hashlib
import secrets
from datetime import timedelta
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import func, select, update

from edutrack.accounts.models import MailToken, User
from edutrack.accounts.queries import same_gmail
from edutrack.core import clock
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.forgetting import forget
from edutrack.core.mail import Mail, define_link

PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password
EMAIL_VERIFICATION = "email_verification"
#: Nobody's mailbox is filled by strangers who keep asking.
MOST_LINKS_AN_HOUR = 5
_LIFETIMES = {PASSWORD_RESET: timedelta(hours=1), EMAIL_VERIFICATION: timedelta(days=3)}
_PAGES = {PASSWORD_RESET: "reset-password", EMAIL_VERIFICATION: "verify-email"}
_HOUR = timedelta(hours=1)

forget(MailToken, lambda at: MailToken.expires_at < at, kept=timedelta(days=1))


def redeem_link(token: Any, purpose: str) -> int:
    """Use up a link's token and return its user's id.

    Raises Rejected, always in the same words, where it is none, is for something else, was used, is too old, or was
    sent to an address that the user no longer has.
    """
    now = clock.now()
    user_id: int | None = None
    if isinstance(token, str):
        user_id = db.session.scalar(
            update(MailToken)
            .where(
                MailToken.token_hash == _hash(token),
                MailToken.purpose == purpose,
                MailToken.used_at.is_(None),
                MailToken.expires_at > now,
                MailToken.user_id == User.id,
                MailToken.address == User.gmail,
            )
            .values(used_at=now)
            .returning(MailToken.user_id),
            execution_options={"synchronize_session": False},
        )
    if user_id is None:
        raise Rejected("Invalid or expired token", key="error")
    return user_id


def use_up_links(user_id: int, purpose: str) -> None:
    """Make every link of that purpose that a user still has useless."""
    db.session.execute(
        update(MailToken)
        .where(MailToken.user_id == user_id, MailToken.purpose == purpose, MailToken.used_at.is_(None))
        .values(used_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _make_link(purpose: str, address: str) -> tuple[str, str] | None:
    """Return the address of the user who has `address`, and a new link; None where there is nothing to send.

    That is so where nobody has the address, where it is verified already, and after five links within an hour.
    """
    now = clock.now()
    sent = (
        select(func.count())
        .where(Mail.link_kind == purpose, Mail.recipient == User.gmail, Mail.sent_at > now - _HOUR)
        .scalar_subquery()
    )
    user = db.session.execute(
        select(User.id, User.gmail, User.email_verified_at, sent.label("sent")).where(same_gmail(address))
    ).one_or_none()
    if user is None or user.sent >= MOST_LINKS_AN_HOUR:
        return None
    if purpose == EMAIL_VERIFICATION and user.email_verified_at is not None:
        return None
    token = secrets.token_urlsafe(32)
    db.session.add(
        MailToken(
            user_id=user.id,
            purpose=purpose,
            token_hash=_hash(token),
            address=user.gmail,
            expires_at=now + _LIFETIMES[purpose],
        )
    )
    return user.gmail, f"{current_app.config['FRONTEND_URL'].rstrip('/')}/{_PAGES[purpose]}?token={token}"


def _hash(token: str) -> bytes:
    # The token has 256 random bits: nothing slower is needed to keep it from being guessed.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


for _purpose in _PAGES:
    define_link(_purpose, partial(_make_link, _purpose))
