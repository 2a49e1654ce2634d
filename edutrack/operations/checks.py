"""Every invariant of every room, checked at once (rules.md, "Invariants")."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from edutrack.operations.errors import OperationError
from edutrack.owner.invariants import violations as tally_violations
from edutrack.quizzes.invariants import violations as exam_violations
from edutrack.wallet.invariants import violations as ledger_violations


def violations() -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that break each invariant of money, access, exams and figures, by its name."""
    return ledger_violations() | exam_violations() | tally_violations()


def require_sound() -> None:
    """Raise OperationError, naming them, where invariants are violated."""
    found = violations()
    if found:
        raise OperationError(f"These invariants are violated: {', '.join(found)}; see edutrack check-ledger.")
