"""What the answers to a quiz say about its questions."""

from typing import Any

from sqlalchemy import Row

from edutrack.core.auth import guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.quizzes.queries.analysis import analyse_quiz
from edutrack.quizzes.schemas.analysis import QuizAnalysisSchema
from edutrack.quizzes.service.submissions import open_quiz_for_review
from edutrack.quizzes.views.room import blueprint


@blueprint.get("/quizzes/<int:quiz_id>/analysis/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("quiz", open_quiz_for_review)
@blueprint.response(200, QuizAnalysisSchema)
def get_quiz_analysis(quiz: Row[Any]) -> dict[str, Any]:
    """Return how a quiz and each of its questions fared."""
    return analyse_quiz(quiz)
