"""What must always be true of money and access: each invariant is a query that returns nothing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from edutrack.core.extensions import db

INVARIANTS: dict[str, str] = {}


def violations() -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that violate each invariant, by its name; empty where all hold."""
    found = {name: db.session.execute(text(query)).all() for name, query in INVARIANTS.items()}
    return {name: rows for name, rows in found.items() if rows}
