"""The questions of a homework or quiz in their places, built by the database as one JSON value."""

from typing import Any

from sqlalchemy import JSON, ColumnElement, ScalarSelect, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from edutrack.core.files import PUBLIC_FOLDER, public_url
from edutrack.quizzes.models import (
    Homework,
    HomeworkQuestion,
    Question,
    QuestionChoice,
    QuestionVersion,
    Quiz,
    QuizQuestion,
)

_EMPTY_LIST: ColumnElement[Any] = literal_column("'[]'::json")


def homework_questions(*, with_answers: bool) -> ScalarSelect[Any]:
    """Return the subquery that builds the questions of the homework in the row around it, in their order.

    Without answers the database is not even asked which choices are correct, or for a model answer.
    """
    return _questions(HomeworkQuestion, HomeworkQuestion.homework_id == Homework.id, Homework, with_answers)


def quiz_questions() -> ScalarSelect[Any]:
    """Return the subquery that builds the questions of the quiz in the row around it, answers included."""
    return _questions(QuizQuestion, QuizQuestion.quiz_id == Quiz.id, Quiz, with_answers=True)


def no_questions() -> ColumnElement[Any]:
    """Return the empty list that stands for the questions of a quiz before it is started."""
    return literal_column("'[]'::json", JSON)


def _questions(
    place: type[HomeworkQuestion] | type[QuizQuestion],
    is_in_it: ColumnElement[bool],
    around: type[Homework] | type[Quiz],
    with_answers: bool,
) -> ScalarSelect[Any]:
    placed = {"id": place.id, "question": _question(with_answers), "points": place.points, "order": place.order}
    return (
        select(_list_of(placed, place))
        .select_from(place)
        .join(place.question)
        .join(Question.version)
        .where(is_in_it, ~place.is_removed)
        .correlate(around)
        .scalar_subquery()
    )


def _question(with_answers: bool) -> ColumnElement[Any]:
    columns = {
        "id": Question.id,
        "teacher": Question.teacher_id,
        "subject": Question.subject_id,
        "grade": Question.grade_id,
        "text": QuestionVersion.text,
        "image": _picture(QuestionVersion.image),
        "type": QuestionVersion.type,
        "points": QuestionVersion.points,
        "model_answer": QuestionVersion.model_answer,
        "tags": Question.tags,
        "choices": _choices(with_answers),
        "created_at": _moment(Question.created_at),
    }
    if not with_answers:
        del columns["model_answer"]
    return _object(columns)


def _choices(with_answers: bool) -> ScalarSelect[Any]:
    columns = {
        "id": QuestionChoice.id,
        "text": QuestionChoice.text,
        "image": _picture(QuestionChoice.image),
        "is_correct": QuestionChoice.is_correct,
        "order": QuestionChoice.order,
    }
    if not with_answers:
        del columns["is_correct"]
    return (
        select(_list_of(columns, QuestionChoice))
        .where(QuestionChoice.version_id == QuestionVersion.id)
        .correlate(QuestionVersion)
        .scalar_subquery()
    )


def _list_of(columns: dict[str, Any], model: Any) -> ColumnElement[Any]:
    items = func.json_agg(aggregate_order_by(_object(columns), model.order, model.id), type_=JSON)
    return func.coalesce(items, _EMPTY_LIST, type_=JSON)


def _object(columns: dict[str, Any]) -> ColumnElement[Any]:
    pairs: list[Any] = []
    for name, column in columns.items():
        pairs += [literal_column(f"'{name}'"), column]
    return func.json_build_object(*pairs)


def _picture(name: Any) -> ColumnElement[Any]:
    """Return the absolute URL of a stored picture, as `files.public_url` makes it; null where there is none."""
    folder = f"{PUBLIC_FOLDER}/"
    return literal(public_url(folder)).concat(func.substr(name, len(folder) + 1))


def _moment(column: Any) -> ColumnElement[str]:
    """Return a moment as `fields.iso_z` prints it."""
    printed = func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    return func.replace(printed, ".000000Z", "Z")
