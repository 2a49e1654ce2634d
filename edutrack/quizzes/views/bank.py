"""Routes of the question bank, for those who run it: nothing here is for students."""

from typing import Any

from flask import Response, request
from sqlalchemy import Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid, Rejected
from edutrack.quizzes.exporting import bank_as_csv
from edutrack.quizzes.models import Question
from edutrack.quizzes.queries.bank import list_questions as questions_of
from edutrack.quizzes.queries.bank import whole_question
from edutrack.quizzes.queries.scope import find_question
from edutrack.quizzes.schemas.bank import (
    ExportFilterSchema,
    ImportedSchema,
    ImportSchema,
    NewQuestionSchema,
    QuestionChangesSchema,
    QuestionFilterSchema,
    QuestionSchema,
)
from edutrack.quizzes.service import bank, importing
from edutrack.quizzes.views.room import blueprint

_NOT_TAUGHT = Invalid({"grade": ["Teacher Mona does not teach grade 1."]})
_UNSOUND = Invalid({"choices": ["A question with a single answer has exactly one correct choice."]})


@blueprint.get("/questions/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(QuestionFilterSchema)
@blueprint.page(QuestionSchema)
def list_questions(filters: dict[str, Any]) -> Select[Any]:
    """List the questions of the caller's bank; a search looks in their texts and tags."""
    return questions_of(caller(), **filters)


@blueprint.post("/questions/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(NewQuestionSchema, files=True)
@blueprint.response(201, QuestionSchema)
@blueprint.refusals(_NOT_TAUGHT, _UNSOUND)
def create_question(values: dict[str, Any]) -> Question:
    """Add a question to the bank."""
    return bank.create_question(caller(), values, request.files)


@blueprint.get("/questions/<int:question_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("question", find_question)
@blueprint.response(200, QuestionSchema)
def show_question(question: Question) -> Question:
    """Show a question."""
    return whole_question(question.id)


@blueprint.patch("/questions/<int:question_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("question", find_question)
@blueprint.body(QuestionChangesSchema, files=True)
@blueprint.response(200, QuestionSchema)
@blueprint.refusals(
    _NOT_TAUGHT,
    _UNSOUND,
    Invalid({"type": ["Cannot change the type of a question that is used in a homework."]}),
    Invalid({"teacher": ["Cannot change the teacher of an existing question."]}),
)
def change_question(values: dict[str, Any], question: Question) -> Question:
    """Change a question; attempts and submitted homework keep what it said before."""
    return bank.change_question(caller(), question, values, request.files)


@blueprint.delete("/questions/<int:question_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("question", find_question)
@blueprint.response(204)
@blueprint.refusals(
    Rejected("Cannot delete a question that is used in a quiz."),
    Rejected("Cannot delete a question that is used in a homework."),
)
def delete_question(question: Question) -> None:
    """Delete a question that no quiz or homework has ever used."""
    bank.delete_question(caller(), question)


@blueprint.get("/questions/export/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(ExportFilterSchema)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="text/csv")
def export_questions(filters: dict[str, Any]) -> Response:
    """Download the caller's bank as a CSV file that can be imported again; each download is audited.

    Columns: `type`, `text`, `points`, `grade` (its name), `tags` (separated by `|`), `model_answer`, `choice_1` to
    `choice_10`, `correct` (the numbers of the correct choices, separated by `|`). Pictures are not part of it.
    """
    importing.record_export(caller(), filters)
    return bank_as_csv(caller(), filters)


@blueprint.post("/questions/import/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(ImportSchema, files=True)
@blueprint.response(201, ImportedSchema)
@blueprint.refusals(
    Invalid({"file": ["Row 7: points: A valid integer is required."]}),
    Invalid({"teacher": ["This field is required."]}),
)
def import_questions(values: dict[str, Any]) -> dict[str, int]:
    """Add the questions of a CSV file to the bank: all of them, or none where a row is bad.

    UTF-8, separated by commas or semicolons, with the columns of the export in any order; all but `type` and `text` may
    be left out. A `grade` is one of the teacher's, by name or id; rows without one take that of the form. Rows are
    named as a spreadsheet counts them, the first being the column names. At most 5,000 questions and 5 MB.
    """
    return {"imported": importing.import_questions(caller(), **values)}
