"""Purchases as access rights: what students and staff see of them, how they are filtered and reopened."""

from marshmallow import fields as ma_fields

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema
from edutrack.courses.models import LONGEST_WINDOW_DAYS

NOTE_LENGTH = 1000


class ReopeningSchema(Schema):
    """One entry of a purchase's log of reopenings."""

    extra_days = ma_fields.Integer(required=True)
    reopened_by = ma_fields.String(attribute="reopened_by_name", required=True, allow_none=True)
    reopened_at = fields.Moment(required=True)
    note = ma_fields.String(required=True)


class PurchaseSchema(Schema):
    """A purchase, as `queries.purchases.purchases_with_relations` reads it."""

    id = ma_fields.Integer(required=True)
    student = ma_fields.Integer(attribute="student_id", required=True)
    lecture = ma_fields.Integer(attribute="lecture_id", required=True)
    lecture_name = ma_fields.String(attribute="lecture.name", required=True)
    topic_name = ma_fields.String(attribute="lecture.topic.name", required=True)
    course_name = ma_fields.String(attribute="lecture.topic.course.name", required=True)
    teacher_name = ma_fields.String(attribute="lecture.topic.course.teacher.name", required=True)
    purchased_at = fields.Moment(required=True)
    expires_at = fields.Moment(required=True)
    effective_expiry = fields.Moment(required=True)
    amount_paid = fields.Decimals(required=True)
    extra_days = ma_fields.Integer(required=True)
    is_expired = ma_fields.Boolean(required=True)
    reopened_by = ma_fields.Integer(attribute="last_reopening.reopened_by_id", dump_default=None, allow_none=True)
    reopened_by_name = ma_fields.String(attribute="last_reopening.reopened_by_name", dump_default=None, allow_none=True)
    reopened_at = fields.Moment(attribute="last_reopening.reopened_at", dump_default=None, allow_none=True)
    reopen_logs = Nested(ReopeningSchema, many=True, attribute="reopenings", required=True)


class PurchaseFilterSchema(Schema):
    """The query string of the list of purchases."""

    course = fields.Id(load_default=None)
    lecture = fields.Id(load_default=None)
    student = fields.Id(load_default=None)
    expired = fields.Boolean(load_default=None)


class ReopenSchema(Schema):
    """By how many days a purchase is to be extended, and why."""

    extra_days = fields.Integer(minimum=1, maximum=LONGEST_WINDOW_DAYS, required=True)
    note = fields.Text(longest=NOTE_LENGTH, blank=True, load_default="")
