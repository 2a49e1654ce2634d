"""Verifying e-mail addresses."""

from typing import Any

from flask import current_app

from edutrack.accounts import service
from edutrack.accounts.schemas import MailedTokenSchema
from edutrack.accounts.views.room import blueprint
from edutrack.core.auth import caller, guard, public
from edutrack.core.errors import Rejected, Throttled
from edutrack.core.extensions import limiter
from edutrack.core.schemas import MessageSchema


@blueprint.post("/accounts/email/verify/")
@public
@blueprint.body(MailedTokenSchema)
@blueprint.response(200, MessageSchema)
@blueprint.refusals(Rejected("Invalid or expired token", key="error"))
def verify_address(values: dict[str, Any]) -> dict[str, str]:
    """Verify an e-mail address with the token of the link that was mailed to it."""
    service.verify_address(values["token"])
    return {"message": "Email verified successfully."}


@blueprint.post("/accounts/email/resend/")
@guard(students="any")
@limiter.limit(
    lambda: f"{current_app.config['VERIFICATION_MAILS_PER_USER']}/hour", key_func=lambda: f"user {caller().user_id}"
)
@blueprint.response(200, MessageSchema)
@blueprint.refusals(Throttled(60))
def resend_verification() -> dict[str, str]:
    """Mail another link that verifies the own e-mail address."""
    if service.resend_verification(caller()):
        return {"message": "A verification link has been sent to your email address."}
    return {"message": "Your email address is already verified."}
