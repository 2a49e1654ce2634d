"""What the site owner is shown of one teacher: the courses with their students and what they brought in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Row, Select, Subquery, cast, func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Enrollment
from edutrack.owner.figures import sums
from edutrack.owner.models import CourseRevenue
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
    sold = sums.by_course(CourseRevenue.course_id.in_(own))
    this_month = _revenue_since(clock.today().replace(day=1), own)
    asked = (
        select(
            Enrollment.course_id,
            func.count().filter(Enrollment.status == "approved").label("students"),
            func.count().filter(Enrollment.status == "pending").label("waiting"),
        )
        .where(Enrollment.course_id.in_(own))
        .group_by(Enrollment.course_id)
        .subquery()
    )
    revenue = func.coalesce(sold.c.revenue, _NOTHING)
    courses = db.session.execute(
        select(
            Course.id,
            Course.name,
            Grade.name.label("grade_name"),
            Course.is_active,
            func.coalesce(asked.c.students, 0).label("students"),
            func.coalesce(asked.c.waiting, 0).label("waiting"),
            cast(func.coalesce(sold.c.purchases, 0), BigInteger).label("purchases"),
            revenue.label("revenue"),
            func.coalesce(this_month.c.revenue, _NOTHING).label("revenue_this_month"),
        )
        .join(Course.grade)
        .outerjoin(sold, sold.c.course_id == Course.id)
        .outerjoin(this_month, this_month.c.course_id == Course.id)
        .outerjoin(asked, asked.c.course_id == Course.id)
        .where(Course.teacher_id == teacher_id)
        .order_by(revenue.desc(), Course.name, Course.id)
    ).all()
    students = db.session.scalar(
        select(func.count(Enrollment.student_id.distinct())).where(
            Enrollment.course_id.in_(own), Enrollment.status == "approved"
        )
    )
    return TeacherFigures(courses, students or 0)


def _revenue_since(first: date, courses: Select[int]) -> Subquery:
    """Return `course_id` and `revenue` of those of the courses that were bought from on that day or later."""
    days = sums.by_day()
    return (
        select(days.c.course_id, func.sum(days.c.revenue).label("revenue"))
        .where(days.c.day >= first, days.c.course_id.in_(courses))
        .group_by(days.c.course_id)
        .subquery()
    )
