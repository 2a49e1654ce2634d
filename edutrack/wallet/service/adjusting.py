"""Correcting a balance by hand."""

from decimal import Decimal

from sqlalchemy import select

from edutrack.accounts.models import Student
from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Course
from edutrack.wallet.models import Adjustment
from edutrack.wallet.service.ledger import LARGEST_BALANCE, Source, credit, debit, tell_of_credit


def adjust_balance(caller: Caller, *, student: int, course: int, amount: Decimal, reason: str) -> int:
    """Add `amount` to a student's balance in a course, or take it where it is negative; return the ledger entry's id.

    What is added is told to the student (rules.md, "Adjustments"). Raises Invalid, by field, for an unknown student or
    course, and for an amount that the balance does not hold, or cannot hold.
    """
    user_id, course_name = _concerned(student, course)
    now = clock.now()
    adjustment = Adjustment(
        student_id=student,
        course_id=course,
        amount=amount,
        reason=reason,
        created_by_id=caller.user_id,
        created_at=now,
    )
    db.session.add(adjustment)
    db.session.flush()
    source = Source(adjustment_id=adjustment.id)
    if amount < 0:
        entry = debit(student, course, -amount, source, now)
        if entry is None:
            raise Invalid({"amount": ["The balance cannot go below zero."]})
    else:
        entry = credit(student, course, amount, source, now)
        if entry is None:
            raise Invalid({"amount": [f"The balance cannot go above {LARGEST_BALANCE}."]})
        tell_of_credit(user_id, course, course_name, amount, entry)
    audit.record(caller, "balance.adjusted", adjustment, student=student, course=course, amount=str(amount))
    db.session.flush()
    return entry.id


def _concerned(student_id: int, course_id: int) -> tuple[int, str]:
    """Return the student's user id and the course's name; raises Invalid for each that does not exist."""
    user_id, course_name = db.session.execute(
        select(
            select(Student.user_id).where(Student.id == student_id).scalar_subquery(),
            select(Course.name).where(Course.id == course_id).scalar_subquery(),
        )
    ).one()
    messages: dict[str, list[str]] = {}
    if user_id is None:
        messages |= invalid_pk("student", student_id).messages
    if course_name is None:
        messages |= invalid_pk("course", course_id).messages
    if messages:
        raise Invalid(messages)
    return user_id, course_name
