"""How a documented body is written down, and where a real one differs.

A kind is a function that says of a value whether it is of that kind, a dict of exactly the keys that a body has, or a
list with the kind of each item.
"""

import re
from dataclasses import dataclass


def integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def real(value):
    return isinstance(value, float)


def string(value):
    return isinstance(value, str) and value != ""


def boolean(value):
    return isinstance(value, bool)


def decimal(value):
    return isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{2}", value) is not None


def moment(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", value) is not None


def day(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None


def url(value):
    return isinstance(value, str) and value.startswith("http://")


def text(value):
    """A string that may be empty."""
    return isinstance(value, str)


def anything(value):
    return isinstance(value, dict)


@dataclass(frozen=True)
class Nullable:
    kind: object


def word(*words):
    return lambda value: value in words


def page(item):
    return {"count": integer, "next": Nullable(url), "previous": Nullable(url), "results": [item]}


def faults(value, kind, path="$"):
    """Return where `value` is not what `kind` says; an empty list says nothing of its items, so it is a fault."""
    if isinstance(kind, Nullable):
        return [] if value is None else faults(value, kind.kind, path)
    if isinstance(kind, dict):
        if not isinstance(value, dict) or set(value) != set(kind):
            return [f"{path}: {sorted(set(value) ^ set(kind)) if isinstance(value, dict) else value}"]
        return [fault for key in kind for fault in faults(value[key], kind[key], f"{path}.{key}")]
    if isinstance(kind, list):
        if not isinstance(value, list) or not value:
            return [f"{path}: {value!r} is no filled list"]
        return [fault for number, item in enumerate(value) for fault in faults(item, kind[0], f"{path}[{number}]")]
    return [] if kind(value) else [f"{path}: {value!r}"]


def nullables(value, kind, name=""):
    """Yield the name of each documented nullable place of a body with whether it is null there."""
    if isinstance(kind, Nullable):
        yield name, value is None
        if value is not None:
            yield from nullables(value, kind.kind, name)
    elif isinstance(kind, dict):
        for key in kind:
            yield from nullables(value[key], kind[key], key)
    elif isinstance(kind, list):
        for item in value:
            yield from nullables(item, kind[0], name)


NAMED = {"id": integer, "name": string}
STATUS = word("verified", "pending", "declined", "suspended_temporary", "suspended_permanent")
GENDER = word("male", "female")
