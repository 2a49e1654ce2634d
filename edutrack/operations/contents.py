"""What every table holds, as a number of rows and a hash, to know that a copy is the same to the last byte."""

import hashlib
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, inspect, text

#: How values are written depends on these, and the hash must not depend on the server or the role.
_WRITTEN_ALIKE = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
)


@dataclass(frozen=True)
class TableContents:
    """How many rows a table has, and the SHA-256 of all of them in the order of the primary key."""

    rows: int
    sha256: str


def table_contents(connection: Connection) -> dict[str, TableContents]:
    """Return what each table holds, by name, as the connection's transaction sees it."""
    for statement in _WRITTEN_ALIKE:
        connection.execute(text(statement))
    keys = inspect(connection).get_multi_pk_constraint()
    return {
        name: _contents(connection, name, key["constrained_columns"] if key else [])
        for (_, name), key in sorted(keys.items(), key=lambda item: item[0][1])
    }


def _contents(connection: Connection, table: str, key: list[str]) -> TableContents:
    order = sql.SQL(", ").join(map(sql.Identifier, key)) if key else sql.SQL("whole::text")
    rows = sql.SQL("COPY (SELECT * FROM {} AS whole ORDER BY {}) TO STDOUT").format(sql.Identifier(table), order)
    digest = hashlib.sha256()
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        with cursor.copy(rows) as copy:
            for row in copy:
                digest.update(row)
        return TableContents(cursor.rowcount, digest.hexdigest())
