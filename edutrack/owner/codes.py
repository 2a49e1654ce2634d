"""Batches of recharge codes as the console shows them: what has become of each, in numbers and in money."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func

from edutrack.core.extensions import db
from edutrack.core.pagination import matching
from edutrack.wallet.codes import batch_digits
from edutrack.wallet.models import RechargeBatch
from edutrack.wallet.queries.batches import batches_numbered, batches_with_states, counts_of_all_batches

#: What a code can be, in the order in which it is shown.
STATES = ("unused", "used", "expired", "voided")
#: Batches that a part of a number leads to: whoever sees more types another digit.
_FOUND = 20


@dataclass(frozen=True)
class StateShare:
    """How many codes of a batch are in one state, and what they are worth."""

    status: str
    count: int
    value: Decimal


def batches(*, course: int | None = None, label: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of batches with the counts of their states, newest first; `label` finds words in it."""
    return batches_with_states().where(*_narrowed(course, label))


def batches_named(typed: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the batches whose number somebody typed, or a part of it: the one of exactly this number first.

    The newest of many; none for what is no number.
    """
    digits = batch_digits(typed)
    return db.session.execute(batches_numbered(digits).limit(_FOUND)).all() if digits else []


def shares_altogether(*, course: int | None = None, label: str = "") -> Sequence[StateShare]:
    """Return the four states over all codes, those made alone included; narrowed as the list of batches is."""
    counts = db.session.execute(counts_of_all_batches(*_narrowed(course, label))).one()
    return [
        StateShare(status, getattr(counts, f"{status}_count"), getattr(counts, f"{status}_value")) for status in STATES
    ]


def shares_of(batch: Row[*tuple[Any, ...]]) -> Sequence[StateShare]:
    """Return the four states of a batch's codes in their order; together they are the whole batch."""
    rest = batch.quantity - batch.used_count - batch.voided_count
    counts = {
        "unused": 0 if batch.has_expired else rest,
        "used": batch.used_count,
        "expired": rest if batch.has_expired else 0,
        "voided": batch.voided_count,
    }
    return [StateShare(status, count, batch.value * count) for status, count in counts.items()]


def unsettled_count(batch: Row[*tuple[Any, ...]]) -> int:
    """Return how many codes of a batch can still be cancelled: the unused, expired ones included."""
    rest: int = batch.quantity - batch.used_count - batch.voided_count
    return rest


def _narrowed(course: int | None, label: str) -> list[ColumnElement[bool]]:
    of_course = [] if course is None else [RechargeBatch.course_id == course]
    return [*of_course, matching(label, func.edutrack_fold(func.coalesce(RechargeBatch.label, "")))]
