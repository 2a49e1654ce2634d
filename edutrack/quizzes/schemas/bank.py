"""Bodies of the question bank."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.files import PictureUrl
from edutrack.core.schemas import Nested, Schema
from edutrack.quizzes.models import MOST_POINTS, QUESTION_TYPES

MOST_CHOICES = 10
#: Parts the tags, and the numbers of correct choices, in one cell of a CSV file.
SEPARATOR = "|"
CHOICE_COLUMNS = tuple(f"choice_{number}" for number in range(1, MOST_CHOICES + 1))
CSV_COLUMNS = ("type", "text", "points", "grade", "tags", "model_answer", *CHOICE_COLUMNS, "correct")
_TEXT_LENGTH = 5000
_CHOICE_LENGTH = 1000
_TAG_LENGTH = 50
_MOST_TAGS = 20
_URL_LENGTH = 2000


class QuestionChoiceSchema(Schema):
    """A choice as the teacher sees it: never for a student."""

    id = plain.Integer(required=True)
    text = plain.String(required=True)
    image = PictureUrl(required=True, allow_none=True)
    is_correct = plain.Boolean(required=True)
    order = plain.Integer(required=True)


class QuestionSchema(Schema):
    """A question of the bank with what is right: never for a student."""

    id = plain.Integer(required=True)
    teacher = plain.Integer(required=True, attribute="teacher_id")
    subject = plain.Integer(required=True, attribute="subject_id")
    grade = plain.Integer(required=True, attribute="grade_id")
    text = plain.String(required=True, attribute="version.text")
    image = PictureUrl(required=True, allow_none=True, attribute="version.image")
    type = plain.String(required=True, attribute="version.type", metadata={"enum": list(QUESTION_TYPES)})
    points = plain.Integer(required=True, attribute="version.points")
    model_answer = plain.String(required=True, allow_none=True, attribute="version.model_answer")
    tags = plain.List(plain.String(), required=True)
    choices = Nested(QuestionChoiceSchema, many=True, required=True, attribute="version.choices")
    created_at = fields.Moment(required=True)


class QuestionFilterSchema(Schema):
    """What a bank can be narrowed to, and its order."""

    teacher = fields.Id()
    subject = fields.Id()
    grade = fields.Id()
    type = fields.Choice(QUESTION_TYPES)
    tag = fields.Text(longest=_TAG_LENGTH)
    search = fields.Text(blank=True, load_default="")
    ordering = fields.Ordering("created_at", default="-created_at")


class ExportFilterSchema(QuestionFilterSchema):
    """What an exported bank can be narrowed to; in the order of making, so that importing it keeps the order."""

    ordering = fields.Ordering("created_at", default="created_at")


def _one_cell(tag: str) -> None:
    if SEPARATOR in tag:
        raise ma.ValidationError(f'A tag may not contain "{SEPARATOR}".')


class NewQuestionChoiceSchema(Schema):
    """A choice of a question; one with a picture needs no text."""

    text = fields.Text(longest=_CHOICE_LENGTH, blank=True, required=True)
    image = fields.Text(
        longest=_URL_LENGTH,
        allow_none=True,
        metadata={
            "description": "The name of the part of this multipart body that holds the picture; null for none. The "
            "address that the choice's present picture has keeps it."
        },
    )
    is_correct = fields.Boolean(load_default=False)
    order = fields.Integer(minimum=0, metadata={"description": "Its place in the list where it is left out."})


class ChangedQuestionChoiceSchema(NewQuestionChoiceSchema):
    """A choice as it is to be; `id` names the present choice whose picture it keeps where `image` is left out."""

    id = fields.Id()


class QuestionChangesSchema(Schema):
    """What may be changed of a question; everything may be left out, but choices that are named are all there are."""

    teacher = fields.Id()
    grade = fields.Id()
    type = fields.Choice(QUESTION_TYPES)
    text = fields.Text(longest=_TEXT_LENGTH)
    image = fields.Upload(allow_none=True)
    points = fields.Integer(minimum=1, maximum=MOST_POINTS)
    model_answer = fields.Text(longest=_TEXT_LENGTH, blank=True, allow_none=True)
    tags = fields.ListOf(fields.Text(longest=_TAG_LENGTH, validate=[_one_cell]), most=_MOST_TAGS)
    choices = fields.ListOf(Nested(ChangedQuestionChoiceSchema), most=MOST_CHOICES)

    @ma.post_load
    def settle(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Take an empty model answer for none, and a tag that comes twice for one."""
        if "model_answer" in values:
            values["model_answer"] = values["model_answer"] or None
        if "tags" in values:
            values["tags"] = list(dict.fromkeys(values["tags"]))
        return values


class NewQuestionSchema(QuestionChangesSchema):
    """A question for the bank. A site owner names the teacher; a teacher's are the teacher's own."""

    grade = fields.Id(required=True)
    type = fields.Choice(QUESTION_TYPES, required=True)
    text = fields.Text(longest=_TEXT_LENGTH, required=True)
    choices = fields.ListOf(Nested(NewQuestionChoiceSchema), most=MOST_CHOICES)


class QuestionRowSchema(NewQuestionSchema):
    """A question as a row of a file has it: pictures are no part of it, and choices are texts alone."""

    class Meta:
        exclude = ("teacher", "grade", "image")

    choices = fields.ListOf(fields.Text(longest=_CHOICE_LENGTH))


class ImportSchema(Schema):
    """A CSV file of questions; `grade` is that of the rows which name none, `teacher` is for site owners to name."""

    file = fields.Upload(required=True)
    grade = fields.Id()
    teacher = fields.Id()


class ImportedSchema(Schema):
    """How many questions a file has brought."""

    imported = plain.Integer(required=True)
