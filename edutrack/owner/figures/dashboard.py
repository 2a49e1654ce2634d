"""How many of everything there are: the site owner's dashboard (rules.md, "Dashboard")."""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute

from edutrack.accounts.models import STUDENT_STATUSES, Student, Teacher, User, teacher_grades
from edutrack.core import clock
from edutrack.core.caller import Role
from edutrack.core.extensions import db
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity

_NOT_SPECIFIED = "Not specified"
_STRUCTURE = {
    "total_subjects": Subject,
    "total_grades": Grade,
    "total_school_types": SchoolType,
    "total_divisions": Division,
    "total_governorates": Governorate,
    "total_areas": Area,
    "total_video_security_options": VideoSecurity,
}


def dashboard() -> dict[str, Any]:
    """Return the counts of users by role, month, status and kind, and of the educational structure.

    Three statements. "This month" is the calendar month of the business time zone.
    """
    counts = db.session.execute(
        select(
            *_users(),
            *(
                select(func.count()).select_from(model).scalar_subquery().label(key)
                for key, model in _STRUCTURE.items()
            ),
        )
    ).one()
    figures = dict(counts._mapping)
    by_status = {status: figures.pop(f"status_{status}") for status in STUDENT_STATUSES}
    return figures | {
        "students_by_status": by_status,
        "students_by_grade_school_division": _students_by_kind(),
        "teachers_by_grade_subject": _teachers_by_kind(),
    }


def _users() -> list[Any]:
    month = start_of_month()

    def users(*conditions: Any) -> ScalarSelect[int]:
        return select(func.count()).select_from(User).where(*conditions).scalar_subquery()

    def students(status: str) -> ScalarSelect[int]:
        return select(func.count()).select_from(Student).where(Student.status == status).scalar_subquery()

    is_student, is_teacher = User.role == Role.STUDENT.value, User.role == Role.TEACHER.value
    is_new = User.created_at >= month
    return [
        users(is_student).label("total_students"),
        users(is_teacher).label("total_teachers"),
        users(User.role == Role.ASSISTANT.value).label("total_assistants"),
        users(is_new).label("new_users_this_month"),
        users(is_new, is_student).label("new_students_this_month"),
        users(is_new, is_teacher).label("new_teachers_this_month"),
        users(is_teacher, User.is_active).label("teachers_active_count"),
        users(is_teacher, ~User.is_active).label("teachers_inactive_count"),
        *(students(status).label(f"status_{status}") for status in STUDENT_STATUSES),
    ]


def start_of_month() -> Any:
    """Return the first moment of the present calendar month in the business time zone, in UTC."""
    return clock.start_of_day(clock.today().replace(day=1))


def _students_by_kind() -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(
            _named(Grade.name).label("grade"),
            _named(SchoolType.name).label("school_type"),
            _named(Division.name).label("division"),
            func.count().label("count"),
        )
        .select_from(Student)
        .outerjoin(Student.grade)
        .outerjoin(Student.school_type)
        .outerjoin(Student.division)
        .group_by(Grade.id, SchoolType.id, Division.id)
        .order_by(Grade.order.nulls_last(), Grade.name, SchoolType.name.nulls_last(), Division.name.nulls_last())
    )
    return [dict(row._mapping) for row in rows]


def _teachers_by_kind() -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(Grade.name.label("grade"), Subject.name.label("subject"), func.count().label("count"))
        .select_from(Teacher)
        .join(teacher_grades, teacher_grades.c.teacher_id == Teacher.id)
        .join(Grade, Grade.id == teacher_grades.c.grade_id)
        .join(Teacher.subject)
        .group_by(Grade.id, Subject.id)
        .order_by(Grade.order, Grade.name, Subject.name)
    )
    return [dict(row._mapping) for row in rows]


def _named(name: InstrumentedAttribute[str]) -> ColumnElement[str]:
    return func.coalesce(name, _NOT_SPECIFIED)
