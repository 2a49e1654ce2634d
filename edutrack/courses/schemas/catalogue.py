"""Bodies of courses, topics, lectures and videos."""

from typing import Any

from marshmallow import fields as plain

from edutrack.core import clock, fields
from edutrack.core.files import PictureUrl, signed_url
from edutrack.core.schemas import Nested, Schema
from edutrack.courses.models import DESCRIPTION_LENGTH, LONGEST_WINDOW_DAYS, NAME_LENGTH, PLATFORMS
from edutrack.courses.queries.materials import LINK_LIFETIME
from edutrack.structure.schemas import NamedSchema

#: More than any course has; leaves room for "last" after it.
_LAST_PLACE = 1_000_000
_SOURCE_LENGTH = 500


def _place() -> fields.Integer:
    return fields.Integer(minimum=0, maximum=_LAST_PLACE)


def _description() -> fields.Text:
    return fields.Text(longest=DESCRIPTION_LENGTH, blank=True, allow_none=True)


def _amount() -> plain.String:
    # Printed by the database: inside its JSON a number would be read as a float.
    return plain.String(required=True, metadata={"format": "decimal"})


class OutlineLectureSchema(Schema):
    """A lecture as anybody may see it before buying."""

    id = plain.Integer(required=True)
    name = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    price = _amount()
    final_price = _amount()
    discount = _amount()
    available_days = plain.Integer(required=True)
    order = plain.Integer(required=True)
    video_count = plain.Integer(required=True)


class OutlineTopicSchema(Schema):
    """A topic with its lectures as anybody may see them."""

    id = plain.Integer(required=True)
    name = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    order = plain.Integer(required=True)
    lecture_count = plain.Integer(required=True)
    lectures = Nested(OutlineLectureSchema, many=True, required=True)


class CourseLectureSchema(OutlineLectureSchema):
    """A lecture inside its course, for those who run it."""

    is_active = plain.Boolean(required=True)


class CourseTopicSchema(OutlineTopicSchema):
    """A topic inside its course, for those who run it."""

    is_active = plain.Boolean(required=True)
    lectures = Nested(CourseLectureSchema, many=True, required=True)


class CourseSummarySchema(Schema):
    """A course in the lists that students and teachers browse."""

    id = plain.Integer(required=True)
    name = plain.String(required=True)
    teacher = plain.Integer(required=True)
    teacher_name = plain.String(required=True)
    grade = plain.Integer(required=True)
    grade_name = plain.String(required=True)
    subject = plain.Integer(required=True)
    subject_name = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    cover_picture = PictureUrl(required=True, allow_none=True)
    is_active = plain.Boolean(required=True)
    topic_count = plain.Integer(required=True)
    created_at = fields.Moment(required=True)


class CourseSchema(CourseSummarySchema):
    """A course with all that it holds."""

    teacher_id = plain.Integer(required=True)
    topics = Nested(CourseTopicSchema, many=True, required=True)
    total_lectures = plain.Integer(required=True)
    total_videos = plain.Integer(required=True)
    updated_at = fields.Moment(required=True)


class PreviewTeacherSchema(Schema):
    """Who gives a course."""

    id = plain.Integer(required=True)
    name = plain.String(required=True)
    profile_picture = PictureUrl(required=True, allow_none=True)


class CoursePreviewSchema(Schema):
    """A course before enrolling: what it offers and costs, and nothing that plays."""

    id = plain.Integer(required=True, attribute="course.id")
    name = plain.String(required=True, attribute="course.name")
    description = plain.String(required=True, allow_none=True, attribute="course.description")
    cover_picture = PictureUrl(required=True, allow_none=True, attribute="course.cover_picture")
    teacher = Nested(PreviewTeacherSchema, required=True, attribute="course.teacher")
    grade = Nested(NamedSchema, required=True, attribute="course.grade")
    subject = Nested(NamedSchema, required=True, attribute="course.subject")
    topic_count = plain.Integer(required=True)
    total_lectures = plain.Integer(required=True)
    topics = Nested(OutlineTopicSchema, many=True, required=True)
    created_at = fields.Moment(required=True, attribute="course.created_at")


class BrowseSchema(Schema):
    """How the lists of courses that students and teachers browse can be narrowed and ordered."""

    teacher = fields.Id()
    search = fields.Text(blank=True, load_default="")
    ordering = fields.Ordering("created_at", "name", default="-created_at")


class CourseFilterSchema(BrowseSchema):
    """How the site owner's list of courses can be narrowed and ordered."""

    grade = fields.Id()
    subject = fields.Id()
    is_active = fields.Boolean()


