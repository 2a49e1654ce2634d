"""How many of everything there are: the site owner's dashboard (rules.md, "Dashboard")."""

from collections import Counter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from edutrack.accounts.models import STUDENT_STATUSES, Teacher, User, teacher_grades
from edutrack.core import clock
from edutrack.core.caller import Role
from edutrack.core.extensions import db
from edutrack.core.tallies import Tally
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
            _kinds("users").label("users"),
            _kinds("students").label("students"),
            _newcomers().label("newcomers"),
            *(
                select(func.count()).select_from(model).scalar_subquery().label(key)
                for key, model in _STRUCTURE.items()
            ),
        )
    ).one()
    return {
        **_users(counts.users or [], counts.newcomers or {}),
        **{key: counts._mapping[key] for key in _STRUCTURE},
        "students_by_status": _students_by_status(counts.students or []),
        "students_by_grade_school_division": _students_by_kind(),
        "teachers_by_grade_subject": _teachers_by_kind(),
    }


def _kinds(measure: str) -> ScalarSelect[Any]:
    """Return a list of [kind, how many there are of it] of a measure of the whole school."""
    kinds = (
        select(Tally.kind, func.sum(Tally.count).label("count"))
        .where(Tally.measure == measure)
        .group_by(Tally.kind)
        .subquery()
    )
    return select(func.jsonb_agg(func.jsonb_build_array(kinds.c.kind, kinds.c.count), type_=JSONB)).scalar_subquery()


def _newcomers() -> ScalarSelect[Any]:
    """Return by role how many users this month has brought."""
    roles = (
        select(User.role, func.count().label("count"))
        .where(User.created_at >= start_of_month())
        .group_by(User.role)
        .subquery()
    )
    return select(func.jsonb_object_agg(roles.c.role, roles.c.count, type_=JSONB)).scalar_subquery()


def _users(kinds: list[tuple[dict[str, Any], int]], newcomers: dict[str, int]) -> dict[str, int]:
    users = Counter[tuple[str, bool]]()
    for kind, count in kinds:
        users[kind["role"], kind["is_active"]] += count

    def of(role: Role) -> int:
        return users[role, True] + users[role, False]

    return {
        "total_students": of(Role.STUDENT),
        "total_teachers": of(Role.TEACHER),
        "total_assistants": of(Role.ASSISTANT),
        "new_users_this_month": sum(newcomers.values()),
        "new_students_this_month": newcomers.get(Role.STUDENT, 0),
        "new_teachers_this_month": newcomers.get(Role.TEACHER, 0),
        "teachers_active_count": users[Role.TEACHER, True],
        "teachers_inactive_count": users[Role.TEACHER, False],
    }


def _students_by_status(kinds: list[tuple[dict[str, Any], int]]) -> dict[str, int]:
    students = Counter(dict.fromkeys(STUDENT_STATUSES, 0))
    for kind, count in kinds:
        students[kind["status"]] += count
    return dict(students)


def start_of_month() -> Any:
    """Return the first moment of the present calendar month in the business time zone, in UTC."""
    return clock.start_of_day(clock.today().replace(day=1))


def _students_by_kind() -> list[dict[str, Any]]:
    def of_kind(name: str) -> ColumnElement[int]:
        return cast(Tally.kind[name].astext, BigInteger)

    students = func.sum(Tally.count)
    rows = db.session.execute(
        select(
            _named(Grade.name).label("grade"),
            _named(SchoolType.name).label("school_type"),
            _named(Division.name).label("division"),
            students.label("count"),
        )
        .select_from(Tally)
        .outerjoin(Grade, Grade.id == of_kind("grade"))
        .outerjoin(SchoolType, SchoolType.id == of_kind("school_type"))
        .outerjoin(Division, Division.id == of_kind("division"))
        .where(Tally.measure == "students")
        .group_by(Grade.id, SchoolType.id, Division.id)
        .having(students > 0)
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
