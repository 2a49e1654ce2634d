"""Whether a student may bring money into a course or buy in it."""

from typing import Any

from sqlalchemy import BigInteger, Row, and_, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from edutrack.accounts.models import Teacher, User
from edutrack.core.statements import run
from edutrack.courses.models import Course, Enrollment, Lecture, Topic


def course_access(student_id: int, course_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return `is_approved` (the student's enrolment is), `is_available` (course and teacher are active), `course_name`.

    None where there is no such course.
    """
    return run(_COURSE_ACCESS, student=student_id, course=course_id).one_or_none()


def lecture_access(student_id: int, lecture_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return `course_id`, `is_active` (the lecture and its topic are), `is_available` and `is_approved` of its course.

    Beside them stands who is to be told of a sale, and in which names: `teacher_user_id`, `lecture_name` and
    `course_name`. None where there is no such lecture.
    """
    return run(_LECTURE_ACCESS, student=student_id, lecture=lecture_id).one_or_none()


def _enrollment_of(course_id: InstrumentedAttribute[int]) -> Any:
    return and_(Enrollment.course_id == course_id, Enrollment.student_id == bindparam("student", type_=BigInteger))


# Built once, for redeeming and buying.
_COURSE_ACCESS = (
    select(
        (Enrollment.status == "approved").is_(True).label("is_approved"),
        and_(Course.is_active, User.is_active).label("is_available"),
        Course.name.label("course_name"),
    )
    .select_from(Course)
    .join(Course.teacher)
    .join(Teacher.user)
    .outerjoin(Enrollment, _enrollment_of(Course.id))
    .where(Course.id == bindparam("course", type_=BigInteger))
)
_LECTURE_ACCESS = (
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
    .outerjoin(Enrollment, _enrollment_of(Lecture.course_id))
    .where(Lecture.id == bindparam("lecture", type_=BigInteger))
)
