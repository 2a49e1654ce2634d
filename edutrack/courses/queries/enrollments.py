"""Reading enrolments: a student's own, those of a teacher's courses, and what they open."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import aliased, contains_eager

from edutrack.accounts.models import Assistant, Student, Teacher, User
from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.pagination import matching
from edutrack.courses.models import Course, Enrollment
from edutrack.courses.queries.fit import fits_student
from edutrack.courses.queries.scope import own_courses
from edutrack.structure.models import Grade, Subject

_ApprovingTeacher = aliased(Teacher)


def enrollment_rows() -> Select[*tuple[Any, ...]]:
    """Return the select of all enrolments with what EnrollmentSchema shows, newest first, in one statement."""
    return (
        select(
            Enrollment.id,
            Enrollment.student_id.label("student"),
            Student.name_ar.label("student_name"),
            Student.student_code,
            Enrollment.course_id.label("course"),
            Course.name.label("course_name"),
            Grade.name.label("grade_name"),
            Teacher.name.label("teacher_name"),
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.approved_by_id.label("approved_by"),
            func.coalesce(_ApprovingTeacher.name, Assistant.name, User.username).label("approved_by_name"),
            Enrollment.responded_at,
            Enrollment.response_note,
        )
        .join(Enrollment.student)
        .join(Enrollment.course)
        .join(Course.teacher)
        .join(Course.grade)
        .outerjoin(User, User.id == Enrollment.approved_by_id)
        .outerjoin(_ApprovingTeacher, _ApprovingTeacher.user_id == User.id)
        .outerjoin(Assistant, Assistant.user_id == User.id)
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    )


def enrollment_row(enrollment_id: int) -> Row[*tuple[Any, ...]]:
    """Return one enrolment, which exists, as EnrollmentSchema shows it."""
    return db.session.execute(enrollment_rows().where(Enrollment.id == enrollment_id)).one()


def enrollments_of_student(student_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return a student's enrolments in every status, newest first."""
    return db.session.execute(enrollment_rows().where(Enrollment.student_id == student_id)).all()


def list_enrollments(
    caller: Caller, *, course: int | None = None, status: str | None = None, search: str = ""
) -> Select[*tuple[Any, ...]]:
    """Return the select of the enrolments in the caller's courses, narrowed by what is given.

    `search` looks for students by name, Arabic or English, and by code.
    """
    rows = enrollment_rows().where(own_courses(caller), matching(search, Student.search_folded))
    if course is not None:
        rows = rows.where(Enrollment.course_id == course)
    if status is not None:
        rows = rows.where(Enrollment.status == status)
    return rows


def find_enrollment(caller: Caller, enrollment_id: int) -> Enrollment:
    """Return an enrolment in one of the caller's courses; raises NotFound."""
    found = db.session.scalar(
        select(Enrollment).join(Enrollment.course).where(Enrollment.id == enrollment_id, own_courses(caller))
    )
    if found is None:
        raise NotFound()
    return found


def course_on_offer(student_id: int, course_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return whether a course `is_available` at all and `fits` the student; None where there is no such course."""
    return db.session.execute(
        select(
            and_(Course.is_active, User.is_active).label("is_available"),
            fits_student(student_id).label("fits"),
        )
        .select_from(Course)
        .join(Course.teacher)
        .join(Teacher.user)
        .where(Course.id == course_id)
    ).one_or_none()


def enrolled_courses(student_id: int) -> Select[Enrollment]:
    """Return the select of a student's approved enrolments with their courses, newest first, in one statement."""
    return (
        select(Enrollment)
        .join(Enrollment.course)
        .join(Course.teacher)
        .join(Course.grade)
        .join(Subject, Subject.id == Course.subject_id)
        .options(
            contains_eager(Enrollment.course).contains_eager(Course.teacher),
            contains_eager(Enrollment.course).contains_eager(Course.grade),
            contains_eager(Enrollment.course).contains_eager(Course.subject),
        )
        .where(Enrollment.student_id == student_id, Enrollment.status == "approved")
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    )
