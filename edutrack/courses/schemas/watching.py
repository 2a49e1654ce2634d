"""What a student of a course sees of its lectures, and how far videos have been watched."""

from marshmallow import fields as ma_fields

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema
from edutrack.courses.schemas.materials import MaterialSchema
from edutrack.structure.schemas import MadeInSQL


class LectureAccessSchema(Schema):
    """A student's purchase, as it stands inside the lecture."""

    id = ma_fields.Integer(attribute="purchase_id", required=True)
    purchased_at = fields.Moment(required=True)
    expires_at = fields.Moment(required=True)
    effective_expiry = fields.Moment(required=True)
    is_expired = ma_fields.Boolean(required=True)
    extra_days = ma_fields.Integer(required=True)
    amount_paid = fields.Decimals(required=True)


class OfferedLectureSchema(Schema):
    """A lecture as a student of its course sees it; `purchase` only where there is one."""

    id = ma_fields.Integer(required=True)
    name = ma_fields.String(required=True)
    description = ma_fields.String(required=True, allow_none=True)
    price = fields.Decimals(required=True)
    final_price = fields.Decimals(required=True)
    discount = fields.Decimals(required=True)
    available_days = ma_fields.Integer(required=True)
    order = ma_fields.Integer(required=True)
    video_count = ma_fields.Integer(required=True)
    is_purchased = ma_fields.Boolean(required=True)
    purchase = Nested(LectureAccessSchema)


class OfferedTopicSchema(Schema):
    """A topic with the lectures that the student can buy or has bought."""

    id = ma_fields.Integer(required=True)
    name = ma_fields.String(required=True)
    order = ma_fields.Integer(required=True)
    lectures = Nested(OfferedLectureSchema, many=True, required=True)


class OfferingCourseSchema(Schema):
    """The course that the lectures belong to."""

    id = ma_fields.Integer(required=True)
    name = ma_fields.String(required=True)


class CourseLecturesSchema(Schema):
    """The lectures of a course, by topic."""

    course = Nested(OfferingCourseSchema, required=True)
    topics = Nested(OfferedTopicSchema, many=True, required=True)


class WatchedVideoSchema(Schema):
    """A video that the student may play now, with the link that plays it."""

    id = ma_fields.Integer(required=True)
    name = ma_fields.String(required=True)
    order = ma_fields.Integer(required=True)
    duration_seconds = ma_fields.Integer(required=True, allow_none=True)
    platform = ma_fields.String(required=True)
    playback_url = ma_fields.Url(required=True)
    expires_at = fields.Moment(required=True)
    progress_seconds = ma_fields.Integer(required=True)
    is_completed = ma_fields.Boolean(required=True)


class WatchedLectureSchema(Schema):
    """A lecture that is open to the student."""

    id = ma_fields.Integer(required=True)
    name = ma_fields.String(required=True)
    effective_expiry = fields.Moment(required=True)
    videos = Nested(WatchedVideoSchema, many=True, required=True)
    # `queries.materials` has signed and printed them.
    materials = MadeInSQL(MaterialSchema, many=True, required=True)


class PlaySchema(Schema):
    """The token of a playback link; whatever it is, it is good or it is not."""

    token = ma_fields.String(load_default="")


class HeartbeatSchema(Schema):
    """How far a student has watched a video, as the player says."""

    video = fields.Id(required=True)
    progress_seconds = fields.Integer(minimum=0, required=True)
    # Players say 0 before they know.
    duration_seconds = fields.Integer(minimum=0, allow_none=True, load_default=None)
    platform_data = fields.JSONObject(allow_none=True, load_default=None)


class RecordedProgressSchema(Schema):
    """Progress as a heartbeat left it."""

    id = ma_fields.Integer(required=True)
    student = ma_fields.Integer(required=True)
    video = ma_fields.Integer(required=True)
    progress_seconds = ma_fields.Integer(required=True)
    duration_seconds = ma_fields.Integer(required=True, allow_none=True)
    progress_percentage = fields.Decimals(required=True)
    is_completed = ma_fields.Boolean(required=True)
    watch_count = ma_fields.Integer(required=True)
    last_watched_at = fields.Moment(required=True)
    platform_data = ma_fields.Dict(required=True, allow_none=True)


class ProgressSchema(RecordedProgressSchema):
    """Progress with the names of what was watched."""

    student_name = ma_fields.String(required=True)
    student_code = ma_fields.String(required=True)
    video_name = ma_fields.String(required=True)
    lecture_name = ma_fields.String(required=True)
    course_name = ma_fields.String(required=True)


class StudentProgressSchema(Schema):
    """How far one student has come in a course."""

    student = ma_fields.Integer(required=True)
    student_name = ma_fields.String(required=True)
    student_code = ma_fields.String(required=True)
    videos_completed = ma_fields.Integer(required=True)
    videos_total = ma_fields.Integer(required=True)
    progress_percentage = fields.Decimals(required=True)
    last_watched_at = fields.Moment(required=True, allow_none=True)
