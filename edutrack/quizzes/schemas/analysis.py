"""What the answers to a quiz say about its questions."""

from marshmallow import fields as ma_fields

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema


class ChoiceCountSchema(Schema):
    """A choice and how often it was made."""

    id = ma_fields.Integer(required=True)
    text = ma_fields.String(required=True)
    is_correct = ma_fields.Boolean(required=True)
    count = ma_fields.Integer(required=True)


class QuestionAnalysisSchema(Schema):
    """How a question fared: how hard it was, and how well it tells strong attempts from weak ones."""

    quiz_question_id = ma_fields.Integer(required=True)
    question_text = ma_fields.String(required=True)
    points = ma_fields.Integer(required=True)
    answered = ma_fields.Integer(required=True)
    difficulty = ma_fields.Float(required=True, allow_none=True)
    discrimination = ma_fields.Float(required=True, allow_none=True)
    choices = Nested(ChoiceCountSchema, many=True, required=True)


class QuizAnalysisSchema(Schema):
    """The figures of a quiz."""

    quiz_id = ma_fields.Integer(required=True)
    quiz_title = ma_fields.String(required=True)
    attempts = ma_fields.Integer(required=True)
    students = ma_fields.Integer(required=True)
    mean_score = fields.Decimals(required=True, allow_none=True)
    median_score = fields.Decimals(required=True, allow_none=True)
    pass_rate = fields.Decimals(required=True, allow_none=True)
    questions = Nested(QuestionAnalysisSchema, many=True, required=True)
