"""Signing in and out, and who is signed in."""

from typing import Any

from flask import Response, current_app
from flask_jwt_extended import create_access_token, create_refresh_token, get_jwt

from edutrack.accounts import queries, service
from edutrack.accounts.schemas import CredentialsSchema, MeSchema, SignedInSchema
from edutrack.accounts.views.room import blueprint
from edutrack.core.auth import (
    caller,
    clear_token_cookies,
    either_token,
    guard,
    public,
    refresh_token,
    set_token_cookies,
)
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, NotSignedIn, Rejected, Throttled
from edutrack.core.extensions import jwt, limiter
from edutrack.core.json import json_response
from edutrack.core.limits import failed
from edutrack.core.origins import FOREIGN, refuse_foreign_page
from edutrack.core.proxies import client_address
from edutrack.core.schemas import MessageSchema

_signed_in_schema = SignedInSchema()


@jwt.user_lookup_loader
def _find_caller(_header: dict[str, Any], claims: dict[str, Any]) -> Caller | None:
    return queries.caller_of_session(int(claims["sub"]), int(claims["sid"]))


@blueprint.post("/accounts/login/")
@public
@limiter.limit(lambda: f"{current_app.config['LOGIN_FAILURES_PER_ADDRESS']}/hour", deduct_when=failed)
@blueprint.body(CredentialsSchema)
@blueprint.response(200, SignedInSchema)
@blueprint.refusals(
    Rejected("Username and password are required", key="error"),
    NotSignedIn("No active account found with the given credentials", key="error"),
    NotSignedIn("Your account is inactive. Please contact an administrator.", key="error"),
    NotSignedIn("Your assigned teacher's account is inactive. Please contact an administrator.", key="error"),
    Forbidden(FOREIGN),
    Throttled(60),
)
def log_in(credentials: dict[str, Any]) -> Response:
    """Sign in: sets the access and refresh cookies."""
    refuse_foreign_page()
    username, password = credentials["username"], credentials["password"]
    if not (isinstance(username, str) and username.strip() and isinstance(password, str) and password):
        raise Rejected("Username and password are required", key="error")
    return _answer_with_tokens(
        service.log_in(
            username.strip().replace("\0", ""),
            password,
            client_address(),
            most_failures=current_app.config["LOGIN_FAILURES_PER_ACCOUNT"],
        )
    )


@blueprint.post("/accounts/token/refresh/")
@refresh_token
@blueprint.response(200, SignedInSchema)
def refresh() -> Response:
    """Exchange the refresh token for a new pair; it cannot be used again."""
    return _answer_with_tokens(service.rotate_session(caller(), get_jwt()["jti"]))


@blueprint.post("/accounts/logout/")
@either_token
@blueprint.response(200, MessageSchema)
def log_out() -> Response:
    """End the session and clear both cookies."""
    service.end_session(caller().session_id)
    response = json_response({"message": "Successfully logged out"})
    clear_token_cookies(response)
    return response


@blueprint.get("/accounts/me/")
@guard(students="any")
@blueprint.response(200, MeSchema)
def show_me() -> Caller:
    """Show who is signed in."""
    return caller()


def _answer_with_tokens(signed_in: service.SignedIn) -> Response:
    response = json_response(_signed_in_schema.dump(signed_in.caller))
    identity, claims = str(signed_in.caller.user_id), {"sid": signed_in.session_id}
    set_token_cookies(
        response,
        access=create_access_token(identity, additional_claims=claims),
        refresh=create_refresh_token(identity, additional_claims=claims | {"jti": signed_in.refresh_jti}),
    )
    return response
