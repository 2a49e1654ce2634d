"""What can go wrong in the business, without a word about HTTP. `rendering` turns each kind into its response."""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A rule of the business refuses what was asked; `message` is meant for the caller."""

    #: Name under which the message stands in a response body.
    key = "detail"

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if key:
            self.key = key


class Rejected(DomainError):
    """The request is well formed, but a rule refuses it."""


class NotSignedIn(DomainError):
    """Nobody is signed in, or not any more."""

    def __init__(self, message: str = "Authentication credentials were not provided.", *, key: str | None = None):
        super().__init__(message, key=key)


class Forbidden(DomainError):
    """The caller may not do this."""

    def __init__(self, message: str = "You do not have permission to perform this action.", *, key: str | None = None):
        super().__init__(message, key=key)


class NotFound(DomainError):
    """There is no such thing, or it is not the caller's to see."""

    def __init__(self, message: str = "Not found.", *, key: str | None = None):
        super().__init__(message, key=key)


class InUse(DomainError):
    """Something else still needs what was to be deleted."""


class KeyReused(DomainError):
    """An idempotency key came again with another request."""


class TooLarge(DomainError):
    """The request body is larger than the application takes."""


class UnsupportedBody(DomainError):
    """The request body is of a type that the application does not read."""


class Throttled(DomainError):
    """Too many attempts; `retry_after` is the number of seconds to wait."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = max(1, retry_after)
        super().__init__(f"Request was throttled. Expected available in {self.retry_after} seconds.")


class Unavailable(DomainError):
    """What the application needs does not answer; whether something was done, only the same request again can tell."""

    #: Seconds.
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("Service temporarily unavailable, try again later.")


class Invalid(DomainError):
    """Values that do not pass validation: messages by field name, object-level ones under `non_field_errors`."""

    def __init__(self, messages: Mapping[str, Any]) -> None:
        super().__init__("Invalid input.")
        self.messages = dict(messages)


def invalid_pk(field: str, value: object) -> Invalid:
    """Return the error for a body that names an object which does not exist or is not the caller's to use."""
    return Invalid({field: [no_such_pk(value)]})


def no_such_pk(value: object) -> str:
    """Return the message at a field whose value names no object, or none that is the caller's to use."""
    return f'Invalid pk "{value}" - object does not exist.'
