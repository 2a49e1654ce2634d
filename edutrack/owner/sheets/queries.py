"""Which codes are printed, and who has taken them away before, on paper or in a file."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
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
EXPORTED = "recharge_batch.exported"
#: How many earlier prints are shown: the newest say enough.
_SHOWN = 20

_first = AuditEntry.details["first"].as_integer()
_last = AuditEntry.details["last"].as_integer()


def lock_batch(_caller: Caller, batch_id: int) -> RechargeBatch:
    """Return a batch that was made as one, to be printed, with course and teacher; raises NotFound.

    Whoever else prints it at the same moment waits, and then sees this print. Only site owners get this far.
    """
    return _locked(RechargeBatch.id == batch_id, ~RechargeBatch.is_single)


def lock_batch_of_code(_caller: Caller, code_id: int) -> tuple[RechargeBatch, int]:
    """Return the batch of a code, as `lock_batch` does, and the code's number in it; raises NotFound.

    A code that was made alone is in a batch of one.
    """
    row = db.session.execute(
        select(RechargeCode.batch_id, RechargeCode.number).where(RechargeCode.id == code_id)
    ).one_or_none()
    if row is None:
        raise NotFound()
    return _locked(RechargeBatch.id == row.batch_id), row.number


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
    rows = select(RechargeCode.number, RechargeCode.sealed).where(_is_unused(batch, first, last))
    rows = rows.order_by(RechargeCode.number).limit(at_most)
    # Whoever asked may be gone before the last page: the cursor closes all the same.
    with db.session.execute(rows, execution_options={"yield_per": cards_per_page}) as result:
        for page in result.partitions(cards_per_page):
            yield [card_of(batch, row.number, unseal(row.sealed, "recharge-code")) for row in page]


def unused_numbers(batch: RechargeBatch, first: int, last: int) -> Row[int, int, int]:
    """Return `count`, `first` and `last` of the codes that `sheet_pages` would put on cards (None where none is)."""
    number = RechargeCode.number
    columns = func.count(number).label("count"), func.min(number).label("first"), func.max(number).label("last")
    return db.session.execute(select(*columns).where(_is_unused(batch, first, last))).one()


def prints_of_unused(batch: RechargeBatch, first: int, last: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the newest prints that had a code of a batch which is still unused, numbered `first` to `last`.

    Newest first, in the columns of `taken_away`.
    """
    again = select(RechargeCode.number).where(_is_unused(batch, func.greatest(_first, first), func.least(_last, last)))
    rows = _entries(batch.id).where(AuditEntry.verb == PRINTED, again.correlate(AuditEntry).exists())
    return db.session.execute(rows).all()


def taken_away(batch_id: int, number: int | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return who printed or exported a batch, or the code of that number in it; the newest, newest first.

    Columns: `id`, `taken_at`, `taken_by` (None: gone), `is_export`, `is_reprint`, `layout` (of a print), `medium`
    (`page`, `pdf` or a kind of file), `count`, `first`, `last`.
    """
    rows = _entries(batch_id).where(AuditEntry.verb.in_((PRINTED, EXPORTED)))
    if number is not None:
        rows = rows.where(func.coalesce(_first, 1) <= number, func.coalesce(_last, number) >= number)
    return db.session.execute(rows).all()


def _locked(*conditions: ColumnElement[bool]) -> RechargeBatch:
    statement = (
        select(RechargeBatch)
        .options(joinedload(RechargeBatch.course).joinedload(Course.teacher))
        .where(*conditions)
        # Nobody who redeems or cancels a code of it waits.
        .with_for_update(key_share=True, of=RechargeBatch)
    )
    batch = db.session.scalars(statement).one_or_none()
    if batch is None:
        raise NotFound()
    return batch


def _entries(batch_id: int) -> Select[*tuple[Any, ...]]:
    details = AuditEntry.details
    quantity = details["quantity"].as_integer()
    is_export = AuditEntry.verb == EXPORTED
    return (
        select(
            AuditEntry.id,
            AuditEntry.recorded_at.label("taken_at"),
            User.username.label("taken_by"),
            is_export.label("is_export"),
            func.coalesce(details["reprint"].as_boolean(), False).label("is_reprint"),
            details["layout"].astext.label("layout"),
            func.coalesce(details["medium"].astext, details["format"].astext, "csv").label("medium"),
            # A file holds all codes of a batch.
            func.coalesce(details["count"].as_integer(), quantity).label("count"),
            func.coalesce(_first, 1).label("first"),
            func.coalesce(_last, quantity).label("last"),
        )
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.target_type == RechargeBatch.__tablename__, AuditEntry.target_id == batch_id)
        .order_by(AuditEntry.id.desc())
        .limit(_SHOWN)
    )


def _is_unused(batch: RechargeBatch, first: Any, last: Any) -> ColumnElement[bool]:
    return and_(
        RechargeCode.batch_id == batch.id,
        RechargeCode.number.between(first, last),
        RechargeCode.used_by_id.is_(None),
        RechargeCode.voided_at.is_(None),
    )
