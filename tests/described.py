"""Holds every response that a test receives from /api/ against the OpenAPI document."""

import json
from typing import Any

from flask import Flask
from jsonschema_rs import Draft202012Validator
from werkzeug.exceptions import MethodNotAllowed, NotFound

from edutrack.core.openapi import describe
from edutrack.core.openapi.route import PREFIX, path_of

_DETAIL = {"$ref": "#/components/schemas/Detail"}
#: The document itself, and the page that shows it.
_NOT_DESCRIBED = ("openapi",)
_documents: dict[frozenset[str], dict[str, Any]] = {}
_validators: dict[tuple[frozenset[str], str], Draft202012Validator] = {}


class Undescribed(AssertionError):
    """A response that the OpenAPI document does not allow for."""


def hold_against_description(app: Flask, method: str, path: str, response: Any) -> None:
    """Raise Undescribed where the document knows no such route, status, content type or body."""
    path = path.partition("?")[0]
    if not path.startswith(PREFIX) or method in ("OPTIONS", "HEAD"):
        return
    try:
        rule, _ = app.url_map.bind("localhost").match(path, method, return_rule=True)
    except (NotFound, MethodNotAllowed):
        # Middleware may have answered before the route was looked for.
        if response.status_code in (404, 405):
            _hold_body(app, ("unknown path", method, response.status_code), _DETAIL, response)
        return
    view = app.view_functions[rule.endpoint]
    if rule.endpoint.split(".")[0] in _NOT_DESCRIBED or view.__module__.startswith("tests"):
        return
    place = (rule.rule, method, response.status_code)
    operation = _document(app)["paths"].get(path_of(rule), {}).get(method.lower())
    if operation is None:
        raise Undescribed(f"{place}: no such operation")
    answer = operation["responses"].get(str(response.status_code))
    if answer is None:
        raise Undescribed(f"{place}: the status is not described; the body was {_start(response)}")
    content = answer.get("content", {})
    missing = [name for name, header in answer.get("headers", {}).items() if header.get("required")]
    if absent := [name for name in missing if name not in response.headers]:
        raise Undescribed(f"{place}: without the headers {absent}")
    if "application/json" in content:
        _hold_body(app, place, content["application/json"]["schema"], response)
    elif not content and response.status_code == 204 and response.data:
        raise Undescribed(f"{place}: a body where none is described")
    elif content and not _is_described(response.mimetype, content):
        raise Undescribed(f"{place}: {response.mimetype} is not described")


def _hold_body(app: Flask, place: tuple[str, str, int], schema: dict[str, Any], response: Any) -> None:
    if response.mimetype != "application/json":
        raise Undescribed(f"{place}: {response.mimetype} instead of JSON")
    streamed = response.is_streamed
    error = next(_validator(app, schema).iter_errors(response.json), None)
    if streamed:
        # The test may want to know that it was.
        response.response = iter([response.data])
    if error is not None:
        raise Undescribed(f"{place}: {error.message} at {list(error.instance_path)}; the body was {_start(response)}")


def _start(response: Any) -> str:
    return str(response.get_data(as_text=True)[:500])


def _is_described(mimetype: str, content: dict[str, Any]) -> bool:
    return any(mimetype == name or mimetype.startswith(name.removesuffix("*")) for name in content)


def _document(app: Flask) -> dict[str, Any]:
    """Return the document of an application: the same for all that have the same routes, so that no app is kept."""
    routes = frozenset(app.view_functions)
    if routes not in _documents:
        with app.app_context():
            _documents[routes] = describe()
    return _documents[routes]


def _validator(app: Flask, schema: dict[str, Any]) -> Draft202012Validator:
    key = (frozenset(app.view_functions), json.dumps(schema))
    if key not in _validators:
        _validators[key] = Draft202012Validator({**schema, "components": _document(app)["components"]})
    return _validators[key]
