"""The business at a glance: what the console's first page shows (rules.md, "The first page")."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Row, cast, func, select

from edutrack.accounts.models import STUDENT_STATUSES, Teacher, User
from edutrack.core import clock
from edutrack.core.caller import Role
from edutrack.core.extensions import db
from edutrack.core.tallies import Tally, counted, students_counted
from edutrack.courses.models import Course, Lecture, Purchase
from edutrack.owner.figures.revenue import DayRevenue, by_day
from edutrack.structure.models import Grade
from edutrack.wallet.queries.balances import total_of_balances
from edutrack.wallet.queries.batches import counts_of_all_batches

_NOTHING = Decimal(0)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Takings:
    """What was bought in some days."""

    revenue: Decimal
    purchases: int


@dataclass(frozen=True)
class Glance:
    """What is bought now beside what was bought before, and the last days one by one."""

    today: Takings
    yesterday: Takings
    #: From the first of the calendar month until today.
    month: Takings
    #: As many days of the month before, from its first.
    month_before: Takings
    days: Sequence[DayRevenue]


@dataclass(frozen=True)
class GradeCount:
    """How many students are of a grade; a student may have none."""

    grade_id: int | None
    name: str | None
    count: int


@dataclass(frozen=True)
class StudentCounts:
    """The students by what tells them apart."""

    #: Every status, those that nobody has included.
    by_status: dict[str, int]
    #: In the order of the grades, those without one last; grades that nobody is in are left out.
    by_grade: Sequence[GradeCount]


def takings(today: date, most_days: int) -> Glance:
    """Return what is bought on the business day `today` and in its month, and the last `most_days` days.

    One statement (rules.md, "Revenue").
    """
    first_of_month = today.replace(day=1)
    last_of_month_before = first_of_month - _ONE_DAY
    first_of_month_before = last_of_month_before.replace(day=1)
    same_day_before = min(last_of_month_before, first_of_month_before + (today - first_of_month))
    first = today - timedelta(days=most_days - 1)
    days = by_day(min(first, first_of_month_before), today)

    def between(start: date, end: date) -> Takings:
        return _summed(one for one in days if start <= one.day <= end)

    return Glance(
        today=between(today, today),
        yesterday=between(today - _ONE_DAY, today - _ONE_DAY),
        month=between(first_of_month, today),
        month_before=between(first_of_month_before, same_day_before),
        days=[one for one in days if one.day >= first],
    )


def waiting_and_owed(today: date) -> Row[*tuple[Any, ...]]:
    """Return what waits for the site owner, and what the business owes. One statement.

    `pending_students` and `pending_enrollments` wait; `new_students` registered on the business day `today`;
    `unspent_codes` are worth `unspent_value`, and `balances` is what all students hold (rules.md, "The first page").
    """
    pending = counted("enrollments", status="pending")
    codes = counts_of_all_batches().subquery()
    newcomers = select(func.count()).where(
        User.role == Role.STUDENT.value,
        User.created_at >= clock.start_of_day(today),
        User.created_at < clock.start_of_day(today + _ONE_DAY),
    )
    return db.session.execute(
        select(
            students_counted(status="pending").scalar_subquery().label("pending_students"),
            select(cast(func.coalesce(func.sum(pending.c.count), 0), BigInteger))
            .scalar_subquery()
            .label("pending_enrollments"),
            newcomers.scalar_subquery().label("new_students"),
            cast(codes.c.unused_count, BigInteger).label("unspent_codes"),
            codes.c.unused_value.label("unspent_value"),
            total_of_balances().scalar_subquery().label("balances"),
        )
    ).one()


def student_counts() -> StudentCounts:
    """Return how many students are in each status and grade, from the tallies. One statement."""
    status = Tally.kind["status"].astext
    rows = db.session.execute(
        select(status.label("status"), Grade.id, Grade.name, cast(func.sum(Tally.count), BigInteger).label("students"))
        .select_from(Tally)
        .outerjoin(Grade, Grade.id == cast(Tally.kind["grade"].astext, BigInteger))
        .where(Tally.measure == "students")
        .group_by(status, Grade.id)
        .order_by(Grade.order.nulls_last(), Grade.name)
    ).all()
    by_status, by_grade = Counter(dict.fromkeys(STUDENT_STATUSES, 0)), Counter[tuple[int | None, str | None]]()
    for row in rows:
        by_status[row.status] += row.students
        by_grade[row.id, row.name] += row.students
    return StudentCounts(dict(by_status), [GradeCount(*grade, count) for grade, count in by_grade.items() if count])


def best_lectures(first: date, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the lectures that brought in most since the business day `first`, best first. One statement.

    Each with its `id`, `name`, `course_name`, `teacher_name`, `purchases` and `revenue`. Roll-ups know no days of
    lectures, so the purchases of these days are summed: to be asked of a month, and not of a year.
    """
    sold = (
        select(Purchase.lecture_id, func.count().label("purchases"), func.sum(Purchase.amount_paid).label("revenue"))
        .where(Purchase.purchased_at >= clock.start_of_day(first))
        .group_by(Purchase.lecture_id)
        .order_by(func.sum(Purchase.amount_paid).desc(), func.count().desc(), Purchase.lecture_id)
        .limit(most)
        .subquery()
    )
    return db.session.execute(
        select(
            Lecture.id,
            Lecture.name,
            Course.name.label("course_name"),
            Teacher.name.label("teacher_name"),
            sold.c.purchases,
            sold.c.revenue,
        )
        .join(sold, sold.c.lecture_id == Lecture.id)
        .join(Course, Course.id == Lecture.course_id)
        .join(Course.teacher)
        .order_by(sold.c.revenue.desc(), sold.c.purchases.desc(), Lecture.id)
    ).all()


def _summed(days: Iterable[DayRevenue]) -> Takings:
    known = list(days)
    return Takings(sum((one.revenue for one in known), _NOTHING), sum(one.purchases for one in known))
