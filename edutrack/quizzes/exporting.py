"""A question bank as a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from edutrack.core.caller import Caller
from edutrack.core.csv_files import csv_response
from edutrack.quizzes.models import Question
from edutrack.quizzes.queries.bank import questions_part_by_part
from edutrack.quizzes.schemas.bank import CSV_COLUMNS, MOST_CHOICES, SEPARATOR


def bank_as_csv(caller: Caller, filters: Mapping[str, Any]) -> Response:
    """Answer the caller's questions as a CSV file that is streamed (rules.md, "Questions as CSV")."""
    parts = ((_cells(question) for question in part) for part in questions_part_by_part(caller, **filters))
    return csv_response("questions.csv", CSV_COLUMNS, parts)


def _cells(question: Question) -> Sequence[Any]:
    """Return a question as one row of the file, in the order of its columns."""
    version = question.version
    texts = [choice.text for choice in version.choices]
    correct = (str(number) for number, choice in enumerate(version.choices, 1) if choice.is_correct)
    return (
        version.type,
        version.text,
        version.points,
        question.grade.name,
        SEPARATOR.join(question.tags),
        version.model_answer,
        *texts,
        *[""] * (MOST_CHOICES - len(texts)),
        SEPARATOR.join(correct),
    )
