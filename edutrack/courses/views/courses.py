"""Routes of courses: the site owner's, and those for browsing."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid, NotFound, Rejected
from edutrack.core.pagination import FilledList
from edutrack.core.schemas import MessageSchema
from edutrack.courses.models import Course
from edutrack.courses.queries import catalogue
from edutrack.courses.queries.scope import find_course
from edutrack.courses.schemas.catalogue import (
    BrowseSchema,
    CourseChangesSchema,
    CourseFilterSchema,
    CoursePreviewSchema,
    CourseSchema,
    CourseSummarySchema,
    NewCourseSchema,
    ReorderSchema,
)
from edutrack.courses.service import courses, reordering
from edutrack.courses.views.room import blueprint


@blueprint.get("/courses/")
@guard(Role.SITE_OWNER)
@blueprint.query(CourseFilterSchema)
@blueprint.page(CourseSchema)
def list_courses(filters: dict[str, Any]) -> Select[Any]:
    """List all courses with their topics and lectures, newest first."""
    return catalogue.list_courses(caller(), **filters)


@blueprint.post("/courses/")
@guard(Role.SITE_OWNER)
@blueprint.body(NewCourseSchema, files=True)
@blueprint.response(201, CourseSchema)
@blueprint.refusals(
    Invalid({"grade": ["Teacher X does not teach grade Y."]}),
    Invalid({"non_field_errors": ["A course with this Teacher, Grade, and Name already exists."]}),
)
def create_course(values: dict[str, Any]) -> Row[Any]:
    """Create a course of a teacher for a grade."""
    return catalogue.course_item(courses.create_course(caller(), **values))


@blueprint.get("/courses/<int:course_id>/")
@guard(Role.SITE_OWNER, Role.TEACHER, Role.ASSISTANT)
@path_object("course", find_course)
@blueprint.response(200, CourseSchema)
def show_course(course: Course) -> Row[Any]:
    """Show a course with its topics and lectures."""
    return catalogue.course_item(course)


@blueprint.patch("/courses/<int:course_id>/")
@guard(Role.SITE_OWNER)
@path_object("course", find_course)
@blueprint.body(CourseChangesSchema(partial=True), files=True)
@blueprint.response(200, CourseSchema)
@blueprint.refusals(
    Invalid({"teacher": ["Cannot change the teacher of an existing course."]}),
    Invalid({"grade": ["Cannot change the grade of an existing course."]}),
    Invalid({"non_field_errors": ["A course with this Teacher, Grade, and Name already exists."]}),
)
def change_course(values: dict[str, Any], course: Course) -> Row[Any]:
    """Change a course; its teacher and grade stay."""
    return catalogue.course_item(courses.change_course(caller(), course, **values))


@blueprint.delete("/courses/<int:course_id>/")
@guard(Role.SITE_OWNER)
@path_object("course", find_course)
@blueprint.response(204)
@blueprint.refusals(
    Rejected("Cannot delete a course that has students enrolled in it."),
    Rejected("Cannot delete a course that has recharge codes."),
    Rejected("Cannot delete a course that has submissions."),
)
def delete_course(course: Course) -> None:
    """Delete a course that nobody uses, with all that is in it."""
    courses.delete_course(caller(), course)


@blueprint.post("/courses/<int:course_id>/reorder/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("course", find_course)
@blueprint.body(ReorderSchema)
@blueprint.response(200, MessageSchema)
def reorder_course(values: dict[str, Any], course: Course) -> dict[str, str]:
    """Put topics, lectures and videos into a new order."""
    reordering.reorder_course(caller(), course, **values)
    return {"message": "Course reordered successfully."}


@blueprint.get("/courses/by_subject/<int:subject_id>/")
@guard(students="any")
@path_object("subject", catalogue.find_subject_id)
@blueprint.query(BrowseSchema)
@blueprint.page(CourseSummarySchema)
def list_courses_of_subject(filters: dict[str, Any], subject: int) -> FilledList:
    """List a subject's active courses; for a student, those that are meant for them."""
    return catalogue.courses_of_subject(caller(), subject, **filters)


@blueprint.get("/courses/my_courses/")
@guard(Role.TEACHER, Role.ASSISTANT)
@blueprint.query(BrowseSchema)
@blueprint.page(CourseSummarySchema)
def list_my_courses(filters: dict[str, Any]) -> Select[Any]:
    """List the courses of the teacher, or of the teacher whom the assistant works for."""
    return catalogue.own_course_list(caller(), **filters)


@blueprint.get("/courses/<int:course_id>/preview/")
@guard(students="any")
@blueprint.response(200, CoursePreviewSchema)
@blueprint.refusals(NotFound("Course not found", key="error"))
def preview_course(course_id: int) -> dict[str, Any]:
    """Show what a course offers and costs, before enrolling."""
    return catalogue.preview_course(caller(), course_id)
