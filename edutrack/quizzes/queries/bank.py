"""Reading the question bank: questions with their current versions and choices."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, select
from sqlalchemy.orm import contains_eager, selectinload

from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.core.pagination import matching, ordered
from edutrack.quizzes.models import Question, QuestionVersion
from edutrack.quizzes.queries.scope import own_questions

_ORDERINGS = {"created_at": Question.created_at}
#: Questions fetched at a time where a bank is streamed whole.
_STREAM_ROWS = 500


def list_questions(
    caller: Caller, *, ordering: str, search: str = "", tag: str | None = None, **filters: Any
) -> Select[Any]:
    """Return the select of the caller's questions, whole, as QuestionSchema shows them; choices are one more statement.

    A search looks in texts and tags. `filters` are columns by their names in the query: teacher, subject, grade, type.
    """
    columns = {
        "teacher": Question.teacher_id,
        "subject": Question.subject_id,
        "grade": Question.grade_id,
        "type": QuestionVersion.type,
    }
    rows = _whole().where(own_questions(caller), matching(search, QuestionVersion.text_folded, _tags_folded()))
    for name, value in filters.items():
        rows = rows.where(columns[name] == value)
    if tag is not None:
        rows = rows.where(any_(Question.tags) == tag)
    return ordered(rows, ordering, _ORDERINGS, Question.id)


def whole_question(question_id: int) -> Question:
    """Return a question that is known to be there, with its current version and choices as they stand now."""
    return db.session.scalars(
        _whole().where(Question.id == question_id).execution_options(populate_existing=True)
    ).one()


def questions_part_by_part(caller: Caller, **filters: Any) -> Iterator[Sequence[Question]]:
    """Yield the questions that `list_questions` finds, each with its grade, part by part.

    A cursor on the server keeps the memory of either side small.
    """
    rows = list_questions(caller, **filters).join(Question.grade).options(contains_eager(Question.grade))
    # Whatever fails in between, the cursor closes.
    with db.session.execute(rows, execution_options={"yield_per": _STREAM_ROWS}) as result:
        yield from result.scalars().partitions(_STREAM_ROWS)


def _whole() -> Select[Question]:
    return (
        select(Question)
        .join(Question.version)
        .options(contains_eager(Question.version).options(selectinload(QuestionVersion.choices)))
    )


def _tags_folded() -> ColumnElement[str]:
    return func.edutrack_fold(func.array_to_string(Question.tags, " "))
