"""Batches of recharge codes as the console shows them: what has become of each, in numbers and in money."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, func

from edutrack.core.pagination import matching
from edutrack.wallet.models import RechargeBatch
from edutrack.wallet.queries.batches import batches_with_states


@dataclass(frozen=True)
class StateShare:
    """How many codes of a batch are in one state, and what they are worth."""

    status: str
    count: int
    value: Decimal


def batches(*, course: int | None = None, label: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of batches with the counts of their states, newest first; `label` finds words in it."""
    rows = batches_with_states()
    if course is not None:
        rows = rows.where(RechargeBatch.course_id == course)
    return rows.where(matching(label, func.edutrack_fold(func.coalesce(RechargeBatch.label, ""))))


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
