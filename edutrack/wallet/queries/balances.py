"""Balances and the ledger."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import contains_eager

from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Purchase
from edutrack.wallet.models import Adjustment, BalanceTransaction, CourseBalance, RechargeCode


def balances(student_id: int) -> Select[CourseBalance]:
    """Return a student's balances with their courses and teachers, by course name."""
    return (
        select(CourseBalance)
        .join(CourseBalance.course)
        .join(Course.teacher)
        .join(CourseBalance.student)
        .options(
            contains_eager(CourseBalance.course).contains_eager(Course.teacher),
            contains_eager(CourseBalance.student),
        )
        .where(CourseBalance.student_id == student_id)
        .order_by(Course.name, CourseBalance.id)
    )


def total_of_balances() -> Select[Decimal]:
    """Return the select of what all students together can still spend."""
    return select(func.coalesce(func.sum(CourseBalance.balance), Decimal(0)))


def transactions(student_id: int, course_id: int | None) -> Select[*tuple[Any, ...]]:
    """Return a student's ledger entries, newest first."""
    rows = _entries().where(BalanceTransaction.student_id == student_id).order_by(BalanceTransaction.id.desc())
    return rows if course_id is None else rows.where(BalanceTransaction.course_id == course_id)


def transaction(entry_id: int) -> Row[*tuple[Any, ...]]:
    """Return one ledger entry, which exists, as the list shows it."""
    return db.session.execute(_entries().where(BalanceTransaction.id == entry_id)).one()


def _entries() -> Select[*tuple[Any, ...]]:
    """Return the select of ledger entries, each with its kind and what it refers to."""
    return (
        select(
            BalanceTransaction.id,
            BalanceTransaction.course_id.label("course"),
            Course.name.label("course_name"),
            case(
                (BalanceTransaction.code_id.is_not(None), "recharge_code"),
                (BalanceTransaction.purchase_id.is_not(None), "purchase"),
                else_="adjustment",
            ).label("type"),
            BalanceTransaction.amount,
            BalanceTransaction.balance_after,
            RechargeCode.batch_id,
            RechargeCode.number,
            Lecture.name.label("lecture_name"),
            Adjustment.reason.label("note"),
            BalanceTransaction.created_at,
        )
        .join(Course, Course.id == BalanceTransaction.course_id)
        .outerjoin(RechargeCode, RechargeCode.id == BalanceTransaction.code_id)
        .outerjoin(Purchase, Purchase.id == BalanceTransaction.purchase_id)
        .outerjoin(Lecture, Lecture.id == Purchase.lecture_id)
        .outerjoin(Adjustment, Adjustment.id == BalanceTransaction.adjustment_id)
    )
