"""A route as its decorators declare it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from edutrack.core.auth import Guard
from edutrack.core.errors import DomainError
from edutrack.core.pagination import PAGE_PARAMETERS

#: Where every route of the API lives.
PREFIX = "/api/"
#: Parameters of every paginated list.
PAGE_NAMES = frozenset(parameter["name"] for parameter in PAGE_PARAMETERS)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Route:
    """One method of one path, with what the description has to know of it."""

    method: str
    name: str
    guard: Guard
    path_names: tuple[str, ...]
    query: dict[str, dict[str, Any]]
    takes_body: bool
    required_names: tuple[str, ...]
    paginated: bool
    idempotent: bool
    localised: bool
    forms: bool
    declared_refusals: tuple[DomainError, ...]

    @property
    def is_safe(self) -> bool:
        """Whether the method changes nothing, so that cookies count from anywhere."""
        return self.method in _SAFE


def described_rules(app: Flask, tags: set[str]) -> Iterator[tuple[str, Rule, str]]:
    """Yield the path in the document, the rule and the method of every route in the blueprints named `tags`."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and rule.endpoint.split(".")[0] in tags:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield path_of(rule), rule, method


def route_of(app: Flask, rule: Rule, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Route:
    """Return what the decorators of a view, and apispec's `operation`, say of it."""
    view: Any = app.view_functions[rule.endpoint]
    body = operation.get("requestBody")
    return Route(
        method=method,
        name=rule.endpoint.split(".")[-1],
        guard=view.guard,
        path_names=tuple(sorted(rule.arguments)),
        query={item["name"]: item["schema"] for item in operation.get("parameters", ()) if _is_filter(item)},
        takes_body=body is not None,
        required_names=tuple(schemas[body_schema(body)].get("required", ())) if body else (),
        paginated=getattr(view, "paginated", False),
        idempotent=getattr(view, "idempotent", False),
        localised=getattr(view, "localised", False),
        forms=getattr(view, "forms", False),
        declared_refusals=getattr(view, "refusals", ()),
    )


def body_schema(body: dict[str, Any]) -> str:
    """Return the name of the schema of a request body."""
    (content,) = body["content"].values()
    name: str = content["schema"]["$ref"].rpartition("/")[2]
    return name


def _is_filter(parameter: dict[str, Any]) -> bool:
    return parameter["in"] == "query" and parameter["name"] not in PAGE_NAMES


def path_of(rule: Rule) -> str:
    """Return a rule's path as the document writes it."""
    return "".join(f"{{{text}}}" if dynamic else text for dynamic, text in _parts(rule))


def _parts(rule: Rule) -> Iterator[tuple[bool, str]]:
    for dynamic, text in rule._trace:
        yield dynamic, text.lstrip("|")
