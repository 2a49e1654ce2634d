"""Short-lived signed tokens for links: what they allow, and until when, cannot be changed by their holder."""

from datetime import UTC, datetime
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from edutrack.core import clock

#: Under which a token carries the end of its time.
_EXPIRY = "until"


def sign(payload: dict[str, Any], purpose: str, expires_at: datetime) -> str:
    """Return a token that carries `payload` for one purpose until `expires_at`."""
    return _serializer(purpose).dumps({**payload, _EXPIRY: int(expires_at.timestamp())})


def read_signed(token: str, purpose: str) -> dict[str, Any] | None:
    """Return the payload of a token, with the end of its time as `until`.

    None where it was not signed here for this purpose, or its time is over.
    """
    try:
        payload: dict[str, Any] = _serializer(purpose).loads(token)
    except (BadSignature, UnicodeEncodeError):
        return None
    until = datetime.fromtimestamp(payload[_EXPIRY], UTC)
    return None if until <= clock.now() else payload | {_EXPIRY: until}


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=purpose)
