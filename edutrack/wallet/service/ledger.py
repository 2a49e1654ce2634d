"""Moving a balance: the balance row and its ledger entry, always both.

The balance row is locked by the statement that changes it, and the entry's id is drawn under that lock: ordered by id,
the entries of a balance stand as it changed.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import insert, select, update
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


class Entry(NamedTuple):
    """A ledger entry that was written."""

    id: int
    balance_after: Decimal


def credit(student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime) -> Entry | None:
    """Add `amount` (above zero) to a student's balance in a course, which may be the first there is.

    None, and nothing added, where the balance would become larger than can be kept.
    """
    added = upsert(CourseBalance).values(student_id=student_id, course_id=course_id, balance=amount, updated_at=at)
    balance = db.session.scalar(
        added.on_conflict_do_update(
            index_elements=["student_id", "course_id"],
            set_={"balance": CourseBalance.balance + added.excluded.balance, "updated_at": at},
            where=CourseBalance.balance <= LARGEST_BALANCE - added.excluded.balance,
        ).returning(CourseBalance.balance)
    )
    return None if balance is None else _enter(student_id, course_id, amount, balance, source, at)


def debit(student_id: int, course_id: int, amount: Decimal, source: Source, at: datetime) -> Entry | None:
    """Take `amount` (above zero) from a balance; None, and nothing taken, where it does not hold that much."""
    balance = db.session.scalar(
        update(CourseBalance)
        .where(
            CourseBalance.student_id == student_id,
            CourseBalance.course_id == course_id,
            CourseBalance.balance >= amount,
        )
        .values(balance=CourseBalance.balance - amount, updated_at=at)
        .returning(CourseBalance.balance)
    )
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
    entry = db.session.execute(
        insert(BalanceTransaction)
        .values(
            student_id=student_id,
            course_id=course_id,
            amount=amount,
            balance_after=balance,
            created_at=at,
            **source._asdict(),
        )
        .returning(BalanceTransaction.id, BalanceTransaction.balance_after)
    ).one()
    return Entry(entry.id, entry.balance_after)
