"""Reading students, and the parts of the structure that a registration has to fit."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, false, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from edutrack.accounts.models import Student, User
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.pagination import counted_by, matching
from edutrack.core.sealing import seals_of
from edutrack.core.statements import run
from edutrack.core.tallies import students_counted
from edutrack.structure.models import (
    Area,
    Division,
    Governorate,
    Grade,
    SchoolType,
    division_grades,
    division_school_types,
)
from edutrack.students.national_id import normalise_national_id

_NATIONAL_ID_DIGITS = 14


_NAMES = (
    joinedload(Student.school_type),
    joinedload(Student.grade),
    joinedload(Student.division),
    joinedload(Student.governorate, innerjoin=True),
    joinedload(Student.area, innerjoin=True),
)
# Built once: the frontend asks for it on every visit.
_PROFILE = (
    select(
        *(column for column in Student.__table__.c if column.name != "search_folded"),
        User.username,
        User.gmail,
        User.is_active,
        SchoolType.name.label("school_type_name"),
        Grade.name.label("grade_name"),
        Division.name.label("division_name"),
        Governorate.name.label("governorate_name"),
        Area.name.label("area_name"),
    )
    .select_from(Student)
    .join(Student.user)
    .join(Student.governorate)
    .join(Student.area)
    .outerjoin(Student.school_type)
    .outerjoin(Student.grade)
    .outerjoin(Student.division)
    .where(Student.id == bindparam("student"))
)


def profile(student_id: int) -> Row[*tuple[Any, ...]]:
    """Return a student as ProfileSchema shows one, as the database has it now."""
    return run(_PROFILE, student=student_id).one()


def find_student(caller: Caller, student_id: int) -> Student:
    """Return one of the students that the caller may see, with the user; raises NotFound."""
    return _found(
        select(Student)
        .options(joinedload(Student.user, innerjoin=True))
        .where(Student.id == student_id, _visible_to(caller))
    )


def show_student(caller: Caller, student_id: int) -> Student:
    """Return a student that the caller may see, with user, school and home, in one statement; raises NotFound."""
    return _found(with_names(students(caller)).where(Student.id == student_id))


def lock_student(caller: Caller, student_id: int) -> Student:
    """Return a student that the caller may see, with the user, both unchanged by others until this transaction ends.

    Raises NotFound.
    """
    return _found(
        select(Student)
        .join(Student.user)
        .options(contains_eager(Student.user))
        .where(Student.id == student_id, _visible_to(caller))
        # Both rows: a joined row that is not locked would be read as it was before the wait.
        .with_for_update(key_share=True, of=(Student, User))
        .execution_options(populate_existing=True)
    )


def lock_students(caller: Caller, student_ids: Collection[int]) -> Sequence[Student]:
    """Return those of the students that the caller may see, by id, unchanged by others until this transaction ends."""
    return db.session.scalars(
        select(Student)
        .join(Student.user)
        .options(contains_eager(Student.user))
        .where(Student.id.in_(student_ids), _visible_to(caller))
        # One order for all, so that two who lock some of the same do not wait for each other.
        .order_by(Student.id)
        .with_for_update(key_share=True, of=(Student, User))
        .execution_options(populate_existing=True)
    ).all()


def students(
    caller: Caller,
    *,
    status: str | None = None,
    grade: int | None = None,
    school_type: int | None = None,
    governorate: int | None = None,
    search: str = "",
) -> Select[Student]:
    """Return the select of the students that the caller may see, newest first.

    `search` finds words in names and student codes, or a whole national id.
    """
    rows = select(Student).options(joinedload(Student.user, innerjoin=True)).where(_visible_to(caller))
    if status is not None:
        rows = rows.where(Student.status == status)
    if grade is not None:
        rows = rows.where(Student.grade_id == grade)
    if school_type is not None:
        rows = rows.where(Student.school_type_id == school_type)
    if governorate is not None:
        rows = rows.where(Student.governorate_id == governorate)
    if search:
        rows = rows.where(_found_by(search))
    # Ids are given in the order of registration.
    rows = rows.order_by(Student.id.desc())
    if search or governorate is not None or not caller.is_site_owner:
        return rows
    return counted_by(rows, students_counted(status=status, grade=grade, school_type=school_type))


def states_to_tell(student_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    """Return the select of the `user_id` of each student, with the `state` that the account is in."""
    # Verified, but switched off: what the status alone would not say.
    is_off = and_(Student.status == "verified", ~User.is_active)
    state = case((is_off, "inactive"), else_=Student.status).label("state")
    return select(Student.user_id, state).join(Student.user).where(Student.id.in_(student_ids))


def with_names(rows: Select[Student]) -> Select[Student]:
    """Return the same students with the names of school and home, still in one statement."""
    return rows.options(*_NAMES)


def surroundings(
    *,
    governorate_id: int,
    area_id: int,
    school_type_id: int | None,
    grade_id: int | None,
    division_id: int | None,
) -> Row[Any]:
    """Return, in one statement, what the structure says about a home and a school.

    The ids come back as they exist (None where they do not), with `area_governorate_id`, the ids of the grade's
    divisions, and the ids of the division's school types (None where there are none).
    """
    statement: Select[Any] = select(
        select(Governorate.id).where(Governorate.id == governorate_id).scalar_subquery().label("governorate_id"),
        select(Area.governorate_id).where(Area.id == area_id).scalar_subquery().label("area_governorate_id"),
        select(SchoolType.id).where(SchoolType.id == school_type_id).scalar_subquery().label("school_type_id"),
        select(Grade.id).where(Grade.id == grade_id).scalar_subquery().label("grade_id"),
        select(Division.id).where(Division.id == division_id).scalar_subquery().label("division_id"),
        select(func.array_agg(division_grades.c.division_id))
        .where(division_grades.c.grade_id == grade_id)
        .scalar_subquery()
        .label("grade_division_ids"),
        select(func.array_agg(division_school_types.c.school_type_id))
        .where(division_school_types.c.division_id == division_id)
        .scalar_subquery()
        .label("division_school_type_ids"),
    )
    return db.session.execute(statement).one()


def is_national_id(sealed: bytes) -> bool:
    """Return whether a student has this national id, sealed exactly so."""
    return db.session.scalar(select(Student.id).where(Student.national_id_sealed == sealed)) is not None


def _visible_to(caller: Caller) -> ColumnElement[bool]:
    if caller.is_site_owner:
        return true()
    return Student.id == caller.student_id if caller.role is Role.STUDENT else false()


def _found_by(search: str) -> ColumnElement[bool]:
    by_words = matching(search, Student.search_folded)
    number = normalise_national_id(search)
    if len(number) == _NATIONAL_ID_DIGITS and number.isascii() and number.isdecimal():
        return or_(by_words, Student.national_id_sealed.in_(seals_of(number, "national-id")))
    return by_words


def _found(statement: Select[Student]) -> Student:
    student = db.session.scalar(statement)
    if student is None:
        raise NotFound()
    return student
