"""Verifying e-mail addresses (rules.md, "Mail")."""

from typing import Any

from sqlalchemy import update

from edutrack.accounts.models import User
from edutrack.accounts.service.links import EMAIL_VERIFICATION, redeem_link, use_up_links
from edutrack.accounts.service.mails import tell_address_to_verify
from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.extensions import db


def verify_address(token: Any) -> None:
    """Take it that the address to which the token was mailed is its user's; raises Rejected for a bad token."""
    user_id = redeem_link(token, EMAIL_VERIFICATION)
    db.session.execute(update(User).where(User.id == user_id).values(email_verified_at=clock.now()))
    use_up_links(user_id, EMAIL_VERIFICATION)


def resend_verification(caller: Caller) -> bool:
    """Mail the caller another link that verifies the address; return False where it is verified already."""
    user = db.session.get_one(User, caller.user_id, populate_existing=True)
    if user.email_verified_at is not None:
        return False
    tell_address_to_verify(user)
    return True
