"""Which codes are printed, and who has printed them before."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from edutrack.accounts.models import User
from edutrack.core.audit import AuditEntry
from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.courses.models import Course
from edutrack.owner.sheets.cards import Card, card_of
from edutrack.wallet.models import MAX_BATCH_QUANTITY, RechargeBatch, RechargeCode

PRINTED = "recharge_batch.printed"
#: How many earlier prints are shown: the newest say enough.
_PRINTS_SHOWN = 20


def find_batch(_caller: Caller, batch_id: int) -> RechargeBatch:
    """Return a batch that was made as one, with course and teacher; raises NotFound. Only site owners get this far."""
    statement = (
        select(RechargeBatch)
        .options(joinedload(RechargeBatch.course).joinedload(Course.teacher))
        .where(RechargeBatch.id == batch_id, ~RechargeBatch.is_single)
    )
    batch = db.session.scalars(statement).one_or_none()
    if batch is None:
        raise NotFound()
    return batch


def sheet_pages(
    batch: RechargeBatch,
    cards_per_page: int,
    *,
    first: int = 1,
    last: int = MAX_BATCH_QUANTITY,
    at_most: int | None = None,
) -> Iterator[list[Card]]:
    """Yield, page by page in order of number, the cards of a batch's unused codes numbered `first` to `last`.

    Used and voided codes are left out (rules.md, "Printing"). One statement behind a server-side cursor: no more than a
    page of codes is ever read and unsealed at once.
    """
    rows = _unused(batch, first, last).with_only_columns(RechargeCode.number, RechargeCode.sealed)
    rows = rows.order_by(RechargeCode.number).limit(at_most)
    # Whoever asked may be gone before the last page: the cursor closes all the same.
    with db.session.execute(rows, execution_options={"yield_per": cards_per_page}) as result:
        for page in result.partitions(cards_per_page):
            yield [card_of(batch, row.number, unseal(row.sealed, "recharge-code")) for row in page]


def unused_count(batch: RechargeBatch, *, first: int = 1, last: int = MAX_BATCH_QUANTITY) -> int:
    """Return how many codes `sheet_pages` would put on cards."""
    rows = _unused(batch, first, last).with_only_columns(func.count())
    return db.session.scalars(rows).one()


def printed_when(batch: RechargeBatch) -> list[Any]:
    """Return the newest prints of a batch, newest first: `printed_at`, `printed_by` (None: gone), `layout`, `count`."""
    statement = (
        select(
            AuditEntry.recorded_at.label("printed_at"),
            User.username.label("printed_by"),
            AuditEntry.details["layout"].astext.label("layout"),
            AuditEntry.details["count"].as_integer().label("count"),
        )
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(
            AuditEntry.target_type == RechargeBatch.__tablename__,
            AuditEntry.target_id == batch.id,
            AuditEntry.verb == PRINTED,
        )
        .order_by(AuditEntry.id.desc())
        .limit(_PRINTS_SHOWN)
    )
    return list(db.session.execute(statement))


def _unused(batch: RechargeBatch, first: int, last: int) -> Select[RechargeCode]:
    return select(RechargeCode).where(
        RechargeCode.batch_id == batch.id,
        RechargeCode.number.between(first, last),
        RechargeCode.used_by_id.is_(None),
        RechargeCode.voided_at.is_(None),
    )
