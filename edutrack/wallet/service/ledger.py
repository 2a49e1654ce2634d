"""Moving a balance: the balance row and its ledger entry, always both.

The balance row is locked by the statement that changes it, and the entry's id is drawn under that lock: ordered by id,
the entries of a balance stand as it changed.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, DateTime, Numeric, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from edutrack.core.extensions import db
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


class Entry(NamedTuple):
    """A ledger entry that was written."""

    id: int
    balance_after: Decimal


def credit(student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime) -> Entry | None:
    """Add `amount` (above zero) to a student's balance in a course, which may be the first there is.

    None, and nothing added, where the balance would become larger than can be kept.
    """
    moved = {"student": student_id, "course": course_id, "by": amount, "at": at}
    balance = db.session.scalar(_CREDIT, moved)
    return None if balance is None else _enter(student_id, course_id, amount, balance, source, at)


def debit(student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime) -> Entry | None:
    """Take `amount` (above zero) from a balance; None, and nothing taken, where it does not hold that much."""
    moved = {"student": student_id, "course": course_id, "by": amount, "at": at}
    balance = db.session.scalar(_DEBIT, moved)
    return None if balance is None else _enter(student_id, course_id, -amount, balance, source, at)


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


def _enter(student_id: int, course_id: int, amount: Decimal, balance: Decimal, source: Source, at: datetime) -> Entry:
    written = {"student": student_id, "course": course_id, "by": amount, "after": balance, "at": at}
    entry = db.session.execute(_ENTER, written | source.named()).one()
    return Entry(entry.id, entry.balance_after)


# Built once, for every purchase and every code.
_STUDENT, _COURSE = bindparam("student", type_=BigInteger), bindparam("course", type_=BigInteger)
_BY, _AT = bindparam("by", type_=Numeric(12, 2)), bindparam("at", type_=DateTime(timezone=True))
_ADDED = upsert(CourseBalance).values(student_id=_STUDENT, course_id=_COURSE, balance=_BY, updated_at=_AT)
_CREDIT = _ADDED.on_conflict_do_update(
    index_elements=["student_id", "course_id"],
    set_={"balance": CourseBalance.balance + _ADDED.excluded.balance, "updated_at": _ADDED.excluded.updated_at},
    where=CourseBalance.balance <= LARGEST_BALANCE - _ADDED.excluded.balance,
).returning(CourseBalance.balance)
_DEBIT = (
    update(CourseBalance)
    .where(CourseBalance.student_id == _STUDENT, CourseBalance.course_id == _COURSE, CourseBalance.balance >= _BY)
    .values(balance=CourseBalance.balance - _BY, updated_at=_AT)
    .returning(CourseBalance.balance)
    # No balance is held as an object.
    .execution_options(synchronize_session=False)
)
_ENTER = (
    insert(BalanceTransaction)
    .values(
        student_id=_STUDENT,
        course_id=_COURSE,
        amount=_BY,
        balance_after=bindparam("after", type_=Numeric(12, 2)),
        created_at=_AT,
        code_id=bindparam("code", type_=BigInteger),
        purchase_id=bindparam("purchase", type_=BigInteger),
        adjustment_id=bindparam("adjustment", type_=BigInteger),
    )
    .returning(BalanceTransaction.id, BalanceTransaction.balance_after)
)
