"""Lists: pages of `{"count", "next", "previous", "results"}`, the whole of one, ordering and search."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, request
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, func, or_, select

from edutrack.core.arabic import like_pattern, words
from edutrack.core.errors import Invalid, NotFound
from edutrack.core.extensions import db
from edutrack.core.fields import Boolean, Integer
from edutrack.core.json import compact, json_response
from edutrack.core.schemas import Schema
from edutrack.core.spooling import SpooledResponse
from edutrack.core.statements import run
from edutrack.core.urls import absolute_url

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
#: Rows fetched at a time where a list is answered whole.
_ROWS_AT_A_TIME = 500

PAGE_PARAMETERS = [
    {"in": "query", "name": "page", "schema": {"type": "integer", "minimum": 1, "default": 1}},
    {
        "in": "query",
        "name": "page_size",
        "description": f"At most {MAX_PAGE_SIZE}; larger is clamped.",
        "schema": {"type": "integer", "minimum": 1, "default": DEFAULT_PAGE_SIZE},
    },
    {
        "in": "query",
        "name": "all",
        "description": "`true` answers the whole list without pages.",
        "schema": {"type": "boolean", "default": False},
    },
]

# Larger than can be served is clamped, however large.
_page_size = Integer(minimum=1, maximum=None)
_all = Boolean()


@cache
def envelope_schema(row: type[ma.Schema]) -> type[Schema]:
    """Return the schema of one page of `row`s."""
    fields: dict[str, Any] = {
        "count": ma.fields.Integer(required=True),
        "next": ma.fields.Url(required=True, allow_none=True),
        "previous": ma.fields.Url(required=True, allow_none=True),
        "results": ma.fields.List(ma.fields.Nested(row), required=True),
    }
    return Schema.from_dict(fields, name=f"{row.__name__.removesuffix('Schema')}PageSchema")  # type: ignore[return-value]


class PreparedList:
    """The statements of a list that is asked for often, built once, with named parameters; their rows are plain."""

    def __init__(self, rows: Select[Any]) -> None:
        """Prepare the list of `rows`, which select columns."""
        self.rows = rows
        self.count = _counting(rows)
        self.page = rows.limit(bindparam("page_size")).offset(bindparam("page_start"))

    def filled(self, **values: Any) -> "FilledList":
        """Return the list with values for the parameters in it."""
        return FilledList(self, values)


class FilledList(NamedTuple):
    """A prepared list with what its parameters stand for in one request."""

    statements: PreparedList
    values: dict[str, Any]


#: What a view answers a page of.
Listed = Select[Any] | FilledList


def paginate(rows: Listed, schema: ma.Schema) -> Response:
    """Answer the page of `rows` that the request asks for.

    Two statements: the count, and the page; one for the whole. Raises NotFound("Invalid page.") for a page that is not
    there and Invalid for a `page_size` or `all` that is no number or boolean.
    """
    size = min(_parameter("page_size", _page_size, DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE)
    if _parameter("all", _all, False):
        return SpooledResponse(lambda file: _write_whole(file, rows, schema), "application/json")
    count = count_of(rows)
    number = _page_number()
    if number > max(1, -(-count // size)):
        raise NotFound("Invalid page.")
    results = _fetch(rows, size, (number - 1) * size) if count else []
    return json_response(
        {
            "count": count,
            "next": _page_url(number + 1) if number * size < count else None,
            "previous": _page_url(number - 1) if number > 1 else None,
            "results": schema.dump(results, many=True),
        }
    )


def counted_by(rows: Select[Any], count: Select[int]) -> Select[Any]:
    """Return `rows` with another select that says how many they are, for where counting them would take long."""
    return rows.execution_options(counted_by=count)


def count_of(rows: Listed) -> int:
    """Return how many `rows` there are. One statement."""
    if isinstance(rows, FilledList):
        return run(rows.statements.count, **rows.values).scalar_one()
    return db.session.scalar(_counting(rows)) or 0


def _counting(rows: Select[Any]) -> Select[int]:
    known: Select[int] | None = rows.get_execution_options().get("counted_by")
    return select(func.count()).select_from(rows.order_by(None).subquery()) if known is None else known


def ordered(rows: Select[Any], ordering: str, columns: Mapping[str, Any], tie_breaker: Any) -> Select[Any]:
    """Return `rows` in the order that a validated `ordering` value names, ties broken by `tie_breaker`."""
    column = columns[ordering.removeprefix("-")]
    if ordering.startswith("-"):
        return rows.order_by(column.desc(), tie_breaker.desc())
    return rows.order_by(column.asc(), tie_breaker.asc())


def matching(search: str, *folded: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition that every word of `search` stands somewhere in the folded columns or expressions."""
    return and_(True, *(or_(*(column.like(like_pattern(word)) for column in folded)) for word in words(search)))


def _fetch(rows: Listed, size: int, start: int) -> Sequence[Any]:
    if isinstance(rows, FilledList):
        return run(rows.statements.page, **rows.values, page_size=size, page_start=start).all()
    result = db.session.execute(rows.limit(size).offset(start))
    return list(result.scalars().unique() if len(rows.column_descriptions) == 1 else result)


def whole_list(rows: Select[Any], schema: ma.Schema) -> Response:
    """Answer all of `rows` as a bare array, however many they are. One statement."""

    def write(file: BinaryIO) -> bytes:
        _write_rows(file, rows, schema)
        file.write(b"]")
        return b"["

    return SpooledResponse(write, "application/json")


def _write_whole(file: BinaryIO, rows: Listed, schema: ma.Schema) -> bytes:
    count = _write_rows(file, rows, schema)
    file.write(b"]}")
    # Counted as they are written, so that it agrees with them whatever changes meanwhile.
    return b'{"count":%d,"results":[' % count


def _write_rows(file: BinaryIO, rows: Listed, schema: ma.Schema) -> int:
    count = 0
    statement, values = (rows.statements.rows, rows.values) if isinstance(rows, FilledList) else (rows, {})
    # Whatever fails in between, the cursor closes.
    with db.session.execute(statement, values, execution_options={"yield_per": _ROWS_AT_A_TIME}) as result:
        found: Any = result.scalars() if len(statement.column_descriptions) == 1 else result
        for part in found.partitions(_ROWS_AT_A_TIME):
            file.write((b"," if count else b"") + compact(schema.dump(part, many=True))[1:-1])
            count += len(part)
    return count


def _parameter(name: str, field: ma.fields.Field, default: Any) -> Any:
    text = request.args.get(name)
    if not text:
        return default
    try:
        return field.deserialize(text)
    except ma.ValidationError as error:
        raise Invalid({name: error.messages}) from None


def _page_number() -> int:
    text = request.args.get("page") or "1"
    # More digits than any table has rows: not a page, and not worth converting.
    if not text.isascii() or not text.isdecimal() or len(text) > 12 or int(text) < 1:
        raise NotFound("Invalid page.")
    return int(text)


def _page_url(number: int) -> str:
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{absolute_url(request.path)}?{urlencode([*query, ('page', number)])}"
