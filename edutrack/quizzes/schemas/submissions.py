"""Attempts that were handed in: what students and staff see of them, and how written answers are graded."""

from typing import Any

from marshmallow import fields as ma_fields
from marshmallow import pre_dump

from edutrack.core import clock, fields
from edutrack.core.schemas import Nested, Schema
from edutrack.quizzes.models import ATTEMPT_STATUSES, QUESTION_TYPES
from edutrack.quizzes.queries.submissions import with_visibility

SEARCH_LENGTH = 255
FEEDBACK_LENGTH = 5000
#: More than any quiz has questions.
MOST_GRADED_AT_ONCE = 1000


class QuizSubmissionSchema(Schema):
    """An attempt, as `queries.submissions` shows it to its reader."""

    id = ma_fields.Integer(required=True)
    quiz_id = ma_fields.Integer(required=True)
    quiz_title = ma_fields.String(required=True)
    lecture_name = ma_fields.String(required=True)
    attempt_number = ma_fields.Integer(required=True)
    score = fields.Decimals(required=True, allow_none=True)
    passed = ma_fields.Boolean(required=True, allow_none=True)
    submitted_at = fields.Moment(required=True, allow_none=True)
    score_visible = ma_fields.Boolean(required=True)
    answers_visible = ma_fields.Boolean(required=True)


class StudentsQuizSubmissionSchema(QuizSubmissionSchema):
    """An attempt among those of all students, as a row of `queries.submissions.submissions_of_quiz`."""

    student = ma_fields.Integer(required=True)
    student_name = ma_fields.String(required=True)
    student_code = ma_fields.String(required=True)
    status = ma_fields.String(required=True, metadata={"enum": list(ATTEMPT_STATUSES)})

    @pre_dump
    def _say_what_is_visible(self, row: Any, **kwargs: Any) -> dict[str, Any]:
        return with_visibility(row, clock.now())


class AnsweredQuestionSchema(Schema):
    """A question of an attempt, what was answered, and what that is worth."""

    answer_id = ma_fields.Integer(required=True)
    quiz_question_id = ma_fields.Integer(required=True)
    question_text = ma_fields.String(required=True)
    question_type = ma_fields.String(required=True, metadata={"enum": list(QUESTION_TYPES)})
    points = ma_fields.Integer(required=True)
    choice_ids = ma_fields.List(ma_fields.Integer(), required=True)
    written_answer = ma_fields.String(required=True, allow_none=True)
    points_awarded = fields.Decimals(required=True, allow_none=True)
    feedback = ma_fields.String(required=True, allow_none=True)
    correct_choice_ids = ma_fields.List(ma_fields.Integer(), required=True)


class QuizSubmissionDetailSchema(QuizSubmissionSchema):
    """One attempt, with its answers where the reader may see them."""

    quiz = ma_fields.Integer(required=True)
    status = ma_fields.String(required=True, metadata={"enum": list(ATTEMPT_STATUSES)})
    started_at = fields.Moment(required=True)
    max_score = fields.Decimals(required=True)
    answers = Nested(AnsweredQuestionSchema, many=True, required=True)


class QuizSubmissionFilterSchema(Schema):
    """The query string of the list of a quiz's attempts."""

    status = fields.Choice(ATTEMPT_STATUSES, load_default=None)
    search = fields.Text(longest=SEARCH_LENGTH, blank=True, load_default="")


class AnswerGradeSchema(Schema):
    """What a written answer is worth. Feedback that is left out stays as it is."""

    answer_id = fields.Id(required=True)
    points_awarded = fields.Decimals(minimum=0, required=True)
    feedback = fields.Text(longest=FEEDBACK_LENGTH, blank=True, allow_none=True)


class GradesSchema(Schema):
    """The grades of some or all written answers of one attempt."""

    answers = fields.ListOf(Nested(AnswerGradeSchema), most=MOST_GRADED_AT_ONCE, empty=False, required=True)
