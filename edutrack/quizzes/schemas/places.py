"""Questions in the places of a homework or quiz."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema
from edutrack.quizzes.models import MOST_POINTS
from edutrack.quizzes.schemas.bank import QuestionChoiceSchema, QuestionSchema

#: More than anybody answers at a sitting.
MOST_QUESTIONS = 200
_LAST_PLACE = 1_000_000


class PlacedChoiceSchema(QuestionChoiceSchema):
    """A choice of a question; whether it is correct is left out for students."""

    is_correct = plain.Boolean()


class PlacedQuestionSchema(QuestionSchema):
    """A question of the bank, whole; the model answer is left out for students."""

    model_answer = plain.String(allow_none=True)
    choices = Nested(PlacedChoiceSchema, many=True, required=True)


class PlaceSchema(Schema):
    """A question in its place, with what it is worth there."""

    id = plain.Integer(required=True)
    question = Nested(PlacedQuestionSchema, required=True)
    points = plain.Integer(required=True)
    order = plain.Integer(required=True)


class NewPlaceSchema(Schema):
    """A question to be put into a place; without `points` it is worth its own, without `order` it stands as listed."""

    question = fields.Id(required=True)
    points = fields.Integer(minimum=1, maximum=MOST_POINTS)
    order = fields.Integer(minimum=0, maximum=_LAST_PLACE)


def new_places() -> fields.ListOf:
    """Return the field that takes all questions of a homework or quiz."""
    return fields.ListOf(Nested(NewPlaceSchema), most=MOST_QUESTIONS)


class LectureFilterSchema(Schema):
    """What a list of homework or quizzes can be narrowed to."""

    lecture = fields.Id()
    search = fields.Text(blank=True, load_default="")
