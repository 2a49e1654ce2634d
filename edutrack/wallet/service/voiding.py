"""Cancelling codes that nobody has used: one that was lost, or the rest of a batch."""

from datetime import datetime

from sqlalchemy import func, select, update

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.wallet.models import RechargeBatch, RechargeCode


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
    voided = (
        update(RechargeCode)
        .where(RechargeCode.batch_id == batch_id, RechargeCode.used_by_id.is_(None), RechargeCode.voided_at.is_(None))
        .values(voided_at=now, void_reason=reason)
        .returning(RechargeCode.id)
        .cte("voided")
    )
    return db.session.scalar(select(func.count()).select_from(voided)) or 0
