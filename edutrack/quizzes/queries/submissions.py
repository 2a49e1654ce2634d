"""Reading attempts: a student's finished ones, and all of a quiz for those who run its course."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Row, Select, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from edutrack.accounts.models import Student
from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.pagination import matching
from edutrack.courses.models import Course, Lecture
from edutrack.courses.queries.scope import own_courses
from edutrack.quizzes.models import QuestionChoice, QuestionVersion, Quiz, QuizAnswer, QuizSubmission
from edutrack.quizzes.queries.attempts import GRACE
from edutrack.quizzes.queries.visibility import visibility_columns, visible_parts


def submission_rows() -> Select[*tuple[Any, ...]]:
    """Return the select of all attempts with what is shown of them, in one statement; Quiz and Lecture are joined."""
    return (
        select(
            QuizSubmission.id,
            QuizSubmission.quiz_id,
            Quiz.title.label("quiz_title"),
            Lecture.name.label("lecture_name"),
            QuizSubmission.attempt_number,
            QuizSubmission.status,
            QuizSubmission.started_at,
            QuizSubmission.submitted_at,
            QuizSubmission.score,
            QuizSubmission.max_score,
            QuizSubmission.passed,
            *visibility_columns(),
        )
        .join(QuizSubmission.quiz)
        .join(Quiz.lecture)
    )


def finished_attempts(caller: Caller) -> list[dict[str, Any]]:
    """Return the calling student's finished attempts as the student sees them, newest first."""
    rows = db.session.execute(
        submission_rows()
        .where(QuizSubmission.student_id == caller.student_id, QuizSubmission.status != "in_progress")
        .order_by(QuizSubmission.submitted_at.desc(), QuizSubmission.id.desc())
    )
    return [shown_to(caller, row) for row in rows]


def attempts_of_student(student_id: int) -> Select[*tuple[Any, ...]]:
    """Return the select of a student's attempts in every state, those begun last first."""
    return (
        submission_rows()
        .where(QuizSubmission.student_id == student_id)
        .order_by(QuizSubmission.started_at.desc(), QuizSubmission.id.desc())
    )


def find_submission(caller: Caller, submission_id: int) -> dict[str, Any]:
    """Return one attempt with its answers as the caller sees it, in two statements; raises NotFound.

    Students find their own finished ones, and see its answers only where they are visible; everybody else finds those
    of their courses, running ones too, and sees everything (rules.md, "What is shown of an attempt").
    """
    row = db.session.execute(_in_scope(caller).where(QuizSubmission.id == submission_id)).one_or_none()
    if row is None:
        raise NotFound()
    submission = shown_to(caller, row) | {"quiz": row.quiz_id, "answers": []}
    if caller.role is not Role.STUDENT or submission["answers_visible"]:
        submission["answers"] = [dict(answer._mapping) for answer in _answers(submission_id)]
    if caller.role is Role.STUDENT and not submission["score_visible"]:
        for answer in submission["answers"]:
            answer["points_awarded"] = None
    return submission


def submissions_of_quiz(quiz_id: int, *, status: str | None = None, search: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of a quiz's attempts in every state, those begun last first, narrowed by what is given.

    `search` looks for students by name, Arabic or English, and by code.
    """
    rows = (
        submission_rows()
        .join(QuizSubmission.student)
        .add_columns(Student.id.label("student"), Student.name_ar.label("student_name"), Student.student_code)
        .where(QuizSubmission.quiz_id == quiz_id, matching(search, Student.search_folded))
    )
    if status is not None:
        rows = rows.where(QuizSubmission.status == status)
    return rows.order_by(QuizSubmission.started_at.desc(), QuizSubmission.id.desc())


def find_quiz_to_review(caller: Caller, quiz_id: int) -> Row[*tuple[Any, ...]]:
    """Return `id` and `title` of a quiz of the caller's courses, and whether it `has_overdue` attempts.

    Raises NotFound.
    """
    overdue = exists().where(
        QuizSubmission.quiz_id == Quiz.id,
        QuizSubmission.status == "in_progress",
        QuizSubmission.deadline_at < clock.now() - GRACE,
    )
    found = db.session.execute(
        select(Quiz.id, Quiz.title, overdue.label("has_overdue"))
        .join(Quiz.lecture)
        .join(Course, Course.id == Lecture.course_id)
        .where(Quiz.id == quiz_id, own_courses(caller))
    ).one_or_none()
    if found is None:
        raise NotFound()
    return found


def find_submission_to_grade(caller: Caller, submission_id: int) -> int:
    """Return the id of an attempt at a quiz of the caller's courses; raises NotFound where it is none."""
    statement = (
        select(QuizSubmission.id)
        .join(QuizSubmission.quiz)
        .join(Quiz.lecture)
        .join(Course, Course.id == Lecture.course_id)
        .where(QuizSubmission.id == submission_id, own_courses(caller))
    )
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound()
    return found


def with_visibility(row: Row[*tuple[Any, ...]], now: datetime) -> dict[str, Any]:
    """Return a row of `submission_rows` with what its student may see of it at `now`.

    Nothing is passed or failed as long as it runs.
    """
    visible = visible_parts(row, now)
    return {
        **row._mapping,
        "passed": None if row.status == "in_progress" else row.passed,
        "score_visible": visible.score,
        "answers_visible": visible.answers,
    }


def shown_to(caller: Caller, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return a row of `submission_rows` as the caller sees it: students without a score that is not visible yet."""
    submission = with_visibility(row, clock.now())
    if caller.role is Role.STUDENT and not submission["score_visible"]:
        submission |= {"score": None, "passed": None}
    return submission


def _in_scope(caller: Caller) -> Select[*tuple[Any, ...]]:
    if caller.role is Role.STUDENT:
        own = QuizSubmission.student_id == caller.student_id
        return submission_rows().where(own, QuizSubmission.status != "in_progress")
    return submission_rows().join(Course, Course.id == Lecture.course_id).where(own_courses(caller))


def _answers(submission_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the answers of an attempt in the student's order, and which choices were right in it."""
    place = func.array_position(QuizAnswer.choice_order, QuestionChoice.id)
    correct = (
        select(func.array_agg(aggregate_order_by(QuestionChoice.id, place)))
        .where(QuestionChoice.version_id == QuizAnswer.version_id, QuestionChoice.is_correct)
        .correlate(QuizAnswer)
        .scalar_subquery()
    )
    return db.session.execute(
        select(
            QuizAnswer.id.label("answer_id"),
            QuizAnswer.quiz_question_id,
            QuestionVersion.text.label("question_text"),
            QuestionVersion.type.label("question_type"),
            QuizAnswer.points,
            QuizAnswer.choice_ids,
            QuizAnswer.written_answer,
            QuizAnswer.points_awarded,
            QuizAnswer.feedback,
            func.coalesce(correct, [], type_=ARRAY(BigInteger)).label("correct_choice_ids"),
        )
        .join(QuizAnswer.version)
        .where(QuizAnswer.submission_id == submission_id)
        .order_by(QuizAnswer.position)
    ).all()
