"""Routes of homework."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden, Invalid, Rejected
from edutrack.courses.service.playback import EXPIRED
from edutrack.quizzes.models import Homework
from edutrack.quizzes.queries import homeworks as queries
from edutrack.quizzes.queries.access import NOT_PURCHASED
from edutrack.quizzes.queries.scope import find_homework, lock_homework
from edutrack.quizzes.schemas.homeworks import (
    HandedInSchema,
    HomeworkAnswersSchema,
    HomeworkChangesSchema,
    HomeworkSchema,
    HomeworkSubmissionSchema,
    NewHomeworkSchema,
    StudentHomeworkSubmissionSchema,
    SubmissionFilterSchema,
)
from edutrack.quizzes.schemas.places import LectureFilterSchema
from edutrack.quizzes.service import homeworks as service
from edutrack.quizzes.service.handing_in import (
    ALREADY_SUBMITTED,
    NO_QUESTIONS,
    find_homework_to_submit,
    submit_homework,
)
from edutrack.quizzes.views.room import blueprint

_UNKNOWN_QUESTION = Invalid({"questions": [{"question": ['Invalid pk "7" - object does not exist.']}]})
_UNKNOWN_CHOICE = Invalid({"answers": [{"choice_id": ['Invalid pk "7" - object does not exist.']}]})


@blueprint.get("/homeworks/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER, Role.STUDENT)
@blueprint.query(LectureFilterSchema)
@blueprint.page(HomeworkSchema)
@blueprint.refusals(Forbidden(NOT_PURCHASED))
def list_homeworks(filters: dict[str, Any]) -> Select[Any]:
    """List the homework of the caller's courses; for a student that of the lectures that they have bought."""
    return queries.list_homeworks(caller(), **filters)


@blueprint.post("/homeworks/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(NewHomeworkSchema)
@blueprint.response(201, HomeworkSchema)
@blueprint.refusals(_UNKNOWN_QUESTION)
def create_homework(values: dict[str, Any]) -> Row[Any]:
    """Add a homework to a lecture."""
    return queries.homework_item(caller(), service.create_homework(caller(), **values))


@blueprint.get("/homeworks/<int:homework_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER, Role.STUDENT)
@path_object("homework", queries.find_readable_homework)
@blueprint.response(200, HomeworkSchema)
@blueprint.refusals(Forbidden(NOT_PURCHASED))
def show_homework(homework: Homework) -> Row[Any]:
    """Show a homework with its questions."""
    return queries.homework_item(caller(), homework)


@blueprint.patch("/homeworks/<int:homework_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("homework", lock_homework)
@blueprint.body(HomeworkChangesSchema(partial=True))
@blueprint.response(200, HomeworkSchema)
@blueprint.refusals(_UNKNOWN_QUESTION)
def change_homework(values: dict[str, Any], homework: Homework) -> Row[Any]:
    """Change a homework; what was handed in stays as it was graded."""
    return queries.homework_item(caller(), service.change_homework(caller(), homework, **values))


@blueprint.delete("/homeworks/<int:homework_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("homework", lock_homework)
@blueprint.response(204)
@blueprint.refusals(Rejected("Cannot delete a homework that has submissions."))
def delete_homework(homework: Homework) -> None:
    """Delete a homework that nobody has handed in."""
    service.delete_homework(caller(), homework)


@blueprint.post("/homeworks/<int:homework_id>/submit/")
@guard(Role.STUDENT)
@path_object("homework", find_homework_to_submit)
@blueprint.body(HomeworkAnswersSchema)
@blueprint.response(200, HandedInSchema)
@blueprint.refusals(
    Forbidden(NOT_PURCHASED), Forbidden(EXPIRED), Rejected(ALREADY_SUBMITTED), Rejected(NO_QUESTIONS), _UNKNOWN_CHOICE
)
def hand_in_homework(values: dict[str, Any], homework: Homework) -> dict[str, Any]:
    """Hand in a homework, once; it is graded at once."""
    return submit_homework(caller(), homework, values["answers"])


@blueprint.get("/homeworks/submissions/")
@guard(Role.STUDENT)
@blueprint.response(200, HomeworkSubmissionSchema(many=True))
def list_my_homework_submissions() -> Sequence[Row[Any]]:
    """List the homework that the student has handed in, newest first."""
    return queries.submissions_of_student(caller().student_id)


@blueprint.get("/homeworks/<int:homework_id>/submissions/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("homework", find_homework)
@blueprint.query(SubmissionFilterSchema)
@blueprint.page(StudentHomeworkSubmissionSchema)
def list_homework_submissions(filters: dict[str, Any], homework: Homework) -> Select[Any]:
    """List what was handed in of a homework, newest first."""
    return queries.submissions_of_homework(homework, **filters)