class NewCourseSchema(Schema):
    """A course to be given; its subject is the teacher's."""

    name = fields.Text(longest=NAME_LENGTH, required=True)
    teacher = fields.Id(required=True)
    grade = fields.Id(required=True)
    description = _description()
    cover_picture = fields.Upload(allow_none=True)
    is_active = fields.Boolean()


class CourseChangesSchema(NewCourseSchema):
    """What may be changed of a course; everything may be left out."""


class TopicSchema(Schema):
    """A chapter of a course."""

    id = plain.Integer(required=True)
    course = plain.Integer(required=True)
    name = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    order = plain.Integer(required=True)
    is_active = plain.Boolean(required=True)
    lecture_count = plain.Integer(required=True)
    created_at = fields.Moment(required=True)


class TopicFilterSchema(Schema):
    """What a list of topics can be narrowed to."""

    course = fields.Id()


class NewTopicSchema(Schema):
    """A chapter to be added to a course."""

    course = fields.Id(required=True)
    name = fields.Text(longest=NAME_LENGTH, required=True)
    description = _description()
    order = _place()
    is_active = fields.Boolean()


class TopicChangesSchema(NewTopicSchema):
    """What may be changed of a topic; everything may be left out."""


class LectureSchema(Schema):
    """A lecture with its price, for those who run its course."""

    id = plain.Integer(required=True)
    topic = plain.Integer(required=True)
    topic_name = plain.String(required=True)
    course = plain.Integer(required=True)
    course_name = plain.String(required=True)
    name = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    price = fields.Decimals(required=True)
    discount = fields.Decimals(required=True)
    final_price = fields.Decimals(required=True)
    available_days = plain.Integer(required=True)
    order = plain.Integer(required=True)
    is_active = plain.Boolean(required=True)
    video_count = plain.Integer(required=True)
    created_at = fields.Moment(required=True)


class LectureFilterSchema(TopicFilterSchema):
    """What a list of lectures can be narrowed to."""

    topic = fields.Id()


class NewLectureSchema(Schema):
    """A lecture to be sold."""

    topic = fields.Id(required=True)
    name = fields.Text(longest=NAME_LENGTH, required=True)
    description = _description()
    price = fields.Decimals(minimum=0, required=True)
    discount = fields.Decimals(minimum=0)
    available_days = fields.Integer(minimum=1, maximum=LONGEST_WINDOW_DAYS, required=True)
    order = _place()
    is_active = fields.Boolean()


class LectureChangesSchema(NewLectureSchema):
    """What may be changed of a lecture; everything may be left out."""


class VideoSchema(Schema):
    """A video with its source: for those who run its course, and never for a student."""

    id = plain.Integer(required=True)
    lecture = plain.Integer(required=True)
    name = plain.String(required=True)
    platform = plain.String(required=True, metadata={"enum": list(PLATFORMS)})
    source = plain.Method("show_source", required=True, metadata={"type": "string"})
    duration_seconds = plain.Integer(required=True, allow_none=True)
    order = plain.Integer(required=True)
    is_active = plain.Boolean(required=True)
    created_at = fields.Moment(required=True)

    def show_source(self, video: Any) -> str:
        """Return the platform's id of the video; for a stored file an address that gives it for an hour."""
        if video.platform != "file":
            return str(video.source)
        holder = {"user_id": video.link_user_id, "session_id": video.link_session_id}
        return signed_url(video.source, video.source.rpartition("/")[2], clock.now() + LINK_LIFETIME, **holder)


class VideoFilterSchema(Schema):
    """What a list of videos can be narrowed to."""

    lecture = fields.Id()


class NewVideoSchema(Schema):
    """A video of a lecture: `source` for a platform, `file` for a recording that is stored here."""

    lecture = fields.Id(required=True)
    name = fields.Text(longest=NAME_LENGTH, required=True)
    platform = fields.Choice(PLATFORMS, required=True)
    source = fields.Text(longest=_SOURCE_LENGTH)
    file = fields.Upload()
    duration_seconds = fields.Integer(minimum=1, allow_none=True)
    order = _place()
    is_active = fields.Boolean()


class VideoChangesSchema(NewVideoSchema):
    """What may be changed of a video; everything may be left out."""


class ReorderLectureSchema(Schema):
    """A lecture in its new place, with its videos in theirs."""

    id = fields.Id(required=True)
    videos = fields.ListOf(fields.Id())


class ReorderTopicSchema(Schema):
    """A topic in its new place, with its lectures in theirs."""

    id = fields.Id(required=True)
    lectures = fields.ListOf(Nested(ReorderLectureSchema))


class ReorderSchema(Schema):
    """The new order of a course; any level may be left out."""

    topics = fields.ListOf(Nested(ReorderTopicSchema))
