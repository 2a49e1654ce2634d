"""Routes of lectures, for those who run their courses."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid, Rejected
from edutrack.courses.models import Lecture
from edutrack.courses.queries import catalogue
from edutrack.courses.queries.scope import find_lecture
from edutrack.courses.schemas.catalogue import (
    LectureChangesSchema,
    LectureFilterSchema,
    LectureSchema,
    NewLectureSchema,
)
from edutrack.courses.service import lectures
from edutrack.courses.views.room import blueprint


@blueprint.get("/lectures/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(LectureFilterSchema)
@blueprint.page(LectureSchema)
def list_lectures(filters: dict[str, Any]) -> Select[Any]:
    """List the lectures of the caller's courses, in their order."""
    return catalogue.list_lectures(caller(), **filters)


@blueprint.post("/lectures/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(NewLectureSchema)
@blueprint.response(201, LectureSchema)
@blueprint.refusals(Invalid({"discount": ["The discount cannot be higher than the price."]}))
def create_lecture(values: dict[str, Any]) -> Row[Any]:
    """Add a lecture to a topic."""
    return catalogue.lecture_item(lectures.create_lecture(caller(), **values))


@blueprint.get("/lectures/<int:lecture_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("lecture", find_lecture)
@blueprint.response(200, LectureSchema)
def show_lecture(lecture: Lecture) -> Row[Any]:
    """Show a lecture."""
    return catalogue.lecture_item(lecture)


@blueprint.patch("/lectures/<int:lecture_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("lecture", find_lecture)
@blueprint.body(LectureChangesSchema(partial=True))
@blueprint.response(200, LectureSchema)
@blueprint.refusals(Invalid({"discount": ["The discount cannot be higher than the price."]}))
def change_lecture(values: dict[str, Any], lecture: Lecture) -> Row[Any]:
    """Change a lecture; what was bought before keeps its price and days."""
    return catalogue.lecture_item(lectures.change_lecture(caller(), lecture, **values))


@blueprint.delete("/lectures/<int:lecture_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("lecture", find_lecture)
@blueprint.response(204)
@blueprint.refusals(
    Rejected("Cannot delete a lecture that has purchases."),
    Rejected("Cannot delete a lecture that has watch progress."),
    Rejected("Cannot delete a lecture that has submissions."),
)
def delete_lecture(lecture: Lecture) -> None:
    """Delete a lecture that nobody has bought or watched."""
    lectures.delete_lecture(caller(), lecture)
