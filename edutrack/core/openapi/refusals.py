"""The refusals of a route: those that its guard, path and body bring with them, and those declared beside the view."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from edutrack.core.auth import ANYBODY, INACTIVE, NOT_VERIFIED, Guard
from edutrack.core.caller import Role
from edutrack.core.errors import (
    DomainError,
    Forbidden,
    Invalid,
    KeyReused,
    NotFound,
    NotSignedIn,
    Rejected,
    TooLarge,
    Unavailable,
    UnsupportedBody,
)
from edutrack.core.openapi.route import Route
from edutrack.core.rendering import body_of, status_of

#: Bodies that errors have, by the name of their schema.
SCHEMAS: dict[str, dict[str, Any]] = {
    "Detail": {
        "type": "object",
        "description": "Why a request was refused.",
        "properties": {"detail": {"type": "string"}},
        "required": ["detail"],
        "additionalProperties": False,
    },
    "Error": {
        "type": "object",
        "description": "Why a request was refused, as some older routes put it.",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
        "additionalProperties": False,
    },
    "FieldErrors": {
        "type": "object",
        "description": "What is wrong, by field; under `non_field_errors` what is wrong with the whole. Nested bodies "
        "nest the same way.",
        "additionalProperties": {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                # One entry for each object of a list, empty where nothing is wrong.
                {"type": "array", "items": {"$ref": "#/components/schemas/FieldErrors"}},
                {"$ref": "#/components/schemas/FieldErrors"},
            ]
        },
        "examples": [{"name": ["This field is required."]}],
    },
}
_TITLES = {
    400: "What was sent cannot be accepted.",
    401: "Nobody is signed in, or not any more.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is not the caller's to see.",
    409: "Something else still needs it.",
    413: "The request body is too large.",
    415: "The request body is of a type that is not read.",
    422: "The Idempotency-Key was already used with another request.",
    429: "Too many attempts.",
    500: "Something failed on the server.",
    503: "The database does not answer.",
}
_CSRF = "CSRF Failed: Origin checking failed - no Origin header."


def described_refusals(route: Route) -> dict[str, Any]:
    """Return the error responses of a route by status, each with its body's schema and one example for each text."""
    bodies: dict[int, dict[str, Any]] = defaultdict(dict)
    kinds: dict[int, set[str]] = defaultdict(set)
    for error in _refusals(route):
        body = body_of(error)
        kind = "FieldErrors" if isinstance(error, Invalid) else error.key.capitalize()
        bodies[status_of(error)][_example_name(body)] = {"value": body}
        kinds[status_of(error)].add(kind)
    bodies[500]["internal_server_error"] = {"value": {"detail": "Internal server error"}}
    kinds[500].add("Detail")
    return {str(status): _response(status, kinds[status], bodies[status]) for status in sorted(bodies)}


def _response(status: int, kinds: Iterable[str], examples: dict[str, Any]) -> dict[str, Any]:
    schemas = [{"$ref": f"#/components/schemas/{kind}"} for kind in sorted(kinds)]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    response: dict[str, Any] = {
        "description": _TITLES[status],
        "content": {"application/json": {"schema": schema, "examples": examples}},
    }
    if status in (429, 503):
        response["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer"}}
        }
    return response


def _refusals(route: Route) -> Iterator[DomainError]:
    yield from _of_guard(route)
    if route.path_names:
        # Also where the view has words of its own: what is no id at all leads nowhere, and no view is asked.
        yield NotFound()
    if route.paginated:
        yield NotFound("Invalid page.")
        yield Invalid({"page_size": ["A valid integer is required."]})
    yield from _of_query(route)
    if route.takes_body:
        yield from _of_body(route)
    if route.idempotent:
        yield Invalid({"Idempotency-Key": ["Ensure this field has no more than 255 characters."]})
        yield KeyReused("This Idempotency-Key was already used with another request.")
    yield from route.declared_refusals
    yield Unavailable()


def _of_guard(route: Route) -> Iterator[DomainError]:
    guard: Guard = route.guard
    if guard.public:
        return
    if guard.accepts == "refresh":
        yield NotSignedIn("Invalid or expired refresh token", key="error")
    else:
        yield NotSignedIn()
    if not route.is_safe:
        yield Forbidden(_CSRF)
    if guard.blocked:
        return
    if guard.roles != ANYBODY:
        yield Forbidden()
    if guard.roles != {Role.STUDENT} or guard.students != "any":
        yield Forbidden(INACTIVE)
    if Role.STUDENT in guard.roles and guard.students == "verified":
        yield Forbidden(NOT_VERIFIED)


def _of_query(route: Route) -> Iterator[DomainError]:
    for name, schema in route.query.items():
        if "enum" in schema:
            yield Invalid({name: ['"x" is not a valid choice.']})
        elif schema["type"] == "integer":
            yield Invalid({name: ["A valid integer is required."]})
        elif schema["type"] == "boolean":
            yield Invalid({name: ["Must be a valid boolean."]})
        elif schema.get("format") == "decimal":
            yield Invalid({name: ["A valid number is required."]})
        elif "maxLength" in schema:
            yield Invalid({name: [f"Ensure this field has no more than {schema['maxLength']} characters."]})


def _of_body(route: Route) -> Iterator[DomainError]:
    yield Rejected("JSON parse error - unexpected character: line 1 column 1 (char 0)")
    yield Invalid({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})
    for name in route.required_names[:1]:
        yield Invalid({name: ["This field is required."]})
    yield TooLarge("The request body is too large.")
    yield UnsupportedBody('Unsupported media type "text/plain" in request.')


def _example_name(body: dict[str, Any]) -> str:
    """Return a name for an example that says what it is: the words of its text, after the field's name where one is."""
    ((name, text),) = list(body.items())[:1]
    words = re.sub(r"[^a-z0-9]+", "_", _first_text(text).lower()).strip("_")[:60].rstrip("_")
    return words if name in ("detail", "error") else f"{name}_{words}"


def _first_text(value: Any) -> str:
    while not isinstance(value, str):
        value = next(iter(value.values() if isinstance(value, dict) else value))
    return value
