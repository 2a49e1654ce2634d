"""What a student's attempt at a quiz is sent and answered."""

from marshmallow import fields as ma_fields

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema
from edutrack.structure.schemas import MadeInSQL

LONGEST_ANSWER = 20_000


class AnswerSchema(Schema):
    """What is answered to one question: its choices, or its text."""

    quiz_question_id = fields.Id(required=True)
    choice_ids = fields.ListOf(fields.Id(), allow_none=True)
    written_answer = fields.Text(longest=LONGEST_ANSWER, blank=True, trim=False, allow_none=True)


class AnswersSchema(Schema):
    """Answers to some or all questions of an attempt."""

    answers = fields.ListOf(Nested(AnswerSchema), required=True)


class OfferedChoiceSchema(Schema):
    """A choice of a question; `order` is its place in the student's order."""

    id = ma_fields.Integer(required=True)
    text = ma_fields.String(required=True)
    image = ma_fields.Url(required=True, allow_none=True)
    order = ma_fields.Integer(required=True)


class AskedQuestionSchema(Schema):
    """A question as an attempt asks it, without anything of its answer."""

    answer_id = ma_fields.Integer(required=True)
    quiz_question_id = ma_fields.Integer(required=True)
    question_text = ma_fields.String(required=True)
    question_image = ma_fields.Url(required=True, allow_none=True)
    question_type = ma_fields.String(required=True)
    points = ma_fields.Integer(required=True)
    choices = Nested(OfferedChoiceSchema, many=True, required=True)


class StartedAttemptSchema(Schema):
    """A running attempt with its questions, in the student's order."""

    submission_id = ma_fields.Integer(required=True)
    attempt_number = ma_fields.Integer(required=True)
    timer_minutes = ma_fields.Integer(required=True)
    started_at = fields.Moment(required=True)
    # `queries.attempts` has printed them.
    questions = MadeInSQL(AskedQuestionSchema, many=True, required=True)


class SavedAnswerSchema(Schema):
    """What is saved of one question; nothing chosen is an empty list."""

    quiz_question_id = ma_fields.Integer(required=True)
    choice_ids = ma_fields.List(ma_fields.Integer(), required=True)
    written_answer = ma_fields.String(required=True, allow_none=True)


class RunningAttemptSchema(Schema):
    """A running attempt as it is found again after a reload; every question is listed, in the student's order."""

    submission_id = ma_fields.Integer(required=True)
    attempt_number = ma_fields.Integer(required=True)
    started_at = fields.Moment(required=True)
    deadline_at = fields.Moment(required=True)
    remaining_seconds = ma_fields.Integer(required=True)
    answers = Nested(SavedAnswerSchema, many=True, required=True)


class SavedSchema(Schema):
    """How many answers were saved, and the seconds to the deadline."""

    saved = ma_fields.Integer(required=True)
    remaining_seconds = ma_fields.Integer(required=True)


class SubmittedAttemptSchema(Schema):
    """What an attempt came to; `score` and `passed` are null while the score is not shown."""

    detail = ma_fields.String(required=True)
    submission_id = ma_fields.Integer(required=True)
    score = fields.Decimals(required=True, allow_none=True)
    passed = ma_fields.Boolean(required=True, allow_none=True)
    score_visible = ma_fields.Boolean(required=True)
    answers_visible = ma_fields.Boolean(required=True)
