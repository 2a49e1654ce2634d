"""Routes of quizzes, for those who make them and for those who choose one to take."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden, Invalid, Rejected
from edutrack.quizzes.models import Quiz
from edutrack.quizzes.queries import quizzes as queries
from edutrack.quizzes.queries.access import NOT_PURCHASED
from edutrack.quizzes.queries.scope import lock_quiz
from edutrack.quizzes.schemas.places import LectureFilterSchema
from edutrack.quizzes.schemas.quizzes import NewQuizSchema, QuizChangesSchema, QuizSchema
from edutrack.quizzes.service import quizzes as service
from edutrack.quizzes.views.room import blueprint

_REFUSED_VALUES = (
    Invalid({"closes_at": [service.NEVER_CLOSES]}),
    Invalid({"closes_at": [service.CLOSES_TOO_EARLY]}),
    Invalid({"questions": [{"question": ['Invalid pk "7" - object does not exist.']}]}),
)


@blueprint.get("/quizzes/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER, Role.STUDENT)
@blueprint.query(LectureFilterSchema)
@blueprint.page(QuizSchema)
@blueprint.refusals(Forbidden(NOT_PURCHASED))
def list_quizzes(filters: dict[str, Any]) -> Select[Any]:
    """List the quizzes of the caller's courses; for a student those of the lectures that they have bought."""
    return queries.list_quizzes(caller(), **filters)


@blueprint.post("/quizzes/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(NewQuizSchema)
@blueprint.response(201, QuizSchema)
@blueprint.refusals(*_REFUSED_VALUES)
def create_quiz(values: dict[str, Any]) -> Row[Any]:
    """Add a quiz to a lecture."""
    return queries.quiz_item(caller(), service.create_quiz(caller(), **values))


@blueprint.get("/quizzes/<int:quiz_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER, Role.STUDENT)
@path_object("quiz", queries.find_readable_quiz)
@blueprint.response(200, QuizSchema)
@blueprint.refusals(Forbidden(NOT_PURCHASED))
def show_quiz(quiz: Quiz) -> Row[Any]:
    """Show a quiz; its questions only to those who run the course."""
    return queries.quiz_item(caller(), quiz)


@blueprint.patch("/quizzes/<int:quiz_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("quiz", lock_quiz)
@blueprint.body(QuizChangesSchema(partial=True))
@blueprint.response(200, QuizSchema)
@blueprint.refusals(*_REFUSED_VALUES)
def change_quiz(values: dict[str, Any], quiz: Quiz) -> Row[Any]:
    """Change a quiz; attempts that have begun keep what they began with."""
    return queries.quiz_item(caller(), service.change_quiz(caller(), quiz, **values))


@blueprint.delete("/quizzes/<int:quiz_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("quiz", lock_quiz)
@blueprint.response(204)
@blueprint.refusals(Rejected("Cannot delete a quiz that has submissions."))
def delete_quiz(quiz: Quiz) -> None:
    """Delete a quiz that nobody has started."""
    service.delete_quiz(caller(), quiz)
