"""What the site owner is shown of one teacher: the courses with their students and what they brought in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, Subquery, cast, func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.tallies import Tally, counted, learners
from edutrack.courses.models import Course
from edutrack.owner.figures import sums
from edutrack.structure.models import Grade

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class TeacherFigures:
    """A teacher's courses, best first, and what they come to."""

    #: Each with `id`, `name`, `grade_name`, `is_active`, `students`, `waiting`, `purchases`, `revenue` and
    #: `revenue_this_month`.
    courses: Sequence[Row[*tuple[Any, ...]]]
    #: Students with an approved enrolment, each counted once.
    students: int

    @property
    def revenue(self) -> Decimal:
        """What was paid for lectures of all the courses, ever."""
        return sum((course.revenue for course in self.courses), _NOTHING)

    @property
    def revenue_this_month(self) -> Decimal:
        """What was paid since the first of the calendar month."""
        return sum((course.revenue_this_month for course in self.courses), _NOTHING)

    @property
    def open_courses(self) -> int:
        """How many of the courses students see."""
        return sum(course.is_active for course in self.courses)


def figures_of_teacher(teacher_id: int) -> TeacherFigures:
    """Return a teacher's courses with their figures (rules.md, "Revenue"). Two statements."""
    own = select(Course.id).where(Course.teacher_id == teacher_id)
    sold = sums.by_course()
    this_month = _revenue_since(clock.today().replace(day=1), own)
    approved, pending = (
        counted("enrollments", Tally.subject_id.in_(own), status=status) for status in ("approved", "pending")
    )
    revenue = func.coalesce(sold.c.revenue, _NOTHING)
    courses = db.session.execute(
        select(
            Course.id,
            Course.name,
            Grade.name.label("grade_name"),
            Course.is_active,
            _whole(approved.c.count).label("students"),
            _whole(pending.c.count).label("waiting"),
            _whole(sold.c.purchases).label("purchases"),
            revenue.label("revenue"),
            func.coalesce(this_month.c.revenue, _NOTHING).label("revenue_this_month"),
        )
        .join(Course.grade)
        .outerjoin(sold, sold.c.course_id == Course.id)
        .outerjoin(this_month, this_month.c.course_id == Course.id)
        .outerjoin(approved, approved.c.subject_id == Course.id)
        .outerjoin(pending, pending.c.subject_id == Course.id)
        .where(Course.teacher_id == teacher_id)
        .order_by(revenue.desc(), Course.name, Course.id)
    ).all()
    return TeacherFigures(courses, db.session.scalar(learners(teacher_id)) or 0)


def _whole(count: ColumnElement[Any]) -> ColumnElement[int]:
    # Sums of whole numbers are numeric to the database, and would be shown as money.
    return cast(func.coalesce(count, 0), BigInteger)


def _revenue_since(first: date, courses: Select[int]) -> Subquery:
    """Return `course_id` and `revenue` of those of the courses that were bought from on that day or later."""
    days = sums.by_day()
    return (
        select(days.c.course_id, func.sum(days.c.revenue).label("revenue"))
        .where(days.c.day >= first, days.c.course_id.in_(courses))
        .group_by(days.c.course_id)
        .subquery()
    )
