"""Buying a lecture: the access right and its price, both or neither."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, Rejected, invalid_pk
from edutrack.core.statements import run
from edutrack.courses.models import Lecture, Purchase
from edutrack.notifications.service import notify
from edutrack.wallet.queries.access import lecture_access
from edutrack.wallet.service.ledger import Source, balance_of, debit

_NOT_ENROLLED = "You must be enrolled and approved in this course before purchasing lectures."


def buy_lecture(caller: Caller, lecture_id: int) -> int:
    """Give the student a lecture for its days and take its price from the course's balance; return the purchase's id.

    The teacher is told (rules.md, "Notifications").
    Raises, in this order: Invalid for an unknown lecture, Rejected for one that is not for sale, Forbidden without an
    approved enrolment, Rejected where it is bought already or the balance does not suffice (rules.md, "Buying").
    """
    access = lecture_access(caller.student_id, lecture_id)
    if access is None:
        raise invalid_pk("lecture", lecture_id)
    if not access.is_active:
        raise Rejected("This lecture is not available.")
    if not access.is_available:
        raise Rejected("This course is not available.")
    if not access.is_approved:
        raise Forbidden(_NOT_ENROLLED)
    now = clock.now()
    bought = _grant_access(caller.student_id, lecture_id, now)
    if bought is None:
        raise Rejected("You have already purchased this lecture.")
    if bought.amount_paid > 0:
        source = Source(purchase_id=bought.id)
        if debit(caller.student_id, access.course_id, bought.amount_paid, source, now) is None:
            missing = bought.amount_paid - balance_of(caller.student_id, access.course_id)
            raise Rejected(f"Insufficient balance. You need {missing:.2f} more.")
    notify(
        access.teacher_user_id,
        "lecture_purchased",
        purchase_id=bought.id,
        lecture_id=lecture_id,
        course_id=access.course_id,
        student_id=caller.student_id,
        lecture_name=access.lecture_name,
        course_name=access.course_name,
        student_name=caller.name,
    )
    return bought.id


def _grant_access(student_id: int, lecture_id: int, now: datetime) -> Row[int, Decimal] | None:
    """Insert the purchase at the lecture's price and days of this moment; None where the student has one already.

    Price and days are read by the statement that writes them: a change of price is before or after, never between.
    """
    return run(_GRANT_ACCESS, student=student_id, lecture=lecture_id, now=now).one_or_none()


_STUDENT, _LECTURE = bindparam("student", type_=BigInteger), bindparam("lecture", type_=BigInteger)
_NOW = bindparam("now", type_=DateTime(timezone=True))
# Hours, because a day of the session's time zone may have 23 or 25 of them.
_EXPIRES_AT = _NOW + func.make_interval(0, 0, 0, 0, Lecture.available_days * 24)
_GRANT_ACCESS = (
    insert(Purchase)
    .from_select(
        ["student_id", "lecture_id", "course_id", "amount_paid", "purchased_at", "expires_at", "effective_expiry"],
        select(_STUDENT, Lecture.id, Lecture.course_id, Lecture.final_price, _NOW, _EXPIRES_AT, _EXPIRES_AT).where(
            Lecture.id == _LECTURE
        ),
    )
    .on_conflict_do_nothing(index_elements=["student_id", "lecture_id"])
    .returning(Purchase.id, Purchase.amount_paid)
)
