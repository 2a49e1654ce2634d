"""The OpenAPI document: what apispec reads from the schemas, completed by what the routes themselves declare."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from threading import Lock
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import Flask, current_app
from flask_smorest import Api

from edutrack.core.auth import ACCESS_COOKIE, REFRESH_COOKIE, Guard
from edutrack.core.openapi.fields import PRINTED_DECIMAL, describe_field
from edutrack.core.openapi.refusals import SCHEMAS, described_refusals
from edutrack.core.openapi.route import PAGE_NAMES, Route, body_schema, described_rules, route_of

Document = dict[str, Any]
_lock = Lock()

_INTRODUCTION = """The JSON API of EduTrack, an online-tutoring business in Egypt.

Sign in with `POST /api/accounts/login/`: it sets two HTTP-only cookies, and every other request on this page then
carries them. Requests with cookies that change something are taken from trusted origins alone. Programs without cookies
send the access token as `Authorization: Bearer`.

Money and other decimals are strings with two places, moments are ISO 8601 in UTC ending in `Z`. Paths end in a slash.
"""
_SECURITY_SCHEMES = {
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": ACCESS_COOKIE,
        "description": "Set by signing in; 30 minutes.",
    },
    "refresh_cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": REFRESH_COOKIE,
        "description": "Set by signing in; 7 days, good for one refresh, sent to /api/accounts alone.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token."},
}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "access": [{"cookie": []}, {"bearer": []}],
    "refresh": [{"refresh_cookie": []}],
    "either": [{"cookie": []}, {"bearer": []}, {"refresh_cookie": []}],
}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Makes sending the request again safe: for 24 hours the same key and body answer the first response "
    "again.",
    "schema": {"type": "string", "maxLength": 255},
}
_REPLAYED = {
    "description": "`true` where this is the answer to an earlier request with the same Idempotency-Key.",
    "schema": {"type": "string", "const": "true"},
}
_ACCEPT_LANGUAGE = {
    "in": "header",
    "name": "Accept-Language",
    "description": "Language of the texts: `ar` or `en`.",
    "schema": {"type": "string", "default": "en"},
}


class DescribedApi(Api):
    """flask-smorest's reading of schemas and routes; errors are rendered by `core.rendering` alone."""

    def __init__(self, app: Flask) -> None:
        self.when_described: list[Callable[[], None]] = []
        plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
        super().__init__(app, spec_kwargs={"marshmallow_plugin": plugin})
        converter: Any = plugin.converter
        converter.add_attribute_function(describe_field)
        self.schema_names: dict[Any, str] = converter.refs
        app.extensions["description"] = self

    def _register_error_handlers(self) -> None:
        """Leave Flask's error handlers to `core.rendering`."""


def _name_of(schema: Any) -> str:
    """Return what the document calls a schema; where every field is optional it is another one."""
    instance = resolve_schema_instance(schema)
    name = type(instance).__name__.removesuffix("Schema")
    return f"Patched{name}" if instance.partial else name


def describe() -> Document:
    """Return the OpenAPI document of the current application; made once for each."""
    # Several threads may ask first at the same moment.
    with _lock:
        return _describe(current_app._get_current_object())  # type: ignore[attr-defined]


@cache
def _describe(app: Flask) -> Document:
    api: DescribedApi = app.extensions["description"]
    for describe_views in api.when_described:
        describe_views()
    document: Document = deepcopy(api.spec.to_dict())
    document["info"]["description"] = _INTRODUCTION
    document["servers"] = [{"url": "/"}]
    schemas = _schemas(api, document)
    for path, rule, method in described_rules(app, {tag["name"] for tag in document["tags"]}):
        operation = document["paths"][path][method.lower()]
        _order_parameters(operation)
        _complete(operation, route_of(app, rule, method, operation, schemas), schemas)
    document["paths"] = dict(sorted(document["paths"].items()))
    for item in document["paths"].values():
        _describe_path(item)
    _tell_apart(document)
    document["components"] = {
        "schemas": dict(sorted((schemas | SCHEMAS).items())),
        "securitySchemes": _SECURITY_SCHEMES,
    }
    return document


def _schemas(api: DescribedApi, document: Document) -> dict[str, Any]:
    schemas: dict[str, Any] = document["components"]["schemas"]
    # The library's own; nothing that is answered here looks like them.
    del schemas["Error"], schemas["PaginationMetadata"]
    for (schema_class, *_), name in api.schema_names.items():
        if name not in schemas:
            continue
        if schema_class.__doc__:
            schemas[name].setdefault("description", schema_class.__doc__.partition("\n")[0])
        if example := getattr(vars(schema_class).get("Meta"), "example", None):
            schemas[name]["examples"] = [example]
    return schemas


def _order_parameters(operation: dict[str, Any]) -> None:
    """Put what narrows a list before what pages it."""
    parameters = sorted(operation.get("parameters", []), key=lambda parameter: parameter["name"] in PAGE_NAMES)
    for parameter in parameters:
        _forget_null(parameter["schema"])
    operation["parameters"] = parameters


