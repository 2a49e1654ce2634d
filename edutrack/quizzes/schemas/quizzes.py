"""Bodies of quizzes."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Schema
from edutrack.courses.models import DESCRIPTION_LENGTH
from edutrack.quizzes.models import LONGEST_TIMER_MINUTES, MOST_ATTEMPTS, TITLE_LENGTH, VISIBILITIES
from edutrack.quizzes.schemas.places import PlaceSchema, new_places
from edutrack.structure.schemas import MadeInSQL


class QuizSchema(Schema):
    """A quiz with its questions; for students there are none before it is started."""

    id = plain.Integer(required=True)
    lecture = plain.Integer(required=True)
    title = plain.String(required=True)
    description = plain.String(required=True, allow_none=True)
    timer_minutes = plain.Integer(required=True)
    max_attempts = plain.Integer(required=True)
    passing_score = plain.Integer(required=True, metadata={"description": "Percent of the points."})
    randomize_questions = plain.Boolean(required=True)
    randomize_choices = plain.Boolean(required=True)
    score_visibility = plain.String(required=True, metadata={"enum": list(VISIBILITIES)})
    answers_visibility = plain.String(required=True, metadata={"enum": list(VISIBILITIES)})
    opens_at = fields.Moment(required=True, allow_none=True)
    closes_at = fields.Moment(required=True, allow_none=True)
    is_active = plain.Boolean(required=True)
    questions = MadeInSQL(PlaceSchema, many=True, required=True)


class NewQuizSchema(Schema):
    """A quiz for a lecture."""

    lecture = fields.Id(required=True)
    title = fields.Text(longest=TITLE_LENGTH, required=True)
    description = fields.Text(longest=DESCRIPTION_LENGTH, blank=True, allow_none=True)
    timer_minutes = fields.Integer(minimum=1, maximum=LONGEST_TIMER_MINUTES, required=True)
    max_attempts = fields.Integer(minimum=1, maximum=MOST_ATTEMPTS)
    passing_score = fields.Integer(minimum=0, maximum=100)
    randomize_questions = fields.Boolean()
    randomize_choices = fields.Boolean()
    score_visibility = fields.Choice(VISIBILITIES)
    answers_visibility = fields.Choice(VISIBILITIES)
    opens_at = fields.Moment(allow_none=True)
    closes_at = fields.Moment(allow_none=True)
    is_active = fields.Boolean()
    questions = new_places()


class QuizChangesSchema(NewQuizSchema):
    """What may be changed of a quiz; everything may be left out. Questions are replaced as a whole."""
