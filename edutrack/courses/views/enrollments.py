"""Asking for courses, answering requests, and the courses that a student is in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden, Invalid, NotFound, Rejected
from edutrack.core.schemas import MessageSchema
from edutrack.courses.models import Enrollment
from edutrack.courses.queries.enrollments import (
    enrolled_courses,
    enrollments_of_student,
    find_enrollment,
    list_enrollments,
)
from edutrack.courses.schemas.enrollments import (
    BulkResponseSchema,
    EnrolledCourseSchema,
    EnrollmentFilterSchema,
    EnrollmentSchema,
    EnrollSchema,
    ResponseSchema,
    UpdatedSchema,
)
from edutrack.courses.service import enrollments as service
from edutrack.courses.views.room import blueprint

_STAFF = (Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)


@blueprint.post("/enrollments/")
@guard(Role.STUDENT)
@blueprint.body(EnrollSchema)
@blueprint.response(201, EnrollmentSchema)
@blueprint.refusals(
    Rejected("You are already enrolled or have a pending request for this course."),
    Rejected("This course is not available."),
    Rejected("This course is not for your grade, school type or division."),
    Invalid({"course": ['Invalid pk "7" - object does not exist.']}),
)
def enroll(values: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Ask for a place in a course."""
    return service.enroll(caller(), values["course"])


@blueprint.get("/enrollments/mine/")
@guard(Role.STUDENT)
@blueprint.response(200, EnrollmentSchema(many=True))
def list_my_enrollments() -> Sequence[Row[*tuple[Any, ...]]]:
    """List the student's own enrolments, newest first."""
    return enrollments_of_student(caller().student_id)


@blueprint.delete("/enrollments/<int:enrollment_id>/")
@guard(Role.STUDENT)
@blueprint.response(200, MessageSchema)
@blueprint.refusals(
    Rejected("Cannot cancel enrollment with status: approved", key="error"),
    Forbidden("You can only cancel your own enrollments", key="error"),
    NotFound("Enrollment not found", key="error"),
)
def cancel_enrollment(enrollment_id: int) -> dict[str, str]:
    """Take back a pending request."""
    service.cancel_enrollment(caller(), enrollment_id)
    return {"message": "Enrollment cancelled successfully"}


@blueprint.get("/enrollments/")
@guard(*_STAFF)
@blueprint.query(EnrollmentFilterSchema)
@blueprint.page(EnrollmentSchema)
def list_course_enrollments(filters: dict[str, Any]) -> Select[*tuple[Any, ...]]:
    """List the enrolments in one's courses, newest first."""
    return list_enrollments(caller(), **filters)


@blueprint.post("/enrollments/<int:enrollment_id>/approve/")
@guard(*_STAFF)
@path_object("enrollment", find_enrollment)
@blueprint.body(ResponseSchema)
@blueprint.response(200, EnrollmentSchema)
@blueprint.refusals(Rejected("This enrollment is not pending."))
def approve_enrollment(values: dict[str, Any], enrollment: Enrollment) -> Row[*tuple[Any, ...]]:
    """Approve a pending request."""
    return service.respond(caller(), enrollment, "approved", values["response_note"])


@blueprint.post("/enrollments/<int:enrollment_id>/reject/")
@guard(*_STAFF)
@path_object("enrollment", find_enrollment)
@blueprint.body(ResponseSchema)
@blueprint.response(200, EnrollmentSchema)
@blueprint.refusals(Rejected("This enrollment is not pending."))
def reject_enrollment(values: dict[str, Any], enrollment: Enrollment) -> Row[*tuple[Any, ...]]:
    """Reject a pending request; the student may ask again."""
    return service.respond(caller(), enrollment, "rejected", values["response_note"])


@blueprint.post("/enrollments/bulk_respond/")
@guard(*_STAFF)
@blueprint.body(BulkResponseSchema)
@blueprint.response(200, UpdatedSchema)
def respond_to_enrollments(values: dict[str, Any]) -> dict[str, int]:
    """Give many pending requests one answer."""
    answered = service.respond_to_many(caller(), values["ids"], values["status"], values["response_note"])
    return {"updated": answered}


@blueprint.get("/courses/enrolled/")
@guard(Role.STUDENT)
@blueprint.page(EnrolledCourseSchema)
def list_enrolled_courses() -> Select[Enrollment]:
    """List the courses in which the student is approved, newest first."""
    return enrolled_courses(caller().student_id)
