"""Every invariant of every room, checked at once (rules.md, "Invariants")."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from edutrack.core.invariants import violated
from edutrack.operations.errors import OperationError
from edutrack.owner.ledger import CHECKED


def violations() -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that break each invariant of money, access, exams and figures, by its name."""
    return {name: rows for queries in CHECKED.values() for name, rows in violated(queries).items()}


def require_sound() -> None:
    """Raise OperationError, naming them, where invariants are violated."""
    found = violations()
    if found:
        raise OperationError(f"These invariants are violated: {', '.join(found)}; see edutrack check-ledger.")
