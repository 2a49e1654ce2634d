"""Reading quizzes: with their questions for those who run the course, without them for students."""

from typing import Any

from sqlalchemy import Row, Select, func, select

from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.core.pagination import matching
from edutrack.quizzes.models import Quiz
from edutrack.quizzes.queries.access import find_bought, readable, require_purchase
from edutrack.quizzes.queries.places import no_questions, quiz_questions
from edutrack.quizzes.queries.scope import find_quiz


def list_quizzes(caller: Caller, *, lecture: int | None = None, search: str = "") -> Select[Any]:
    """Return the select of the quizzes that the caller may read as QuizSchema shows them, by lecture.

    Raises Forbidden where a student asks for a lecture that they have not bought (rules.md, "Quizzes").
    """
    require_purchase(caller, lecture)
    rows = _quizzes(caller).where(matching(search, func.edutrack_fold(Quiz.title)))
    if lecture is not None:
        rows = rows.where(Quiz.lecture_id == lecture)
    return rows.order_by(Quiz.lecture_id, Quiz.id)


def quiz_item(caller: Caller, quiz: Quiz) -> Row[Any]:
    """Return one quiz that the caller may read as QuizSchema shows it."""
    return db.session.execute(_quizzes(caller).where(Quiz.id == quiz.id)).one()


def find_readable_quiz(caller: Caller, quiz_id: int) -> Quiz:
    """Return a quiz of the caller's courses; for a student an active one of a lecture that they have bought.

    Raises NotFound where it is not there for the caller, Forbidden where its lecture is not bought.
    """
    if caller.role is Role.STUDENT:
        return find_bought(caller, Quiz, quiz_id)
    return find_quiz(caller, quiz_id)


def _quizzes(caller: Caller) -> Select[Any]:
    # A student gets the questions from the attempt alone.
    questions = no_questions() if caller.role is Role.STUDENT else quiz_questions()
    columns: list[Any] = [
        Quiz.id,
        Quiz.lecture_id.label("lecture"),
        Quiz.title,
        Quiz.description,
        Quiz.timer_minutes,
        Quiz.max_attempts,
        Quiz.passing_score,
        Quiz.randomize_questions,
        Quiz.randomize_choices,
        Quiz.score_visibility,
        Quiz.answers_visibility,
        Quiz.opens_at,
        Quiz.closes_at,
        Quiz.is_active,
        questions.label("questions"),
    ]
    return readable(select(*columns), Quiz, caller)
