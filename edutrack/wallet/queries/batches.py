"""Batches of codes, as the site owner sees them."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, Text, case, cast, func, or_, select
from sqlalchemy.orm import aliased

from edutrack.accounts.models import Teacher, User
from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.courses.models import Course
from edutrack.wallet.codes import SERIAL_DIGITS
from edutrack.wallet.models import RechargeBatch, RechargeCode
from edutrack.wallet.queries.codes import code_status

_Creator = aliased(User)
#: Codes fetched at a time where a batch is streamed whole.
_STREAM_ROWS = 1000


def batches() -> Select[*tuple[Any, ...]]:
    """Return the batches that were made as such, newest first."""
    return _with_counts().where(~RechargeBatch.is_single).order_by(RechargeBatch.id.desc())


def find_batch(_caller: Caller, batch_id: int) -> RechargeBatch:
    """Return a batch that was made as one; raises NotFound. Only site owners get this far."""
    batch = db.session.scalar(select(RechargeBatch).where(RechargeBatch.id == batch_id, ~RechargeBatch.is_single))
    if batch is None:
        raise NotFound()
    return batch


def batch_with_counts(batch: RechargeBatch) -> Row[*tuple[Any, ...]]:
    """Return a batch with how many of its codes are used and what all of them are worth."""
    return db.session.execute(_with_counts().where(RechargeBatch.id == batch.id)).one()


def batches_with_states() -> Select[*tuple[Any, ...]]:
    """Return what `batches` does, with how many codes of each are voided, expired and unused as well.

    All codes of a batch expire together, so what is neither used nor voided is one or the other. Two looks into indexes
    for each batch, and none at codes that nothing has happened to.
    """
    voided = (
        select(func.count())
        .where(RechargeCode.batch_id == RechargeBatch.id, RechargeCode.voided_at.is_not(None))
        .scalar_subquery()
    )
    listed = batches().add_columns(voided.label("voided_count"), Teacher.name.label("teacher_name"))
    has_expired = func.coalesce(RechargeBatch.expires_at <= clock.now(), False)
    return listed.join(Course.teacher).add_columns(has_expired.label("has_expired"))


def batch_with_states(batch: RechargeBatch) -> Row[*tuple[Any, ...]]:
    """Return one batch as `batches_with_states` does."""
    return db.session.execute(batches_with_states().where(RechargeBatch.id == batch.id)).one()


def batches_numbered(digits: str) -> Select[*tuple[Any, ...]]:
    """Return what `batches_with_states` does of batches whose number, as serials show it, has these digits in it.

    The batch of exactly this number comes first; six digits or more name no other.
    """
    text = cast(RechargeBatch.id, Text)
    shown = func.lpad(text, func.greatest(func.length(text), SERIAL_DIGITS), "0")
    is_exact = RechargeBatch.id == int(digits)
    named = is_exact if len(digits) >= SERIAL_DIGITS else or_(is_exact, shown.contains(digits))
    return batches_with_states().where(named).order_by(None).order_by(is_exact.desc(), RechargeBatch.id.desc())


def counts_of_all_batches(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the select of how many codes there are in each state, and their value, over batches of the conditions.

    `unused_count`, `unused_value`, and so on. Codes made alone are counted, too. It looks at the indexes of used and of
    voided codes, and at none that nothing has happened to.
    """
    used = _grouped(RechargeCode.used_by_id.is_not(None))
    voided = _grouped(RechargeCode.voided_at.is_not(None))
    used_count, voided_count = func.coalesce(used.c.codes, 0), func.coalesce(voided.c.codes, 0)
    rest = RechargeBatch.quantity - used_count - voided_count
    has_expired = func.coalesce(RechargeBatch.expires_at <= clock.now(), False)
    counts = {
        "unused": case((has_expired, 0), else_=rest),
        "used": used_count,
        "expired": case((has_expired, rest), else_=0),
        "voided": voided_count,
    }
    sums = [
        func.coalesce(func.sum(number * factor), 0).label(f"{status}_{kind}")
        for status, number in counts.items()
        for kind, factor in (("count", 1), ("value", RechargeBatch.value))
    ]
    return (
        select(*sums)
        .select_from(RechargeBatch)
        .outerjoin(used, used.c.batch_id == RechargeBatch.id)
        .outerjoin(voided, voided.c.batch_id == RechargeBatch.id)
        .where(*conditions)
    )


def codes_of_batch(batch_id: int) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Yield the codes of a batch in order of their numbers, still sealed, each with its status, part by part.

    A cursor on the server keeps the memory of either side small.
    """
    rows = (
        select(
            RechargeCode.sealed,
            RechargeCode.batch_id,
            RechargeCode.number,
            RechargeCode.value,
            RechargeCode.expires_at,
            code_status().label("status"),
        )
        .where(RechargeCode.batch_id == batch_id)
        .order_by(RechargeCode.number)
    )
    # Whatever fails in between, the cursor closes.
    with db.session.execute(rows, execution_options={"yield_per": _STREAM_ROWS}) as result:
        yield from result.partitions(_STREAM_ROWS)


def _grouped(condition: ColumnElement[bool]) -> Subquery:
    counts = select(RechargeCode.batch_id, func.count().label("codes")).where(condition)
    return counts.group_by(RechargeCode.batch_id).subquery()


def _with_counts() -> Select[*tuple[Any, ...]]:
    used = (
        select(func.count())
        .where(RechargeCode.batch_id == RechargeBatch.id, RechargeCode.used_by_id.is_not(None))
        .scalar_subquery()
    )
    return (
        select(
            RechargeBatch.id,
            RechargeBatch.label,
            RechargeBatch.course_id.label("course"),
            Course.name.label("course_name"),
            RechargeBatch.value,
            RechargeBatch.quantity,
            RechargeBatch.expires_at,
            RechargeBatch.created_at,
            RechargeBatch.created_by_id.label("created_by"),
            _Creator.username.label("created_by_username"),
            used.label("used_count"),
            (RechargeBatch.value * RechargeBatch.quantity).label("total_value"),
        )
        .join(RechargeBatch.course)
        .join(_Creator, RechargeBatch.created_by)
    )
