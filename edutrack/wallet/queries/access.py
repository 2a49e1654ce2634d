"""Whether a student may bring money into a course or buy in it."""

from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import InstrumentedAttribute

from edutrack.accounts.models import Teacher, User
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Enrollment, Lecture, Topic


def course_access(student_id: int, course_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return `is_approved` (the student's enrolment is), `is_available` (course and teacher are active), `course_name`.

    None where there is no such course.
    """
    statement = (
        select(
            (Enrollment.status == "approved").is_(True).label("is_approved"),
            and_(Course.is_active, User.is_active).label("is_available"),
            Course.name.label("course_name"),
        )
        .select_from(Course)
        .join(Course.teacher)
        .join(Teacher.user)
        .outerjoin(Enrollment, _enrollment_of(student_id, Course.id))
        .where(Course.id == course_id)
    )
    return db.session.execute(statement).one_or_none()


def lecture_access(student_id: int, lecture_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return `course_id`, `is_active` (the lecture and its topic are), `is_available` and `is_approved` of its course.

    Beside them stands who is to be told of a sale, and in which names: `teacher_user_id`, `lecture_name` and
    `course_name`. None where there is no such lecture.
    """
    statement = (
        select(
            Lecture.course_id,
            and_(Lecture.is_active, Topic.is_active).label("is_active"),
            and_(Course.is_active, User.is_active).label("is_available"),
            (Enrollment.status == "approved").is_(True).label("is_approved"),
            Teacher.user_id.label("teacher_user_id"),
            Lecture.name.label("lecture_name"),
            Course.name.label("course_name"),
        )
        .select_from(Lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .join(Course.teacher)
        .join(Teacher.user)
        .outerjoin(Enrollment, _enrollment_of(student_id, Lecture.course_id))
        .where(Lecture.id == lecture_id)
    )
    return db.session.execute(statement).one_or_none()


def _enrollment_of(student_id: int, course_id: InstrumentedAttribute[int]) -> Any:
    return and_(Enrollment.course_id == course_id, Enrollment.student_id == student_id)
