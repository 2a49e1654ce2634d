"""What is in the database: as one value to compare, and searched through; and doing what leaves nothing in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import Boolean, inspect, text

from edutrack.core.extensions import db

#: Reading may write to it: exports and listings of codes are audited.
TRAIL = "audit_entries"


def table_states() -> dict[str, tuple[int, str | None]]:
    """Return for each table, but for the audit trail, its row count and a hash over all of its rows."""
    query = _of_all("SELECT '{0}', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{0}\" t")
    return {name: (count, digest) for name, count, digest in db.session.execute(text(query))}


def tables_with(pattern: str) -> set[str]:
    """Return the tables in which some row holds text that matches a regular expression."""
    query = _of_all("SELECT '{0}' WHERE EXISTS (SELECT FROM \"{0}\" t WHERE t::text ~ :pattern)")
    return set(db.session.scalars(text(query), {"pattern": pattern}))


def flags_set() -> dict[str, int]:
    """Return of each boolean column in how many rows it is true."""
    flags = [
        (name, column.name)
        for name, table in db.metadata.tables.items()
        for column in table.columns
        if isinstance(column.type, Boolean)
    ]
    query = " UNION ALL ".join(f"SELECT '{name}.{flag}', count(*) FROM \"{name}\" WHERE {flag}" for name, flag in flags)  # noqa: S608
    return {row[0]: row[1] for row in db.session.execute(text(query))}


@contextmanager
def undone(app: Flask) -> Iterator[None]:
    """Take back whatever requests do inside the context; only for the application whose tests are rolled back."""
    db.session.remove()
    savepoint = db._app_engines[app][None].begin_nested()
    try:
        yield
    finally:
        db.session.remove()
        savepoint.rollback()


def _of_all(query: str) -> str:
    names = sorted(set(inspect(db.session.connection()).get_table_names()) - {TRAIL})
    return " UNION ALL ".join(query.format(name) for name in names)
