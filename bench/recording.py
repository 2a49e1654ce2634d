"""The SQL of a request, recorded while the application answers it, so that it can be run again without the application.

A request is made twice, by two students for different things. A parameter that is the same in both is the same for
everybody; one that differs has to be explained by what the request said, by the time, or by what an earlier statement
returned. What nothing explains stops the measurement, so nothing but the very work of the application is compared.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from psycopg import Binary
from psycopg.types.json import Json, Jsonb
from sqlalchemy import event

from edutrack.core.extensions import db

#: How far apart two looks at the clock of one request may be.
_MOMENT = timedelta(seconds=5)


@dataclass(frozen=True)
class Fact:
    """A value that the request names."""

    name: str


@dataclass(frozen=True)
class Moment:
    """The time of the request, and some more."""

    later: timedelta


@dataclass(frozen=True)
class Cell:
    """A value that an earlier statement returned; for a number, negated, with something added, or as text."""

    statement: int
    row: int
    column: int
    sign: int = 1
    more: int = 0
    as_text: bool = False


@dataclass(frozen=True)
class Document:
    """A JSON parameter, with sources in the places of its values."""

    content: Any


@dataclass(frozen=True)
class Statement:
    """A statement of a request: what is the same for everybody, and where the rest comes from."""

    sql: str
    constants: dict[str, Any]
    sources: dict[str, Any]
    #: Whether it returned something; one that returns nothing when it is run again did not do its work.
    has_rows: bool


@dataclass
class _Executed:
    sql: str
    parameters: dict[str, Any]
    rows: list[tuple[Any, ...]]


@dataclass
class Sample:
    """One request that was answered: what it named, when, and what it executed."""

    facts: Mapping[str, Any]
    at: datetime
    executed: list[_Executed]


def take_sample(app: Flask, facts: Mapping[str, Any], at: datetime, request: Callable[[], int]) -> Sample:
    """Make a request of the application in this process, and return what it executed."""
    executed: list[_Executed] = []

    def note(_connection: Any, cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        rows = []
        if cursor.description:
            rows = cursor.fetchall()
            cursor.scroll(0, mode="absolute")
        plain = {name: value.obj if isinstance(value, Binary) else value for name, value in parameters.items()}
        executed.append(_Executed(sql, plain, rows))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", note)
    try:
        status = request()
    finally:
        event.remove(engine, "after_cursor_execute", note)
    if status >= 300:
        raise SystemExit(f"A request to record was answered {status}.")
    return Sample(facts, at, executed)


def explain(first: Sample, second: Sample) -> list[Statement]:
    """Return the statements that both samples executed, with the sources of what differs between them."""
    if first.facts["user"] == second.facts["user"]:
        raise SystemExit("Two requests of one student do not tell what differs between students.")
    if [one.sql for one in first.executed] != [one.sql for one in second.executed]:
        raise SystemExit("Two requests of one kind executed different statements.")
    statements = []
    for number, (one, other) in enumerate(zip(first.executed, second.executed, strict=True)):
        constants, sources = {}, {}
        for name, value in one.parameters.items():
            source = _source(first, second, number, value, other.parameters[name])
            if source is None:
                raise SystemExit(f"Nothing explains the parameter {name} of: {one.sql}")
            if isinstance(source, Fact | Moment | Cell | Document):
                sources[name] = source
            else:
                constants[name] = value
        statements.append(Statement(one.sql, constants, sources, bool(one.rows)))
    return statements


def _source(first: Sample, second: Sample, number: int, one: Any, other: Any) -> Any:
    """Return a source, `...` for a constant, None where nothing explains the difference."""
    if isinstance(one, Json | Jsonb):
        return Document(_inside(first, second, number, one.obj, other.obj))
    if one == other:
        return ...
    if isinstance(one, datetime) and abs((one - first.at) - (other - second.at)) < _MOMENT:
        return Moment(timedelta(seconds=round((one - first.at).total_seconds())))
    if isinstance(one, list) and len(one) == 1:
        inner = _source(first, second, number, one[0], other[0])
        return None if inner is None else Document([inner])
    for name, value in first.facts.items():
        if value == one and second.facts[name] == other:
            return Fact(name)
    cells = list(_cells(first.executed[:number], second.executed[:number]))
    # The very value before what only comes out the same.
    for sign, more in ((1, 0), (-1, 0), (1, 1)):
        for place, value, twin in cells:
            if _is(one, value, sign, more) and _is(other, twin, sign, more):
                return Cell(*place, sign, more)
    return next((Cell(*place, as_text=True) for place, *pair in cells if [one, other] == list(map(str, pair))), None)


def _cells(first: list[_Executed], second: list[_Executed]) -> Iterator[tuple[tuple[int, int, int], Any, Any]]:
    """Yield every place of a result that both samples have, with what each of them has there."""
    for statement, (one, other) in enumerate(zip(first, second, strict=True)):
        for row, pair in enumerate(zip(one.rows, other.rows, strict=False)):
            for column, (value, twin) in enumerate(zip(*pair, strict=True)):
                yield (statement, row, column), value, twin


def _is(value: Any, cell: Any, sign: int, more: int) -> bool:
    if type(value) is not type(cell):
        return False
    if sign == 1 and more == 0:
        return bool(value == cell)
    return isinstance(value, int | Decimal) and value == sign * cell + more


def _inside(first: Sample, second: Sample, number: int, one: Any, other: Any) -> Any:
    if isinstance(one, dict):
        return {key: _inside(first, second, number, value, other.get(key)) for key, value in one.items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_inside(first, second, number, *pair) for pair in zip(one, other, strict=True)]
    source = _source(first, second, number, one, other)
    # What a document says is as long to write, whoever it is about.
    return source if isinstance(source, Fact | Moment | Cell) else one
