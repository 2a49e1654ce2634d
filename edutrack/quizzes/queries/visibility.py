"""When a student sees the score and the answers of an attempt."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from edutrack.quizzes.models import Quiz, QuizSubmission
from edutrack.quizzes.queries.attempts import GRACE


class Visible(NamedTuple):
    """What of a finished attempt its student may see now."""

    score: bool
    answers: bool


def visibility_columns() -> tuple[Any, ...]:
    """Return what `visible_parts` reads, as columns of a select from QuizSubmission joined to its Quiz."""
    sibling = aliased(QuizSubmission)
    same = (sibling.quiz_id == QuizSubmission.quiz_id, sibling.student_id == QuizSubmission.student_id)
    used = select(func.max(sibling.attempt_number)).where(*same).correlate(QuizSubmission).scalar_subquery()
    attempting = exists().where(*same, sibling.status == "in_progress").correlate(QuizSubmission)
    return (
        Quiz.score_visibility,
        Quiz.answers_visibility,
        Quiz.closes_at,
        Quiz.max_attempts,
        used.label("attempts_used"),
        attempting.label("is_attempting"),
    )


def visible_parts(row: Any, now: datetime) -> Visible:
    """Return what is visible of an attempt at `now`; `row` has the columns of `visibility_columns`."""
    return visible_after(row, row.attempts_used, row.is_attempting, now)


def visible_after(quiz: Any, attempts_used: int, is_attempting: bool, now: datetime) -> Visible:
    """Return what is visible at `now` of any finished attempt of a student who has begun `attempts_used`.

    Answers stay hidden as long as the student could use them: while an attempt is running, or another one may be
    started (rules.md, "What is shown of an attempt").
    """
    is_over = quiz.closes_at is not None and now > quiz.closes_at + GRACE
    none_remains = not is_attempting and (attempts_used >= quiz.max_attempts or is_over)
    return Visible(
        score=_is_due(quiz.score_visibility, quiz.closes_at, now),
        answers=none_remains and _is_due(quiz.answers_visibility, quiz.closes_at, now),
    )


def _is_due(word: str, closes_at: datetime | None, now: datetime) -> bool:
    if word == "after_close":
        return closes_at is not None and now >= closes_at
    return word == "immediately"
