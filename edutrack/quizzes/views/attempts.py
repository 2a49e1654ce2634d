"""Routes of a student's attempt at a quiz."""

from typing import Any

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden, Invalid, NotFound, Rejected
from edutrack.courses.service.playback import EXPIRED
from edutrack.quizzes.queries.access import NOT_PURCHASED
from edutrack.quizzes.queries.attempts import Sitting, find_sitting
from edutrack.quizzes.schemas.attempts import (
    AnswersSchema,
    RunningAttemptSchema,
    SavedSchema,
    StartedAttemptSchema,
    SubmittedAttemptSchema,
)
from edutrack.quizzes.service import attempts
from edutrack.quizzes.views.room import blueprint

_NOT_RUNNING = (
    Rejected(attempts.NO_ATTEMPT),
    Rejected(attempts.ALREADY_SUBMITTED),
    Rejected(attempts.TIME_IS_UP),
    Invalid({"answers": [{"quiz_question_id": ['Invalid pk "7" - object does not exist.']}]}),
)


@blueprint.post("/quizzes/<int:quiz_id>/start/")
@guard(Role.STUDENT)
@path_object("quiz", find_sitting)
@blueprint.response(200, StartedAttemptSchema)
@blueprint.refusals(
    Forbidden(NOT_PURCHASED),
    Forbidden(EXPIRED),
    Forbidden(attempts.NOT_OPEN),
    Rejected(attempts.USED_UP),
)
def start_attempt(quiz: Sitting) -> dict[str, Any]:
    """Begin an attempt; while one is running, answer that one again."""
    return attempts.start_attempt(caller(), quiz)


@blueprint.get("/quizzes/<int:quiz_id>/attempt/")
@guard(Role.STUDENT)
@path_object("quiz", find_sitting)
@blueprint.response(200, RunningAttemptSchema)
@blueprint.refusals(NotFound())
def show_attempt(quiz: Sitting) -> dict[str, Any]:
    """Show the running attempt with what is saved of it."""
    return attempts.show_attempt(quiz)


@blueprint.put("/quizzes/<int:quiz_id>/answers/")
@guard(Role.STUDENT)
@path_object("quiz", find_sitting)
@blueprint.body(AnswersSchema)
@blueprint.response(200, SavedSchema)
@blueprint.refusals(*_NOT_RUNNING)
def save_answers(values: dict[str, Any], quiz: Sitting) -> dict[str, Any]:
    """Save answers of the running attempt without handing it in."""
    return attempts.save_answers(quiz, values["answers"])


@blueprint.post("/quizzes/<int:quiz_id>/submit/")
@guard(Role.STUDENT)
@path_object("quiz", find_sitting)
@blueprint.body(AnswersSchema)
@blueprint.response(200, SubmittedAttemptSchema)
@blueprint.refusals(*_NOT_RUNNING)
def submit_attempt(values: dict[str, Any], quiz: Sitting) -> dict[str, Any]:
    """Hand in the running attempt, with the last answers; it is graded at once."""
    return attempts.submit_attempt(quiz, values["answers"])
