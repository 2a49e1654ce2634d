"""Running invariants: queries that find what must never be true."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text

from edutrack.core.extensions import db


def violated(invariants: Mapping[str, str]) -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that each of the queries finds, by its name; without those that find nothing."""
    found = {name: db.session.execute(text(query)).all() for name, query in invariants.items()}
    return {name: rows for name, rows in found.items() if rows}


def violation_counts(invariants: Mapping[str, str]) -> dict[str, int]:
    """Return how many rows each of the queries finds, by its name; without those that find nothing.

    Whatever is broken may be broken in every row: they are counted where they are.
    """
    counts = {
        name: db.session.scalar(text(f"SELECT count(*) FROM ({query}) found")) or 0  # noqa: S608 - our own queries
        for name, query in invariants.items()
    }
    return {name: count for name, count in counts.items() if count}
