"""Bringing questions in from a CSV file: all of them, or nothing (rules.md, "Questions as CSV")."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from edutrack.accounts.models import teacher_grades
from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.quizzes.service.bank import bank_of, insert_questions, require_grade
from edutrack.quizzes.service.question_files import Grades, read_questions
from edutrack.structure.models import Grade


def import_questions(caller: Caller, *, file: Any, grade: int | None = None, teacher: int | None = None) -> int:
    """Add the questions of a CSV file to a teacher's bank; return how many there are.

    `grade` is that of rows which name none. Raises Invalid for a teacher or grade as `create_question` does, and under
    `file` for what is no such file or has bad rows, which are named by their numbers.
    """
    bank = bank_of(caller, teacher)
    if grade is not None:
        require_grade(bank, grade)
    questions = read_questions(file.stream, Grades(bank.name, _grades_of(bank), grade))
    insert_questions(bank, questions)
    audit.record(caller, "questions.imported", None, teacher=bank.id, imported=len(questions))
    return len(questions)


def record_export(caller: Caller, filters: Mapping[str, Any]) -> None:
    """Write down who takes questions away, and what they were narrowed to."""
    audit.record(caller, "questions.exported", None, **filters)


def _grades_of(bank: Row[*tuple[Any, ...]]) -> dict[int, str]:
    pair = teacher_grades.c
    taught = select(Grade.id, Grade.name).join(teacher_grades, pair.grade_id == Grade.id)
    return {row.id: row.name for row in db.session.execute(taught.where(pair.teacher_id == bank.id))}
