"""Closing hours: rolling up what was bought in them, so that no figure has to sum it again.

Whatever is closed and whatever is not, the figures are the same: they add the purchases since the last closing.
"""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import ColumnElement, Date, Insert, cast, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from edutrack.core import clock
from edutrack.core.chores import start_chore
from edutrack.core.extensions import db
from edutrack.core.tallies import fold
from edutrack.core.transaction import in_transaction
from edutrack.courses.models import Purchase
from edutrack.owner.models import CourseRevenue, LectureRevenue, RevenueClosing, StudentRevenue, StudentTotal

#: What is rolled up at a time, which is as long as buying has to wait.
_AT_A_TIME = timedelta(days=31)
#: How long an hour stays open for purchases that are on their way.
_GRACE = timedelta(minutes=1)
_PAUSE_SECONDS = 60.0
_ROLL_UPS = (CourseRevenue, LectureRevenue, StudentRevenue, StudentTotal)


def start_rolling_up(app: Flask) -> None:
    """Give a server process the chore of rolling figures up; of several processes one does it."""
    start_chore(app, "rolling-up", roll_up, every=_PAUSE_SECONDS)


def roll_up() -> None:
    """Close every hour that is over, some at a time, and fold the tallies; each time in a transaction of its own."""
    while in_transaction(close_hours):
        continue
    in_transaction(fold)


def close_hours() -> bool:
    """Roll up some more of the hours that are over; return whether there are more (rules.md, "Revenue").

    To be called in a transaction of its own. While it runs nothing can be bought: nobody's purchase may slip into an
    hour that is just being summed. Raises OperationalError where it had to wait for that for more than two seconds.
    """
    end = _hour_of(clock.now() - _GRACE)
    zone = clock.business_zone().key
    closing = db.session.execute(select(RevenueClosing.closed_before, RevenueClosing.time_zone)).one()
    if closing.closed_before >= end and closing.time_zone == zone:
        return False
    _stop_buying()
    start = _begin(zone)
    last = min(end, start + _AT_A_TIME)
    for statement in _roll_ups(start, last, zone):
        db.session.execute(statement)
    db.session.execute(update(RevenueClosing).values(closed_before=last, time_zone=zone))
    return last < end


def _hour_of(moment: datetime) -> datetime:
    """Return when the hour of a moment began."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _stop_buying() -> None:
    """Wait until no purchase is on its way any more, and hold back the next ones until this transaction ends."""
    db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
    db.session.execute(text("LOCK TABLE purchases IN SHARE ROW EXCLUSIVE MODE"))


def _begin(zone: str) -> datetime:
    """Return from when on there is something to roll up, forgetting what was rolled up by another zone's days."""
    closing = db.session.execute(select(RevenueClosing.closed_before, RevenueClosing.time_zone)).one()
    if closing.time_zone != zone:
        for model in _ROLL_UPS:
            db.session.execute(delete(model))
        since = None
    else:
        since = closing.closed_before
    first = select(func.min(Purchase.purchased_at))
    first_purchase = db.session.scalar(first if since is None else first.where(Purchase.purchased_at >= since))
    return _hour_of(first_purchase or clock.now())


def _roll_ups(start: datetime, end: datetime, zone: str) -> tuple[Insert, ...]:
    day: ColumnElement[object] = cast(func.timezone(literal(zone), Purchase.purchased_at), Date)
    between = (Purchase.purchased_at >= start, Purchase.purchased_at < end)
    sums = (func.count().label("purchases"), func.sum(Purchase.amount_paid).label("revenue"))
    last = func.max(Purchase.purchased_at).label("last_purchase_at")

    courses = insert(CourseRevenue).from_select(
        ["course_id", "day", "purchases", "revenue"],
        select(Purchase.course_id, day.label("day"), *sums).where(*between).group_by(Purchase.course_id, day),
    )
    lectures = insert(LectureRevenue).from_select(
        ["lecture_id", "course_id", "purchases", "revenue"],
        select(Purchase.lecture_id, Purchase.course_id, *sums)
        .where(*between)
        .group_by(Purchase.lecture_id, Purchase.course_id),
    )
    students = insert(StudentRevenue).from_select(
        ["student_id", "course_id", "purchases", "revenue", "last_purchase_at"],
        select(Purchase.student_id, Purchase.course_id, *sums, last)
        .where(*between)
        .group_by(Purchase.student_id, Purchase.course_id),
    )
    totals = insert(StudentTotal).from_select(
        ["student_id", "purchases", "revenue", "last_purchase_at"],
        select(Purchase.student_id, *sums, last).where(*between).group_by(Purchase.student_id),
    )
    return (
        courses.on_conflict_do_update(
            index_elements=[CourseRevenue.course_id, CourseRevenue.day],
            set_={
                "purchases": CourseRevenue.purchases + courses.excluded.purchases,
                "revenue": CourseRevenue.revenue + courses.excluded.revenue,
            },
        ),
        lectures.on_conflict_do_update(
            index_elements=[LectureRevenue.lecture_id],
            set_={
                "purchases": LectureRevenue.purchases + lectures.excluded.purchases,
                "revenue": LectureRevenue.revenue + lectures.excluded.revenue,
            },
        ),
        students.on_conflict_do_update(
            index_elements=[StudentRevenue.student_id, StudentRevenue.course_id],
            set_={
                "purchases": StudentRevenue.purchases + students.excluded.purchases,
                "revenue": StudentRevenue.revenue + students.excluded.revenue,
                "last_purchase_at": students.excluded.last_purchase_at,
            },
        ),
        totals.on_conflict_do_update(
            index_elements=[StudentTotal.student_id],
            set_={
                "purchases": StudentTotal.purchases + totals.excluded.purchases,
                "revenue": StudentTotal.revenue + totals.excluded.revenue,
                "last_purchase_at": totals.excluded.last_purchase_at,
            },
        ),
    )
