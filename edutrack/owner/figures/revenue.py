"""Revenue: what was paid, counted when it was bought (rules.md, "Revenue").

Each function reads all its sums in one statement, so that totals and their parts agree while purchases arrive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Row,
    Select,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from edutrack.accounts.models import Student, Teacher
from edutrack.core import clock
from edutrack.core.errors import Invalid
from edutrack.core.extensions import db
from edutrack.core.tallies import ALL_TEACHERS, counted, learners
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, Topic
from edutrack.owner.figures import sums

#: Days in a trend by default, beside the last one.
DEFAULT_DAYS = 30
#: Three years with a leap day: the longest range of a trend.
MOST_DAYS = 1096
_SECONDS_OF_A_DAY = 86_400
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class DayRevenue:
    """What was bought on one business day."""

    day: date
    revenue: Decimal
    purchases: int


def overview() -> dict[str, Any]:
    """Return the `summary` of everything and the `courses`, best first, inactive ones included. One statement."""
    sold = sums.by_course()
    enrolled = counted("enrollments", status="approved")
    revenue = func.coalesce(sold.c.revenue, _NOTHING)
    courses = db.session.execute(
        select(
            Course.id,
            Course.name,
            Course.is_active,
            _whole(enrolled.c.count).label("enrolled_count"),
            _whole(sold.c.purchases).label("purchase_count"),
            revenue.label("revenue"),
            learners(ALL_TEACHERS).scalar_subquery().label("learners"),
        )
        .outerjoin(sold, sold.c.course_id == Course.id)
        .outerjoin(enrolled, enrolled.c.subject_id == Course.id)
        .order_by(revenue.desc(), Course.id)
    ).all()
    return {
        "summary": {
            "total_revenue": sum((course.revenue for course in courses), _NOTHING),
            "total_purchases": sum(course.purchase_count for course in courses),
            # Nobody is enrolled where there is no course.
            "total_students": courses[0].learners if courses else 0,
            "total_courses": len(courses),
        },
        "courses": courses,
    }


def of_course(course: Course) -> dict[str, Any]:
    """Return a course's revenue by topic, lecture and buyer, what was not sold as zero. One statement.

    Totals are those of its lectures; buyers stand with who spent most first.
    """
    # In one statement, which sees one moment: lectures and buyers come to the same money.
    parts = union_all(_lectures_sold(course.id), _buyers(course.id)).subquery()
    columns = parts.c
    rows = db.session.execute(
        select(parts).order_by(
            columns.topic_order,
            columns.topic_id,
            columns.lecture_order,
            columns.lecture_id,
            columns.revenue.desc(),
            columns.student_id,
        )
    ).all()
    return {
        "course_id": course.id,
        "course_name": course.name,
        **_of_lectures([row for row in rows if row.student_id is None]),
        "student_spending": [row for row in rows if row.student_id is not None],
    }


def of_course_lectures(course: Course) -> dict[str, Any]:
    """Return what `of_course` does without the buyers, of whom there may be any number. One statement."""
    sold = _lectures_sold(course.id).order_by(Topic.order, Topic.id, Lecture.order, Lecture.id)
    return _of_lectures(db.session.execute(sold).all())


def _of_lectures(lectures: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, Any]:
    return {
        "total_revenue": sum((row.revenue for row in lectures), _NOTHING),
        "total_purchases": sum(row.purchase_count for row in lectures),
        "topics": _topics(lectures),
        "lectures": [row for row in lectures if row.lecture_id is not None],
    }


def _lectures_sold(course_id: int) -> Select[*tuple[Any, ...]]:
    """Return the select of the lectures of a course; a topic without any is a row without a lecture."""
    sold = sums.by_lecture(course_id)
    return (
        select(
            Topic.order.label("topic_order"),
            Topic.id.label("topic_id"),
            Topic.name.label("topic_name"),
            Lecture.order.label("lecture_order"),
            Lecture.id.label("lecture_id"),
            Lecture.name.label("lecture_name"),
            Lecture.price,
            Lecture.final_price,
            null().label("student_id"),
            null().label("student_name"),
            null().label("student_code"),
            _whole(sold.c.purchases).label("purchase_count"),
            func.coalesce(sold.c.revenue, _NOTHING).label("revenue"),
        )
        .select_from(Topic)
        .outerjoin(Lecture, Lecture.topic_id == Topic.id)
        .outerjoin(sold, sold.c.lecture_id == Lecture.id)
        .where(Topic.course_id == course_id)
    )


def _buyers(course_id: int) -> Select[*tuple[Any, ...]]:
    """Return the select of who bought in a course, with the columns of `_lectures_sold`."""
    bought = sums.by_student(course_id)
    return select(
        *(null() for _ in range(8)),
        Student.id,
        Student.name_ar,
        Student.student_code,
        _whole(bought.c.purchases),
        bought.c.revenue,
    ).join_from(Student, bought, bought.c.student_id == Student.id)


def _topics(lectures: Sequence[Row[*tuple[Any, ...]]]) -> list[dict[str, Any]]:
    topics: dict[int, dict[str, Any]] = {}
    for row in lectures:
        empty = {"lecture_count": 0, "purchase_count": 0, "revenue": _NOTHING}
        topic = topics.setdefault(row.topic_id, {"topic_id": row.topic_id, "topic_name": row.topic_name, **empty})
        topic["lecture_count"] += row.lecture_id is not None
        topic["purchase_count"] += row.purchase_count
        topic["revenue"] += row.revenue
    return list(topics.values())


def of_lecture(lecture: Lecture) -> dict[str, Any]:
    """Return a lecture's purchases, latest first, and what they come to. One statement."""
    timeline = db.session.execute(purchases_of_lecture(lecture)).all()
    waited = [(row.purchased_at - lecture.created_at) / timedelta(days=1) for row in timeline]
    return {
        "lecture_id": lecture.id,
        "lecture_name": lecture.name,
        "course_name": lecture.topic.course.name,
        "price": lecture.price,
        "final_price": lecture.final_price,
        "total_revenue": sum((row.amount_paid for row in timeline), _NOTHING),
        # A student buys a lecture once, for ever.
        "buyer_count": len(timeline),
        "purchase_count": len(timeline),
        "average_days_to_purchase": round(sum(waited) / len(waited), 2) if waited else 0.0,
        "purchase_timeline": timeline,
    }


