"""Tokens in cookies or as bearer, and the guards that every route under /api/ declares.

Guards answer in one order: 401 nobody signed in, 403 foreign origin, 403 role, 403 blocked account. Whatever the
path names comes after them (`blueprint.path_object`), then the body.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, TypeVar

from flask import Flask, Response, current_app, g, request
from flask_jwt_extended import get_current_user, get_jwt_request_location, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError

from edutrack.core.caller import Caller, Role
from edutrack.core.errors import Forbidden, NotSignedIn
from edutrack.core.extensions import jwt
from edutrack.core.origins import require_trusted_origin

ACCESS_LIFETIME = timedelta(minutes=30)
REFRESH_LIFETIME = timedelta(days=7)
ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
REFRESH_PATH = "/api/accounts"

INACTIVE = "Your account is inactive. Please contact an administrator."
NOT_VERIFIED = "Your account is not verified yet."

#: Which students a route takes: only verified and active ones, those still waiting for it too, or all of them.
Students = Literal["verified", "waiting", "any"]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Guard:
    """What a route demands of its caller. No roles: it is public and ignores credentials."""

    roles: frozenset[Role]
    students: Students = "verified"
    #: Whether a blocked account gets through as well (logging out).
    blocked: bool = False
    #: Which tokens it takes.
    accepts: Literal["access", "refresh", "either"] = "access"

    @property
    def public(self) -> bool:
        """Whether anybody may call."""
        return not self.roles


ANYBODY = frozenset(Role)


def guard(*roles: Role, students: Students = "verified") -> Callable[[View], View]:
    """Let only callers with one of `roles` (default: everyone signed in) through to the view."""
    declared = Guard(frozenset(roles) or ANYBODY, students)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            authorise(signed_in(), declared)
            return view(*args, **kwargs)

        guarded.guard = declared  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def public(view: View) -> View:
    """Declare a view open to anybody; credentials that come along are ignored, stale ones too."""
    view.guard = Guard(frozenset())  # type: ignore[attr-defined]
    return view


def either_token(view: View) -> View:
    """Declare a view that takes an access or a refresh token, also from a blocked account."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            signed_in()
        except NotSignedIn:
            # Each cookie holds one kind of token: where the access token is gone, the other one is looked for.
            signed_in(refresh=True)
        return view(*args, **kwargs)

    guarded.guard = Guard(ANYBODY, "any", blocked=True, accepts="either")  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def refresh_token(view: View) -> View:
    """Declare a view that takes the refresh cookie, and no other token."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            asking = signed_in(refresh=True, locations=["cookies"])
        except NotSignedIn:
            raise NotSignedIn("Invalid or expired refresh token", key="error") from None
        authorise(asking, declared)
        return view(*args, **kwargs)

    declared = Guard(ANYBODY, "any", accepts="refresh")
    guarded.guard = declared  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def signed_in(*, refresh: bool = False, locations: list[str] | None = None) -> Caller:
    """Return the caller that the request's access (or refresh) token names; raise NotSignedIn where it names none.

    A cookie that arrives with an unsafe method counts only from a trusted origin.
    """
    try:
        verify_jwt_in_request(refresh=refresh, locations=locations)
    except (JWTExtendedException, PyJWTError, ValueError, KeyError, TypeError):
        raise NotSignedIn() from None
    if get_jwt_request_location() == "cookies":
        require_trusted_origin()
    found: Caller = get_current_user()
    g.caller = found
    return found


def caller() -> Caller:
    """Return who is asking; only inside a guarded view."""
    found: Caller = g.caller
    return found


def authorise(asking: Caller, declared: Guard) -> None:
    """Raise Forbidden where the caller's role or account does not pass (rules.md, "Blocked accounts")."""
    if asking.role not in declared.roles:
        raise Forbidden()
    if asking.role is not Role.STUDENT:
        if not (asking.is_active and asking.teacher_is_active):
            raise Forbidden(INACTIVE)
        return
    waiting = asking.status in ("pending", "declined")
    if asking.can_access_course or declared.students == "any" or (waiting and declared.students == "waiting"):
        return
    raise Forbidden(NOT_VERIFIED if waiting else INACTIVE)


def still_admits(declared: Guard, user_id: int, session_id: int | None) -> bool:
    """Return whether a session that was let in before would be let in now: it is alive, and its account in order."""
    asking = jwt.caller_of(user_id, session_id) if session_id is not None else None
    if asking is None:
        return False
    try:
        authorise(asking, declared)
    except Forbidden:
        return False
    return True


def init_tokens(app: Flask) -> None:
    """Configure the token library: where tokens are looked for, how long they live, whose they must be."""
    app.config.update(
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        JWT_ALGORITHM="HS256",
        JWT_ACCESS_TOKEN_EXPIRES=ACCESS_LIFETIME,
        JWT_REFRESH_TOKEN_EXPIRES=REFRESH_LIFETIME,
        JWT_ACCESS_COOKIE_NAME=ACCESS_COOKIE,
        JWT_REFRESH_COOKIE_NAME=REFRESH_COOKIE,
        # Cookie requests are checked by their origin instead (origins.py).
        JWT_COOKIE_CSRF_PROTECT=False,
        JWT_ENCODE_ISSUER="edutrack",
        JWT_DECODE_ISSUER="edutrack",
        JWT_ENCODE_AUDIENCE="edutrack-api",
        JWT_DECODE_AUDIENCE="edutrack-api",
    )
    jwt.init_app(app)


def set_token_cookies(response: Response, access: str, refresh: str) -> None:
    """Set both tokens as HTTP-only cookies."""
    _set_cookie(response, ACCESS_COOKIE, access, "/", ACCESS_LIFETIME)
    _set_cookie(response, REFRESH_COOKIE, refresh, REFRESH_PATH, REFRESH_LIFETIME)


def clear_token_cookies(response: Response) -> None:
    """Take both cookies back."""
    _set_cookie(response, ACCESS_COOKIE, "", "/", timedelta(0))
    _set_cookie(response, REFRESH_COOKIE, "", REFRESH_PATH, timedelta(0))


def _set_cookie(response: Response, name: str, value: str, path: str, lifetime: timedelta) -> None:
    config = current_app.config
    secure = request.is_secure if config["COOKIE_SECURE"] is None else config["COOKIE_SECURE"]
    response.set_cookie(
        name,
        value,
        max_age=lifetime,
        path=path,
        domain=config["COOKIE_DOMAIN"] or None,
        secure=secure,
        httponly=True,
        samesite=config["COOKIE_SAMESITE"],
    )
