"""What was bought, summed by course, lecture, student or day: closed hours from the roll-ups, the rest from purchases.

Each is one subquery, so that whatever reads it sees closed and open hours at the same moment.
"""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Subquery,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.metrics import measure
from edutrack.courses.models import Purchase
from edutrack.owner.models import CourseRevenue, LectureRevenue, RevenueClosing, StudentRevenue, StudentTotal

_NOTHING = Decimal(0)
_NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz")


def by_course() -> Subquery:
    """Return `course_id`, `purchases`, `revenue` of every course that was bought from."""
    closed = select(LectureRevenue.course_id, LectureRevenue.purchases, LectureRevenue.revenue)
    since = (
        select(Purchase.course_id, func.count().label("purchases"), func.sum(Purchase.amount_paid).label("revenue"))
        .where(_not_closed())
        .group_by(Purchase.course_id)
    )
    parts = union_all(closed, since).subquery()
    return (
        select(
            parts.c.course_id,
            func.sum(parts.c.purchases).label("purchases"),
            func.sum(parts.c.revenue).label("revenue"),
        )
        .group_by(parts.c.course_id)
        .subquery()
    )


def by_lecture(course_id: int) -> Subquery:
    """Return `lecture_id`, `purchases`, `revenue` of every lecture of a course that was bought."""
    closed = select(LectureRevenue.lecture_id, LectureRevenue.purchases, LectureRevenue.revenue).where(
        LectureRevenue.course_id == course_id
    )
    since = (
        select(Purchase.lecture_id, func.count().label("purchases"), func.sum(Purchase.amount_paid).label("revenue"))
        .where(Purchase.course_id == course_id, _not_closed())
        .group_by(Purchase.lecture_id)
    )
    parts = union_all(closed, since).subquery()
    return (
        select(
            parts.c.lecture_id,
            func.sum(parts.c.purchases).label("purchases"),
            func.sum(parts.c.revenue).label("revenue"),
        )
        .group_by(parts.c.lecture_id)
        .subquery()
    )


def by_student(course_id: int | None = None, among: Select[int] | None = None) -> Subquery:
    """Return `student_id`, `purchases`, `revenue`, `last_purchase_at` of every buyer (of one course).

    `piasters` is the revenue to rank by: as whole numbers, which to sort takes half the time of decimals. `among`
    selects the ids of the students who are asked about, so that the others are not summed.
    """
    rolled_up = _rolled_up(course_id)
    closed = select(rolled_up.student_id, rolled_up.purchases, rolled_up.revenue, rolled_up.last_purchase_at)
    since = (
        select(
            Purchase.student_id,
            func.count().label("purchases"),
            func.sum(Purchase.amount_paid).label("revenue"),
            func.max(Purchase.purchased_at).label("last_purchase_at"),
        )
        .where(_not_closed())
        .group_by(Purchase.student_id)
    )
    if course_id is not None:
        closed = closed.where(StudentRevenue.course_id == course_id)
        since = since.where(Purchase.course_id == course_id)
    if among is not None:
        closed = closed.where(rolled_up.student_id.in_(among))
        since = since.where(Purchase.student_id.in_(among))
    # A student stands in each no more than once, so joining them saves grouping everybody.
    before, now = closed.subquery(), since.subquery()
    revenue = func.coalesce(before.c.revenue, _NOTHING) + func.coalesce(now.c.revenue, _NOTHING)
    return (
        select(
            func.coalesce(before.c.student_id, now.c.student_id).label("student_id"),
            (func.coalesce(before.c.purchases, 0) + func.coalesce(now.c.purchases, 0)).label("purchases"),
            revenue.label("revenue"),
            func.greatest(before.c.last_purchase_at, now.c.last_purchase_at).label("last_purchase_at"),
            cast(revenue * 100, BigInteger).label("piasters"),
        )
        .join_from(before, now, now.c.student_id == before.c.student_id, full=True)
        .subquery()
    )


def buyer_count(course_id: int | None = None) -> Select[int]:
    """Return the select of how many students have bought something (in a course), which sums nothing of it."""
    rolled_up = _rolled_up(course_id)
    closed = select(rolled_up.student_id)
    is_known = exists().where(rolled_up.student_id == Purchase.student_id)
    since = select(func.count(Purchase.student_id.distinct())).where(_not_closed())
    if course_id is not None:
        closed = closed.where(StudentRevenue.course_id == course_id)
        is_known = is_known.where(StudentRevenue.course_id == course_id)
        since = since.where(Purchase.course_id == course_id)
    known = select(func.count()).select_from(closed.subquery()).scalar_subquery()
    return select(known + since.where(~is_known).scalar_subquery())


def _rolled_up(course_id: int | None) -> type[StudentRevenue] | type[StudentTotal]:
    """Return where the closed hours of students are rolled up: by course, or once for each of them."""
    return StudentTotal if course_id is None else StudentRevenue


def by_day() -> Subquery:
    """Return `day`, `course_id`, `purchases`, `revenue`; to be narrowed by `day`."""
    day: ColumnElement[object] = cast(func.timezone(literal(clock.business_zone().key), Purchase.purchased_at), Date)
    closed = select(CourseRevenue.day, CourseRevenue.course_id, CourseRevenue.purchases, CourseRevenue.revenue)
    since = (
        select(
            day.label("day"),
            Purchase.course_id,
            func.count().label("purchases"),
            func.sum(Purchase.amount_paid).label("revenue"),
        )
        .where(_not_closed())
        .group_by(day, Purchase.course_id)
    )
    return union_all(closed, since).subquery()


def _not_closed() -> ColumnElement[bool]:
    closed_before = select(RevenueClosing.closed_before).scalar_subquery()
    # The planner cannot know how few these are: of an open range it expects a third of the table, and sends for helpers
    # that take longer to come than the work; of a range with two ends it expects next to nothing.
    return Purchase.purchased_at.between(closed_before, _NEVER)


def roll_up_lag() -> float:
    """Return how many seconds ago the last hour that is rolled up ended."""
    closed_before = db.session.scalars(select(RevenueClosing.closed_before)).one()
    return (clock.now() - closed_before).total_seconds()


measure("edutrack_roll_up_lag_seconds", "How long ago the last hour that is rolled up ended.", roll_up_lag)