def purchases_of_lecture(lecture: Lecture) -> Select[*tuple[Any, ...]]:
    """Return the select of a lecture's purchases with their buyers, latest first."""
    return (
        select(
            Student.id.label("student_id"),
            Student.name_ar.label("student_name"),
            Student.student_code,
            Purchase.amount_paid,
            Purchase.purchased_at,
        )
        .join(Purchase.student)
        .where(Purchase.lecture_id == lecture.id)
        .order_by(Purchase.purchased_at.desc(), Purchase.id.desc())
    )


def purchase_ids_of_lecture(lecture: Lecture) -> Select[int]:
    """Return the select of the ids of a lecture's purchases, latest first: to cut a page from before names are read."""
    # Sorted as pairs, which no index is in the order of: by the index over days PostgreSQL would pass the purchases of
    # all lectures until it has met a page of this one's.
    latest_first = tuple_(Purchase.purchased_at, Purchase.id).desc()
    return select(Purchase.id).where(Purchase.lecture_id == lecture.id).order_by(latest_first)


def purchases_numbered(lecture: Lecture, ids: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return those of a lecture's purchases that have these ids, as `purchases_of_lecture` does. One statement."""
    return db.session.execute(purchases_of_lecture(lecture).where(Purchase.id.in_(ids))).all()


def sales_of_lecture(lecture: Lecture) -> Row[*tuple[Any, ...]]:
    """Return `revenue`, `purchases` and `average_days`, what `of_lecture` says without its purchases. One statement."""
    waited = func.extract("epoch", func.avg(Purchase.purchased_at - lecture.created_at)) / _SECONDS_OF_A_DAY
    return db.session.execute(
        select(
            func.coalesce(func.sum(Purchase.amount_paid), _NOTHING).label("revenue"),
            func.count().label("purchases"),
            func.round(waited, 2).label("average_days"),
        ).where(Purchase.lecture_id == lecture.id)
    ).one()


def students(course_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """Return the select of everyone with an approved enrolment or a purchase (in a course), who spent most first."""
    enrolled = select(Enrollment.student_id, func.count().label("courses")).where(Enrollment.status == "approved")
    if course_id is not None:
        enrolled = enrolled.where(Enrollment.course_id == course_id)
    counted = enrolled.group_by(Enrollment.student_id).subquery()
    bought = sums.by_student(course_id)
    spent = func.coalesce(bought.c.revenue, _NOTHING)
    return (
        select(
            Student.id.label("student_id"),
            Student.name_ar.label("student_name"),
            Student.student_code,
            func.coalesce(counted.c.courses, 0).label("courses_enrolled"),
            spent.label("total_spent"),
            func.coalesce(bought.c.purchases, 0).label("lectures_purchased"),
            bought.c.last_purchase_at,
        )
        .outerjoin(counted, counted.c.student_id == Student.id)
        .outerjoin(bought, bought.c.student_id == Student.id)
        .where((counted.c.student_id.is_not(None)) | (bought.c.student_id.is_not(None)))
        .order_by(spent.desc(), Student.id)
    )


def trend(first: date | None, last: date | None) -> dict[str, Any]:
    """Return what was bought from `first` to `last` by day, every day present; one statement.

    Without an end it is today, without a start the 30 days before the end. Raises Invalid for a range that ends before
    it starts, or is longer than 1,096 days.
    """
    last = last or clock.today()
    try:
        first = first or last - timedelta(days=DEFAULT_DAYS)
    except OverflowError:
        first = date.min
    if last < first:
        raise Invalid({"end_date": ["The end date cannot be before the start date."]})
    if (last - first).days >= MOST_DAYS:
        raise Invalid({"end_date": [f"The range cannot be longer than {MOST_DAYS} days."]})
    days = by_day(first, last)
    return {
        "start_date": first,
        "end_date": last,
        "total_revenue": sum((one.revenue for one in days), _NOTHING),
        "total_purchases": sum(one.purchases for one in days),
        "daily_trends": days,
    }


def by_day(first: date, last: date, course_id: int | None = None) -> list[DayRevenue]:
    """Return every business day from `first` to `last` (of a course), days without purchases as zero. One statement."""
    bought = sums.by_day()
    summed = select(
        bought.c.day,
        func.sum(bought.c.revenue).label("revenue"),
        _whole(func.sum(bought.c.purchases)).label("purchases"),
    ).where(bought.c.day.between(first, last))
    if course_id is not None:
        summed = summed.where(bought.c.course_id == course_id)
    found = db.session.execute(summed.group_by(bought.c.day))
    return _every_day(first, last, found)


def by_day_of_lecture(lecture: Lecture, first: date, last: date) -> list[DayRevenue]:
    """Return what `by_day` does of one lecture, from its purchases. One statement."""
    day: ColumnElement[Any] = cast(func.timezone(literal(clock.business_zone().key), Purchase.purchased_at), Date)
    found = db.session.execute(
        select(day.label("day"), func.sum(Purchase.amount_paid).label("revenue"), func.count().label("purchases"))
        .where(Purchase.lecture_id == lecture.id, Purchase.purchased_at >= clock.start_of_day(first))
        .group_by(day)
    )
    return _every_day(first, last, found)


def courses_between(first: date, last: date, most: int | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the courses that were bought from in the days from `first` to `last`, best first. One statement.

    Each with its `id`, `name`, `teacher_name`, `purchases` and `revenue`; no more than `most` of them.
    """
    days = sums.by_day()
    sold = (
        select(
            days.c.course_id,
            _whole(func.sum(days.c.purchases)).label("purchases"),
            func.sum(days.c.revenue).label("revenue"),
        )
        .where(days.c.day.between(first, last))
        .group_by(days.c.course_id)
        .subquery()
    )
    return db.session.execute(
        select(Course.id, Course.name, Teacher.name.label("teacher_name"), sold.c.purchases, sold.c.revenue)
        .join(sold, sold.c.course_id == Course.id)
        .join(Course.teacher)
        .order_by(sold.c.revenue.desc(), sold.c.purchases.desc(), Course.id)
        .limit(most)
    ).all()


def _whole(count: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a sum of counts, which PostgreSQL makes a decimal, as the whole number that it is; nothing as zero."""
    return cast(func.coalesce(count, 0), BigInteger)


def _every_day(first: date, last: date, found: Iterable[Row[*tuple[Any, ...]]]) -> list[DayRevenue]:
    known = {row.day: DayRevenue(row.day, row.revenue, row.purchases) for row in found}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [known.get(one) or DayRevenue(one, _NOTHING, 0) for one in days]
