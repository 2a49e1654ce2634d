"""Enrolments, their answers, and the courses that a student is enrolled in."""

from typing import Any

from marshmallow import fields as ma_fields

from edutrack.core import fields
from edutrack.core.files import PictureUrl
from edutrack.core.schemas import Nested, Schema
from edutrack.courses.models import ENROLLMENT_STATUSES
from edutrack.structure.schemas import NamedSchema

RESPONSE_NOTE_LENGTH = 1000
MOST_ANSWERED_AT_ONCE = 1000
SEARCH_LENGTH = 255


class _StatusDisplay(ma_fields.String):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return str(value).capitalize()


class EnrollmentSchema(Schema):
    """An enrolment, as `queries.enrollments.enrollment_rows` reads it."""

    id = ma_fields.Integer(required=True)
    student = ma_fields.Integer(required=True)
    student_name = ma_fields.String(required=True)
    student_code = ma_fields.String(required=True)
    course = ma_fields.Integer(required=True)
    course_name = ma_fields.String(required=True)
    grade_name = ma_fields.String(required=True)
    teacher_name = ma_fields.String(required=True)
    status = ma_fields.String(required=True)
    status_display = _StatusDisplay(attribute="status", dump_only=True)
    enrolled_at = fields.Moment(required=True)
    approved_by = ma_fields.Integer(required=True, allow_none=True)
    approved_by_name = ma_fields.String(required=True, allow_none=True)
    responded_at = fields.Moment(required=True, allow_none=True)
    response_note = ma_fields.String(required=True, allow_none=True)


class EnrollSchema(Schema):
    """The course that a student asks for."""

    course = fields.Id(required=True)


class EnrollmentFilterSchema(Schema):
    """The query string of the list of enrolments."""

    course = fields.Id(load_default=None)
    status = fields.Choice(ENROLLMENT_STATUSES, load_default=None)
    search = fields.Text(longest=SEARCH_LENGTH, blank=True, load_default="")


class ResponseSchema(Schema):
    """What is said with the answer to a request."""

    response_note = fields.Text(longest=RESPONSE_NOTE_LENGTH, blank=True, allow_none=True, load_default=None)


class BulkResponseSchema(ResponseSchema):
    """One answer to many requests."""

    ids = fields.ListOf(fields.Id(), most=MOST_ANSWERED_AT_ONCE, required=True)
    status = fields.Choice(("approved", "rejected"), required=True)


class UpdatedSchema(Schema):
    """How many requests were answered."""

    updated = ma_fields.Integer(required=True)


class EnrolledCourseSchema(Schema):
    """A course in which a student is approved."""

    id = ma_fields.Integer(attribute="course.id", required=True)
    name = ma_fields.String(attribute="course.name", required=True)
    teacher = Nested(NamedSchema, attribute="course.teacher", required=True)
    grade = Nested(NamedSchema, attribute="course.grade", required=True)
    subject = Nested(NamedSchema, attribute="course.subject", required=True)
    description = ma_fields.String(attribute="course.description", required=True, allow_none=True)
    cover_picture = PictureUrl(attribute="course.cover_picture", required=True, allow_none=True)
    enrolled_at = fields.Moment(required=True)
    status = ma_fields.String(required=True)
