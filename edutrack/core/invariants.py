"""Running invariants: queries that find what must never be true."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text

from edutrack.core.extensions import db


def violated(invariants: Mapping[str, str]) -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that each of the queries finds, by its name; without those that find nothing."""
    found = {name: db.session.execute(text(query)).all() for name, query in invariants.items()}
    return {name: rows for name, rows in found.items() if rows}