def _complete(operation: dict[str, Any], route: Route, schemas: dict[str, Any]) -> None:
    """Add to apispec's `operation` what only the route knows."""
    operation["operationId"] = route.name
    operation["security"] = _security(route.guard)
    parameters = operation["parameters"]
    if route.idempotent:
        parameters.append(_IDEMPOTENCY_KEY)
    if route.localised:
        parameters.append(_ACCEPT_LANGUAGE)
    if not parameters:
        del operation["parameters"]
    if route.takes_body:
        operation["requestBody"] = _request_body(operation["requestBody"], route, schemas)
    # apispec's own words for errors make place for what really is answered.
    answers = {status: answer for status, answer in operation["responses"].items() if status not in ("400", "default")}
    for answer in answers.values():
        if route.idempotent:
            answer.setdefault("headers", {})["Idempotency-Replayed"] = _REPLAYED
        if route.paginated:
            _offer_the_whole(answer, schemas)
    operation["responses"] = dict(sorted({**answers, **described_refusals(route)}.items()))


def _forget_null(schema: dict[str, Any]) -> None:
    """Take null out of a query parameter: a filter that is not applied is left out."""
    if isinstance(schema["type"], list):
        (schema["type"],) = (name for name in schema["type"] if name != "null")
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]


def _security(guard: Guard) -> list[dict[str, list[str]]]:
    return [] if guard.public else _SECURITY[guard.accepts]


def _request_body(body: dict[str, Any], route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    name = body_schema(body)
    files = [key for key, value in schemas[name]["properties"].items() if value.get("format") == "binary"]
    required = schemas[name].get("required", [])
    content = {}
    if not set(files) & set(required):
        content["application/json"] = {"schema": _reference(_without_files(name, files, schemas))}
    if files or route.forms:
        content["multipart/form-data"] = {"schema": _reference(name)}
    return {"required": bool(required), "content": content}


def _without_files(name: str, files: list[str], schemas: dict[str, Any]) -> str:
    """Return the name of the schema of the same body as JSON: a file can at most be taken away there."""
    if not files:
        return name
    schema = schemas[name]
    kept = {key: value for key, value in schema["properties"].items() if key not in files}
    cleared = {
        key: {"type": "null", "description": "Null takes the file away; a new one is sent as multipart/form-data."}
        for key in files
        if "null" in schema["properties"][key]["type"]
    }
    schemas[f"{name}Json"] = {**schema, "properties": kept | cleared}
    return f"{name}Json"


def _offer_the_whole(answer: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Describe both answers of a list: a page, and with `?all=true` the whole."""
    content = answer["content"]["application/json"]
    page: str = content["schema"]["$ref"].rpartition("/")[2]
    row = page.removesuffix("Page")
    schemas[page]["description"] = f"One page of {row} objects."
    properties = {name: schemas[page]["properties"][name] for name in ("count", "results")}
    schemas[f"{row}List"] = {
        "type": "object",
        "description": f"All {row} objects, as `?all=true` answers them.",
        "properties": properties,
        "required": ["count", "results"],
    }
    content["schema"] = {"oneOf": [_reference(page), _reference(f"{row}List")]}


def _describe_path(item: dict[str, Any]) -> None:
    """Say of the ids in a path what they may be."""
    for operation in [item, *item.values()]:
        for parameter in operation.get("parameters", ()) if isinstance(operation, dict) else ():
            if parameter["in"] == "path":
                parameter["schema"] = {"type": "integer", "format": "int64", "minimum": 1}


def _tell_apart(document: Document) -> None:
    """Make what comes in lenient and what goes out exact, as they are.

    Bodies that come in may hold decimals as numbers too, and fields that nobody knows; those that go out have exactly
    their keys, two places behind the point, and moments in UTC.
    """
    schemas = document["components"]["schemas"]
    operations = [
        operation for item in document["paths"].values() for operation in item.values() if "responses" in operation
    ]
    taken = _reachable([operation.get("requestBody") for operation in operations], schemas)
    answered = _reachable([operation["responses"] for operation in operations], schemas)
    if shared := taken & answered:
        raise ValueError(f"Schemas that are both taken and answered: {sorted(shared)}")
    for name in sorted(taken):
        for value in _properties(schemas[name]):
            if value.get("format") == "decimal":
                value["type"] = ["string", "number", *(["null"] if "null" in value["type"] else [])]
    for name in sorted(answered - SCHEMAS.keys()):
        schemas[name]["additionalProperties"] = False
        for value in _properties(schemas[name]):
            if value.get("format") == "decimal":
                value["pattern"] = PRINTED_DECIMAL
            if value.get("format") == "date-time":
                value["pattern"] = "Z$"


def _properties(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from schema.get("properties", {}).values()


def _reachable(start: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of the schemas that `start` refers to, directly or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and (name := reference.rpartition("/")[2]) not in found:
                found.add(name)
                waiting.append(schemas.get(name))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
