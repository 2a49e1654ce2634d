"""The Flask extensions, made here once and bound to an application by `create_app`."""

import time
from collections.abc import Callable
from typing import Any, cast

from flask import current_app
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from edutrack.core.caller import Caller
from edutrack.core.database import Base
from edutrack.core.proxies import client_address

#: Tokens whose signatures are remembered: those of as many people as are likely to be active at a time.
_REMEMBERED_TOKENS = 4096


class RememberingJWTManager(JWTManager):
    """Verifies the signature of a token once; its times, its session and its user are looked at in every request."""

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        super().__init__()
        self._verified: dict[tuple[str, str], dict[str, Any]] = {}

    def _decode_jwt_from_config(
        self, encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
    ) -> dict[str, Any]:
        """Return the claims of a token; raises what the base class does where it is not valid now."""
        key = current_app.config["JWT_SECRET_KEY"], encoded_token
        claims = self._verified.get(key)
        if claims is None or not claims["nbf"] <= time.time() < claims["exp"]:
            claims = super()._decode_jwt_from_config(encoded_token, csrf_value, allow_expired)
            if len(self._verified) >= _REMEMBERED_TOKENS:
                self._verified.clear()
            if not allow_expired and "nbf" in claims and "exp" in claims:
                self._verified[key] = claims
        return dict(claims)

    def caller_of(self, user_id: int, session_id: int) -> Caller | None:
        """Return the caller whose live session this is, as a token that names both would; None where it has ended."""
        find = cast("Callable[..., Caller | None]", self._user_lookup_callback)
        return find({}, {"sub": user_id, "sid": session_id})


class ViewLimiter(Limiter):
    """Counts the requests of the views that are decorated with a limit, and has nothing to ask of any other."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        # Before the view it looks for limits of all requests, which there are none of; the decorated view asks itself.
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
jwt = RememberingJWTManager()
#: Where the shared counts cannot be reached each process counts for itself: never is everybody let through.
limiter = ViewLimiter(key_func=client_address, headers_enabled=False, in_memory_fallback_enabled=True)
