"""Courses as the console lists them, and what can be chosen where courses are made and narrowed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from edutrack.accounts.models import Teacher
from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Enrollment
from edutrack.courses.queries import catalogue, outline
from edutrack.structure.models import Grade, Subject


def courses(caller: Caller, *, search: str = "", **filters: Any) -> Select[*tuple[Any, ...]]:
    """Return the select of courses, newest first, with how much is in each, how many study there and how many ask to.

    Narrowed as the API's list of courses is; what the courses hold is counted, and not read.
    """
    listed = catalogue.list_courses(caller, ordering="-created_at", search=search, **filters)
    return listed.with_only_columns(
        Course.id,
        Course.name,
        Teacher.id.label("teacher_id"),
        Teacher.name.label("teacher_name"),
        Grade.name.label("grade_name"),
        Subject.name.label("subject_name"),
        Course.cover_picture,
        Course.is_active,
        Course.created_at,
        outline.topic_count().label("topic_count"),
        outline.course_lecture_count().label("lecture_count"),
        outline.course_video_count().label("video_count"),
        _enrollment_count("approved").label("student_count"),
        _enrollment_count("pending").label("request_count"),
    )


def course_row(caller: Caller, course: Course) -> Row[*tuple[Any, ...]]:
    """Return one course as `courses` shows it."""
    return db.session.execute(courses(caller).where(Course.id == course.id)).one()


def teacher_with_grades(teacher_id: int | None) -> Teacher | None:
    """Return a teacher with subject and grades; None where there is none of that id."""
    if teacher_id is None:
        return None
    return db.session.get(Teacher, teacher_id, options=[joinedload(Teacher.subject), selectinload(Teacher.grades)])


def teacher_choices() -> Sequence[Row[int, str]]:
    """Return ids and names of all teachers, by name."""
    return db.session.execute(select(Teacher.id, Teacher.name).order_by(Teacher.name_folded, Teacher.id)).all()


def grade_choices() -> Sequence[Row[int, str]]:
    """Return ids and names of all grades, in their order."""
    return db.session.execute(select(Grade.id, Grade.name).order_by(Grade.order, Grade.id)).all()


def subject_choices() -> Sequence[Row[int, str]]:
    """Return ids and names of all subjects, by name."""
    return db.session.execute(select(Subject.id, Subject.name).order_by(Subject.name, Subject.id)).all()


def course_choices() -> list[tuple[int, str]]:
    """Return ids of all courses, each with its name, teacher and grade, by name."""
    rows = db.session.execute(
        select(Course.id, Course.name, Teacher.name, Grade.name)
        .join(Course.teacher)
        .join(Course.grade)
        .order_by(Course.name, Course.id)
    )
    return [(number, f"{name} · {teacher} · {grade}") for number, name, teacher, grade in rows]


def _enrollment_count(status: str) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(Enrollment)
        .where(Enrollment.course_id == Course.id, Enrollment.status == status)
        .correlate(Course)
        .scalar_subquery()
    )
