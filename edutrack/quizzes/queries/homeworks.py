"""Reading homework with its questions, and what was handed in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, literal, select

from edutrack.accounts.models import Student
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.core.pagination import matching
from edutrack.courses.models import Lecture
from edutrack.quizzes.models import Homework, HomeworkSubmission
from edutrack.quizzes.queries.access import find_bought, readable, require_purchase
from edutrack.quizzes.queries.places import homework_questions
from edutrack.quizzes.queries.scope import find_homework

#: What a handed-in homework is: it is graded at once.
GRADED = "graded"


def list_homeworks(caller: Caller, *, lecture: int | None = None, search: str = "") -> Select[Any]:
    """Return the select of the homework that the caller may read as HomeworkSchema shows it, by lecture.

    Raises Forbidden where a student asks for a lecture that they have not bought (rules.md, "Homework").
    """
    require_purchase(caller, lecture)
    rows = _homeworks(caller).where(matching(search, func.edutrack_fold(Homework.title)))
    if lecture is not None:
        rows = rows.where(Homework.lecture_id == lecture)
    return rows.order_by(Homework.lecture_id, Homework.id)


def homework_item(caller: Caller, homework: Homework) -> Row[Any]:
    """Return one homework that the caller may read as HomeworkSchema shows it."""
    return db.session.execute(_homeworks(caller).where(Homework.id == homework.id)).one()


def find_readable_homework(caller: Caller, homework_id: int) -> Homework:
    """Return a homework of the caller's courses; for a student an active one of a lecture that they have bought.

    Raises NotFound where it is not there for the caller, Forbidden where its lecture is not bought.
    """
    if caller.role is Role.STUDENT:
        return find_bought(caller, Homework, homework_id)
    return find_homework(caller, homework_id)


def submissions_of_student(student_id: int) -> Sequence[Row[Any]]:
    """Return what a student has handed in, newest first, as HomeworkSubmissionSchema shows it."""
    return db.session.execute(_submissions().where(HomeworkSubmission.student_id == student_id)).all()


def submissions_of_homework(homework: Homework, *, search: str = "") -> Select[Any]:
    """Return the select of what was handed in of a homework, newest first, with its students.

    `search` finds words in names and student codes.
    """
    return (
        _submissions()
        .join(HomeworkSubmission.student)
        .add_columns(
            HomeworkSubmission.student_id.label("student"),
            Student.name_ar.label("student_name"),
            Student.student_code,
        )
        .where(HomeworkSubmission.homework_id == homework.id, matching(search, Student.search_folded))
    )


def _homeworks(caller: Caller) -> Select[Any]:
    rows = select(
        Homework.id,
        Homework.lecture_id.label("lecture"),
        Homework.title,
        Homework.description,
        Homework.is_active,
        homework_questions(with_answers=caller.role is not Role.STUDENT).label("questions"),
    )
    return readable(rows, Homework, caller)


def _submissions() -> Select[Any]:
    columns: list[Any] = [
        HomeworkSubmission.id,
        HomeworkSubmission.homework_id,
        Homework.title.label("homework_title"),
        Lecture.name.label("lecture_name"),
        HomeworkSubmission.score,
        HomeworkSubmission.max_score,
        literal(GRADED).label("status"),
        HomeworkSubmission.submitted_at,
    ]
    return (
        select(*columns)
        .join(HomeworkSubmission.homework)
        .join(Homework.lecture)
        .order_by(HomeworkSubmission.submitted_at.desc(), HomeworkSubmission.id.desc())
    )
