"""Bodies of homework."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema
from edutrack.courses.models import DESCRIPTION_LENGTH
from edutrack.quizzes.models import TITLE_LENGTH
from edutrack.quizzes.schemas.places import PlaceSchema, new_places
from edutrack.structure.schemas import MadeInSQL

_STATUSES = ["submitted", "graded"]


class HomeworkSchema(Schema):
    """A homework with its questions."""

    id = plain.Integer(required=True)
    lecture = plain.Integer(required=True)
    title = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    is_active = plain.Boolean(required=True)
    questions = MadeInSQL(PlaceSchema, many=True, required=True)


class NewHomeworkSchema(Schema):
    """A homework for a lecture."""

    lecture = fields.Id(required=True)
    title = fields.Text(longest=TITLE_LENGTH, required=True)
    description = fields.Text(longest=DESCRIPTION_LENGTH, blank=True, allow_none=True)
    is_active = fields.Boolean()
    questions = new_places()


class HomeworkChangesSchema(NewHomeworkSchema):
    """What may be changed of a homework; everything may be left out. Questions are replaced as a whole."""


class HomeworkAnswerSchema(Schema):
    """The choice that was made for one question; null for none."""

    homework_question_id = fields.Id(required=True)
    choice_id = fields.Id(required=True, allow_none=True)


class HomeworkAnswersSchema(Schema):
    """What a student hands in."""

    answers = fields.ListOf(Nested(HomeworkAnswerSchema), required=True)


class HandedInSchema(Schema):
    """What handing in a homework came to."""

    detail = plain.Constant("Homework submitted and auto-graded.", required=True)
    submission_id = plain.Integer(required=True)
    score = fields.Decimals(required=True)
    status = plain.String(required=True, metadata={"enum": _STATUSES})


class HomeworkSubmissionSchema(Schema):
    """A homework that was handed in."""

    id = plain.Integer(required=True)
    homework_id = plain.Integer(required=True)
    homework_title = plain.String(required=True)
    lecture_name = plain.String(required=True)
    score = fields.Decimals(required=True)
    status = plain.String(required=True, metadata={"enum": _STATUSES})
    submitted_at = fields.Moment(required=True)


class StudentHomeworkSubmissionSchema(HomeworkSubmissionSchema):
    """A homework that was handed in, with its student, for those who run the course."""

    student = plain.Integer(required=True)
    student_name = plain.String(required=True)
    student_code = plain.String(required=True)


class SubmissionFilterSchema(Schema):
    """What a list of submissions can be narrowed to."""

    search = fields.Text(blank=True, load_default="")
