"""Requests that no schema describes: bytes that are no text, numbers that are none, bodies that never end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

_JSON = {"Content-Type": "application/json"}
#: Values of a field, as they stand in the JSON.
_FIELD_VALUES = (
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    str(2**63),
    str(2**63 - 1),
    str(-(2**63) - 1),
    str(2**64),
    "9" * 5000,
    "0.1e-400",
    '"' + "9" * 5000 + '"',
    '"1e400"',
    '"NaN"',
    '"' + "ا" * 70000 + '"',
    '"\u202e\ufeff"',
    '"0001-01-01T00:00:00+23:59"',
    '"9999-12-31T23:59:59-23:59"',
    '"0000-00-00"',
    "null",
    "true",
    "[]",
    "{}",
    "[" * 200 + "]" * 200,
    '[{"a": [null]}]',
    "[null]",
    "-1",
    "0",
    '""',
    '" "',
)
#: Whole bodies.
_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"NaN",
    b"{",
    b"\xff\xfe",
    b'{"a": "\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"{}" + b" " * 100_000,
    b'{"a": 1, "a": 2}',
    b'{"\\u0000": 1, "__proto__": {}, "": null}',
)
_QUERY_VALUES = (
    "%00",
    "a%00b",
    "%ed%a0%80",
    "%ff",
    "1e400",
    "NaN",
    "-1",
    "0",
    "x",
    str(2**63),
    str(2**63 - 1),
    "9" * 5000,
    "%D9%A3",
    "%20",
    "",
    "true",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "'%20OR%201=1--",
    "%25_%5C",
    "a" * 6000,
)
_PATH_VALUES = (
    "0",
    "-1",
    str(2**63),
    str(2**63 - 1),
    "9" * 400,
    "NaN",
    "%00",
    "%ed%a0%80",
    "1e3",
    "%D9%A3",
    "..%2f",
    "01",
)
_TYPES = (
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "",
)


@dataclass(frozen=True)
class Raw:
    """A request as it goes over the wire."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]} {self.headers} {self.content[:200]!r}"


def extreme_requests(
    method: str,
    template: str,
    path: str,
    parameters: list[str],
    body: Any,
    fields: list[str],
    most: int,
    random: Random,
) -> Iterator[Raw]:
    """Yield at most `most` requests of an operation, of each kind that it can have.

    `path` is one that leads somewhere, `body` one that is accepted (None where there is none), `fields` what else a
    body may hold, `parameters` the query's.
    """
    kinds = [_of_query(method, path, [*parameters, "page", "page_size", "all"], random)]
    if "{" in template:
        kinds.append(_of_path(method, template, random))
    if method in ("POST", "PATCH", "PUT"):
        kinds += [_of_bodies(method, path, random)]
        if fields:
            kinds += [_of_fields(method, path, body or {}, fields, random)] * 3
    for number in range(most):
        yield next(kinds[number % len(kinds)])


def _of_query(method: str, path: str, names: list[str], random: Random) -> Iterator[Raw]:
    while True:
        asked = [f"{random.choice(names)}={random.choice(_QUERY_VALUES)}" for _ in range(random.choice((1, 1, 2)))]
        yield Raw(method, f"{path}?{'&'.join(asked)}")


def _of_path(method: str, template: str, random: Random) -> Iterator[Raw]:
    while True:
        before, _, rest = template.partition("{")
        yield Raw(method, f"{before}{random.choice(_PATH_VALUES)}{rest.partition('}')[2]}")


def _of_bodies(method: str, path: str, random: Random) -> Iterator[Raw]:
    while True:
        headers = _JSON if random.random() < 0.8 else {"Content-Type": random.choice(_TYPES)}
        yield Raw(method, path, headers, random.choice(_BODIES))


def _of_fields(method: str, path: str, body: dict[str, Any], fields: list[str], random: Random) -> Iterator[Raw]:
    while True:
        name = random.choice(fields)
        kept = {key: value for key, value in body.items() if key != name and not isinstance(value, bytes)}
        members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in kept.items()]
        members += [f"{json.dumps(name)}: {random.choice(_FIELD_VALUES)}" for _ in range(random.choice((1, 1, 1, 2)))]
        yield Raw(method, path, _JSON, ("{" + ", ".join(members) + "}").encode("utf-8", "surrogatepass"))


def quoted(path: str, values: dict[str, Any]) -> str:
    """Return a path with its parameters filled in."""
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path
