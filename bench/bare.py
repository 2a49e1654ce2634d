"""What a request would cost without the application: a bare WSGI function that runs the same SQL, served the same way.

It decodes the token, runs the recorded statements over psycopg in one transaction, and returns their last rows by
orjson. It checks nothing: whatever the application costs above this is the price of its rules and of its frameworks.
"""

import os
import pickle
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import orjson
import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from granian import Granian
from granian.constants import Interfaces
from psycopg.types.json import Json, set_json_dumps

from bench.recording import Cell, Document, Fact, Moment, Statement
from edutrack.core.turns import Turns
from edutrack.serving import InTurns

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PLAN = "EDUTRACK_BENCH_PLAN"
_NUMBERS = re.compile(r"[0-9]+")
_HEADERS = [("Content-Type", "application/json")]

Value = Callable[[dict[str, Any], datetime, list[list[Any]]], Any]
Prepared = tuple[str, dict[str, Any], list[tuple[str, Value]], bool]


class BareApplication:
    """Recorded statements by the request that they belong to."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """Prepare everything that need not be done for each request."""
        self._url = plan["url"]
        self._jwt_key = plan["jwt_key"]
        self._cipher = AESSIV(bytes.fromhex(plan["code_key"]))
        self._connections: list[psycopg.Connection] = []
        self._statements = {route: [_prepared(one) for one in recorded] for route, recorded in plan["routes"].items()}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        path = environ["PATH_INFO"]
        token = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        claims = jwt.decode(token, self._jwt_key, algorithms=["HS256"], audience="edutrack-api", issuer="edutrack")
        facts = {"user": int(claims["sub"]), "session": int(claims["sid"])}
        for place, number in enumerate(_NUMBERS.findall(path)):
            facts[f"path{place}"] = int(number)
        if environ["REQUEST_METHOD"] == "POST" and (body := environ["wsgi.input"].read()):
            facts |= orjson.loads(body)
            if "code" in facts:
                facts["sealed"] = self._cipher.encrypt(facts["code"].encode(), [b"recharge-code"])
        cursor, rows = self._run(route_of(environ["REQUEST_METHOD"], path), facts)
        names = [column.name for column in cursor.description or ()]
        answer = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows], default=_printed)
        start_response("200 OK", [*_HEADERS, ("Content-Length", str(len(answer)))])
        return [answer]

    def _run(self, route: str, facts: dict[str, Any]) -> tuple[psycopg.Cursor, list[Any]]:
        """Run a request's statements in one transaction; return the last one's cursor and rows."""
        now = datetime.now(UTC)
        results: list[list[Any]] = []
        connection = self._connections.pop() if self._connections else psycopg.connect(self._url)
        try:
            for sql, constants, values, has_rows in self._statements[route]:
                parameters = constants.copy()
                for name, value in values:
                    parameters[name] = value(facts, now, results)
                cursor = connection.execute(sql, parameters)
                results.append(cursor.fetchall() if cursor.description else [])
                if has_rows and not results[-1]:
                    raise RuntimeError(f"A statement did not find what it was recorded with: {sql}")
            connection.commit()
        except BaseException:
            connection.close()
            raise
        self._connections.append(connection)
        return cursor, results[-1]


def route_of(method: str, path: str) -> str:
    """Return the name of a route: its method and its path without the ids."""
    return f"{method} {_NUMBERS.sub('#', path)}"


def _printed(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _prepared(statement: Statement) -> Prepared:
    values = [(name, _value(source)) for name, source in statement.sources.items()]
    return statement.sql, statement.constants, values, statement.has_rows


def _value(source: Any) -> Value:
    match source:
        case Fact(name):
            return lambda facts, _now, _results: facts[name]
        case Moment(later):
            return lambda _facts, now, _results: now + later
        case Cell(statement, row, column, as_text=True):
            return lambda _facts, _now, results: str(results[statement][row][column])
        case Cell(statement, row, column, 1, 0):
            return lambda _facts, _now, results: results[statement][row][column]
        case Cell(statement, row, column, sign, more):
            return lambda _facts, _now, results: sign * (results[statement][row][column] or 0) + more
        case Document([Fact() | Cell() as only]):
            inner = _value(only)
            return lambda *known: [inner(*known)]
        case Document(content):
            return lambda *known: Json(_filled(content, *known))
    raise TypeError(source)


def _filled(content: Any, facts: dict[str, Any], now: datetime, results: list[list[Any]]) -> Any:
    if isinstance(content, dict):
        return {key: _filled(value, facts, now, results) for key, value in content.items()}
    if isinstance(content, list):
        return [_filled(value, facts, now, results) for value in content]
    if isinstance(content, Cell):
        value = results[content.statement][content.row][content.column]
        return str(value) if content.as_text or isinstance(value, Decimal) else value
    return facts[content.name] if isinstance(content, Fact) else content


def worker_application() -> Any:
    """Return the application of one worker process."""
    set_json_dumps(orjson.dumps)
    plan = pickle.loads(Path(os.environ[_PLAN]).read_bytes())  # noqa: S301 - written by this very measurement
    return InTurns(BareApplication(plan), Turns(6), 1024 * 1024)


def main(port: int, plan: str) -> None:
    """Serve until told to stop, with the settings of `edutrack serve`."""
    os.environ[_PLAN] = plan
    Granian(
        "bench.bare:worker_application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=256,
        factory=True,
        workers_kill_timeout=10,
        websockets=False,
        log_access=False,
        backpressure=1024,
    ).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
