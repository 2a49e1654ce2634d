"""Moving a balance: the balance row and its ledger entry, always both, in one statement.

The entry's id is drawn when the balance row is locked and changed: ordered by id, the entries of a balance stand as it
changed.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Numeric,
    UpdateBase,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from edutrack.core.extensions import db
from edutrack.core.statements import run
from edutrack.notifications.service import notify
from edutrack.wallet.models import BalanceTransaction, CourseBalance

#: What the column holds.
LARGEST_BALANCE = Decimal("9999999999.99")


class Source(NamedTuple):
    """What an entry comes from; exactly one of the three is set."""

    code_id: int | None = None
    purchase_id: int | None = None
    adjustment_id: int | None = None

    def named(self) -> dict[str, int | None]:
        """Return the three as parameters of a statement."""
        return {"code": self.code_id, "purchase": self.purchase_id, "adjustment": self.adjustment_id}


Entered = ReturningInsert[int, Decimal]


class Entry(NamedTuple):
    """A ledger entry that was written."""

    id: int
    balance_after: Decimal


def credit(student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime) -> Entry | None:
    """Add `amount` (above zero) to a student's balance in a course, which may be the first there is.

    None, and nothing added, where the balance would become larger than can be kept.
    """
    return _move(_CREDIT, student_id, course_id, amount, source, at)


def debit(student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime) -> Entry | None:
    """Take `amount` (above zero) from a balance; None, and nothing taken, where it does not hold that much."""
    return _move(_DEBIT, student_id, course_id, amount, source, at)


def balance_of(student_id: int, course_id: int) -> Decimal:
    """Return what a student holds in a course."""
    held = select(CourseBalance.balance).filter_by(student_id=student_id, course_id=course_id)
    return db.session.scalar(held) or Decimal(0)


def tell_of_credit(user_id: int, course_id: int, course_name: str, amount: Decimal, entry: Entry) -> None:
    """Tell a student what was added to their balance (rules.md, "Notifications")."""
    notify(
        user_id,
        "balance_added",
        course_id=course_id,
        transaction_id=entry.id,
        course_name=course_name,
        amount=f"{amount:.2f}",
    )


def _move(
    statement: Entered, student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime
) -> Entry | None:
    row = run(statement, student=student_id, course=course_id, by=amount, at=at, **source.named()).one_or_none()
    return None if row is None else Entry(*row)


def _entered(moved: UpdateBase, amount: ColumnElement[Decimal]) -> Entered:
    """Return the statement that moves a balance, and enters what `moved` returns of it: both, or neither."""
    balance = moved.returning(CourseBalance.balance).cte("moved")
    return (
        insert(BalanceTransaction)
        .from_select(
            [
                BalanceTransaction.student_id,
                BalanceTransaction.course_id,
                BalanceTransaction.amount,
                BalanceTransaction.balance_after,
                BalanceTransaction.created_at,
                BalanceTransaction.code_id,
                BalanceTransaction.purchase_id,
                BalanceTransaction.adjustment_id,
            ],
            select(_STUDENT, _COURSE, amount, balance.c.balance, _AT, *_SOURCE),
        )
        .returning(BalanceTransaction.id, BalanceTransaction.balance_after)
    )


# Built once, for every purchase and every code.
_STUDENT, _COURSE = bindparam("student", type_=BigInteger), bindparam("course", type_=BigInteger)
_BY, _AT = bindparam("by", type_=Numeric(12, 2)), bindparam("at", type_=DateTime(timezone=True))
_SOURCE = [bindparam(name, type_=BigInteger) for name in ("code", "purchase", "adjustment")]
_ADDED = upsert(CourseBalance).values(student_id=_STUDENT, course_id=_COURSE, balance=_BY, updated_at=_AT)
_CREDIT = _entered(
    _ADDED.on_conflict_do_update(
        index_elements=["student_id", "course_id"],
        set_={"balance": CourseBalance.balance + _ADDED.excluded.balance, "updated_at": _ADDED.excluded.updated_at},
        where=CourseBalance.balance <= LARGEST_BALANCE - _ADDED.excluded.balance,
    ),
    _BY,
)
_DEBIT = _entered(
    update(CourseBalance)
    .where(CourseBalance.student_id == _STUDENT, CourseBalance.course_id == _COURSE, CourseBalance.balance >= _BY)
    .values(balance=CourseBalance.balance - _BY, updated_at=_AT),
    -_BY,
)
