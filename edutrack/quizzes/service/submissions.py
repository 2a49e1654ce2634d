"""Attempts as they are looked through afterwards; whatever is overdue is closed before it is read."""

from typing import Any

from sqlalchemy import Row

from edutrack.core.caller import Caller
from edutrack.quizzes.models import QuizSubmission
from edutrack.quizzes.queries import submissions as queries
from edutrack.quizzes.service.finishing import close_overdue


def read_finished_attempts(caller: Caller) -> list[dict[str, Any]]:
    """Return the calling student's finished attempts, newest first (rules.md, "What is shown of an attempt")."""
    close_overdue(QuizSubmission.student_id == caller.student_id)
    return queries.finished_attempts(caller)


def read_submission(caller: Caller, submission_id: int) -> dict[str, Any]:
    """Return one attempt with its answers as the caller sees it; raises NotFound where it is not theirs to see."""
    close_overdue(QuizSubmission.id == submission_id)
    return queries.find_submission(caller, submission_id)


def open_quiz_for_review(caller: Caller, quiz_id: int) -> Row[*tuple[Any, ...]]:
    """Return `id` and `title` of a quiz of the caller's courses; raises NotFound."""
    quiz = queries.find_quiz_to_review(caller, quiz_id)
    if quiz.has_overdue:
        close_overdue(QuizSubmission.quiz_id == quiz.id)
    return quiz
