"""Changing, resetting and replacing passwords."""

from typing import Any

from flask import Response, current_app

from edutrack.accounts import queries, service
from edutrack.accounts.models import User
from edutrack.accounts.schemas import (
    NewPasswordSchema,
    PasswordChangeSchema,
    PasswordResetRequestSchema,
    PasswordResetSchema,
)
from edutrack.accounts.views.room import blueprint
from edutrack.core.auth import caller, clear_token_cookies, guard, public
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Rejected, Throttled
from edutrack.core.extensions import limiter
from edutrack.core.json import json_response
from edutrack.core.limits import failed
from edutrack.core.proxies import client_address
from edutrack.core.schemas import MessageSchema


def _resets_per_hour() -> str:
    return f"{current_app.config['PASSWORD_RESETS_PER_ADDRESS']}/hour"


@blueprint.post("/accounts/password/change/")
@guard(students="any")
@blueprint.body(PasswordChangeSchema)
@blueprint.response(200, MessageSchema)
@blueprint.refusals(
    Rejected("All password fields are required", key="error"),
    Rejected("New passwords do not match", key="error"),
    Rejected("Password must be at least 8 characters", key="error"),
    Rejected("Current password is incorrect", key="error"),
    Throttled(60),
)
def change_password(passwords: dict[str, Any]) -> Response:
    """Change the own password; ends all of the user's sessions, this one too."""
    most_failures = current_app.config["LOGIN_FAILURES_PER_ACCOUNT"]
    service.change_password(caller(), **passwords, address=client_address(), most_failures=most_failures)
    response = json_response({"message": "Password changed successfully. Please log in again."})
    clear_token_cookies(response)
    return response


@blueprint.post("/accounts/password/reset/")
@public
# Answers are all the same, so every call counts.
@limiter.limit(_resets_per_hour)
@blueprint.body(PasswordResetRequestSchema)
@blueprint.response(200, MessageSchema)
@blueprint.refusals(Throttled(60))
def request_password_reset(values: dict[str, Any]) -> dict[str, str]:
    """Mail a link to a new password, if anybody has the address."""
    service.request_password_reset(values["gmail"])
    return {"message": "If an account has this email address, a link to choose a new password has been sent to it."}


@blueprint.post("/accounts/password/reset/confirm/")
@public
@limiter.limit(_resets_per_hour, deduct_when=failed)
@blueprint.body(PasswordResetSchema)
@blueprint.response(200, MessageSchema)
@blueprint.refusals(
    Rejected("All password fields are required", key="error"),
    Rejected("New passwords do not match", key="error"),
    Rejected("Password must be at least 8 characters", key="error"),
    Rejected("Invalid or expired token", key="error"),
    Throttled(60),
)
def reset_password(values: dict[str, Any]) -> dict[str, str]:
    """Choose a new password with the token of a mailed link; ends all of the user's sessions."""
    service.reset_password(**values)
    return {"message": "Password reset successfully. Please log in."}


@blueprint.post("/accounts/users/<int:user_id>/password/")
@guard(Role.SITE_OWNER, Role.TEACHER)
@path_object("user", queries.lock_user_of)
@blueprint.body(NewPasswordSchema)
@blueprint.response(200, MessageSchema)
def reset_password_of(values: dict[str, Any], user: User) -> dict[str, str]:
    """Replace another user's password; ends all of that user's sessions."""
    service.reset_password_of(caller(), user, values["new_password"])
    return {"message": "Password changed successfully."}
