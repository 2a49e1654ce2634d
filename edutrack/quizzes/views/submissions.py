"""Attempts that were handed in: a student's own, those of a quiz, and grading their written answers."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Rejected
from edutrack.quizzes.queries.submissions import find_submission_to_grade, submissions_of_quiz
from edutrack.quizzes.schemas.submissions import (
    GradesSchema,
    QuizSubmissionDetailSchema,
    QuizSubmissionFilterSchema,
    QuizSubmissionSchema,
    StudentsQuizSubmissionSchema,
)
from edutrack.quizzes.service.marking import STILL_RUNNING, grade_submission
from edutrack.quizzes.service.submissions import open_quiz_for_review, read_finished_attempts, read_submission
from edutrack.quizzes.views.room import blueprint


@blueprint.get("/quizzes/submissions/")
@guard(Role.STUDENT)
@blueprint.response(200, QuizSubmissionSchema(many=True))
def list_my_quiz_submissions() -> list[dict[str, Any]]:
    """List the student's finished attempts at all quizzes, newest first."""
    return read_finished_attempts(caller())


@blueprint.get("/quizzes/submissions/<int:submission_id>/")
@guard()
@path_object("submission", read_submission)
@blueprint.response(200, QuizSubmissionDetailSchema)
def get_quiz_submission(submission: dict[str, Any]) -> dict[str, Any]:
    """Return one attempt, with its answers where they are visible."""
    return submission


@blueprint.post("/quizzes/submissions/<int:submission_id>/grade/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("submission", find_submission_to_grade)
@blueprint.body(GradesSchema)
@blueprint.response(200, QuizSubmissionDetailSchema)
@blueprint.refusals(Rejected(STILL_RUNNING))
def grade_quiz_submission(values: dict[str, Any], submission: int) -> dict[str, Any]:
    """Grade written answers of an attempt."""
    return grade_submission(caller(), submission, values["answers"])


@blueprint.get("/quizzes/<int:quiz_id>/submissions/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("quiz", open_quiz_for_review)
@blueprint.query(QuizSubmissionFilterSchema)
@blueprint.page(StudentsQuizSubmissionSchema)
def list_quiz_submissions(filters: dict[str, Any], quiz: Row[Any]) -> Select[Any]:
    """List all attempts at a quiz, those begun last first."""
    return submissions_of_quiz(quiz.id, **filters)
