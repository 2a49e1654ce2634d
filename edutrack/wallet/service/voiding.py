"""Cancelling codes that nobody has used: one that was lost, some that lie in a row, or the rest of a batch."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, func, select, update

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, Rejected
from edutrack.core.extensions import db
from edutrack.wallet.models import RechargeBatch, RechargeCode


@dataclass(frozen=True)
class VoidPlan:
    """Codes of a batch that would be cancelled, and what they are worth."""

    count: int
    value: Decimal


def void_code(caller: Caller, code_id: int, reason: str) -> None:
    """Cancel an unused code (rules.md, "Voiding").

    Raises Rejected for one that was used, also at this very moment, or is cancelled already.
    """
    code = cancel_unused(code_id, reason, clock.now())
    if code is None:
        is_used = select(RechargeCode.used_by_id.is_not(None)).where(RechargeCode.id == code_id)
        done = "used" if db.session.scalar(is_used) else "cancelled"
        raise Rejected(f"This code has already been {done}.")
    audit.record(caller, "recharge_code.voided", code)
    db.session.flush()


def void_batch(caller: Caller, batch: RechargeBatch, reason: str) -> RechargeBatch:
    """Cancel what is unused of a batch, expired codes included, and return the batch (rules.md, "Voiding").

    A batch of which nothing is left stays as it is.
    """
    voided = cancel_rest(batch.id, reason, clock.now())
    audit.record(caller, "recharge_batch.voided", batch, voided=voided)
    db.session.flush()
    return batch


def plan_void_range(_caller: Caller, batch: RechargeBatch, *, first: int, last: int) -> VoidPlan:
    """Return what `void_range` would cancel, and cancel nothing.

    Raises Invalid where it would.
    """
    _require_numbers(batch, first, last)
    count = db.session.scalar(select(func.count()).where(_unsettled(batch.id, first, last))) or 0
    return VoidPlan(count, batch.value * count)


def void_range(caller: Caller, batch: RechargeBatch, *, first: int, last: int, reason: str) -> int:
    """Cancel what is unused of a batch from number `first` to number `last`; return how many there were.

    Expired codes included, as with a whole batch (rules.md, "Voiding"). Where nothing is left nothing is recorded.
    Raises Invalid, by field, for numbers that the batch does not have and for a range that ends before it starts.
    """
    _require_numbers(batch, first, last)
    voided = cancel_range(batch.id, first, last, reason, clock.now())
    if voided:
        audit.record(caller, "recharge_batch.range_voided", batch, first=first, last=last, voided=voided)
        db.session.flush()
    return voided


def cancel_unused(code_id: int, reason: str, now: datetime) -> RechargeCode | None:
    """Cancel a code if it is neither used nor cancelled, and return it; the database decides, against redeeming."""
    return db.session.scalar(
        update(RechargeCode)
        .where(RechargeCode.id == code_id, RechargeCode.used_by_id.is_(None), RechargeCode.voided_at.is_(None))
        .values(voided_at=now, void_reason=reason)
        .returning(RechargeCode)
        .execution_options(synchronize_session=False)
    )


def cancel_rest(batch_id: int, reason: str, now: datetime) -> int:
    """Cancel the codes of a batch that are neither used nor cancelled; return how many there were."""
    return _cancel(_unsettled(batch_id), reason, now)


def cancel_range(batch_id: int, first: int, last: int, reason: str, now: datetime) -> int:
    """Cancel those of a batch numbered `first` to `last` that are neither used nor cancelled; return how many."""
    return _cancel(_unsettled(batch_id, first, last), reason, now)


def _cancel(codes: ColumnElement[bool], reason: str, now: datetime) -> int:
    """Cancel in one statement, whose condition the database asks of each code as it is at that moment."""
    voided = (
        update(RechargeCode)
        .where(codes)
        .values(voided_at=now, void_reason=reason)
        .returning(RechargeCode.id)
        .cte("voided")
    )
    return db.session.scalar(select(func.count()).select_from(voided)) or 0


def _unsettled(batch_id: int, first: int | None = None, last: int | None = None) -> ColumnElement[bool]:
    numbered = () if first is None or last is None else (RechargeCode.number.between(first, last),)
    return and_(
        RechargeCode.batch_id == batch_id,
        RechargeCode.used_by_id.is_(None),
        RechargeCode.voided_at.is_(None),
        *numbered,
    )


def _require_numbers(batch: RechargeBatch, first: int, last: int) -> None:
    beyond = [f"The batch has numbers from 1 to {batch.quantity}."]
    messages = {
        name: beyond for name, number in (("first", first), ("last", last)) if not 1 <= number <= batch.quantity
    }
    if not messages and last < first:
        messages = {"last": ["The last number is before the first."]}
    if messages:
        raise Invalid(messages)
