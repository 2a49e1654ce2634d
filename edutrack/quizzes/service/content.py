"""What a question says: its rules, and the versions that keep it (rules.md, "Question versions")."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Any

from sqlalchemy import insert

from edutrack.core import clock
from edutrack.core.errors import Invalid
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuestionChoice, QuestionType, QuestionVersion

_random = SystemRandom()


@dataclass(frozen=True)
class Choice:
    """A choice of a question; `image` is the name of a stored picture."""

    text: str
    image: str | None
    is_correct: bool
    order: int


@dataclass(frozen=True)
class Content:
    """What one version of a question says; two that are equal are no edit."""

    type: QuestionType
    text: str
    image: str | None
    points: int
    model_answer: str | None
    choices: tuple[Choice, ...]


def content_of(version: QuestionVersion) -> Content:
    """Return what a version says."""
    return Content(
        type=version.type,
        text=version.text,
        image=version.image,
        points=version.points,
        model_answer=version.model_answer,
        choices=tuple(Choice(choice.text, choice.image, choice.is_correct, choice.order) for choice in version.choices),
    )


def require_sound_choices(kind: QuestionType, correct: Sequence[bool]) -> None:
    """Raise Invalid where choices, each correct or not, do not fit the type (rules.md, "Question bank")."""
    refusal = None
    if kind == "written" and correct:
        refusal = "A written question has no choices."
    elif kind == "mcq_single" and sum(correct) != 1:
        refusal = "A question with a single answer has exactly one correct choice."
    elif kind == "mcq_multiple" and not any(correct):
        refusal = "A question with several answers has at least one correct choice."
    if refusal:
        raise Invalid({"choices": [refusal]})


def places(orders: Sequence[int | None]) -> list[int]:
    """Return the order of each choice: as it was given, its place in the list where none was.

    Where two would share one, all are counted through, those that share it as they stand in the list.
    """
    given = [place if order is None else order for place, order in enumerate(orders, 1)]
    if len(set(given)) == len(given):
        return given
    counted = dict.fromkeys(range(len(given)), 0)
    for place, index in enumerate(sorted(counted, key=lambda index: given[index]), 1):
        counted[index] = place
    return list(counted.values())


def add_versions(versions: Iterable[tuple[int, int, Content]]) -> None:
    """Write versions, given as question id, number and content, with their choices; a fixed number of statements.

    Choices are written in random order: their ids, which students see, must not tell the teacher's.
    """
    written, now = list(versions), clock.now()
    ids = db.session.scalars(
        insert(QuestionVersion).returning(QuestionVersion.id, sort_by_parameter_order=True),
        [_version_values(question_id, number, content, now) for question_id, number, content in written],
    )
    choices = [
        {
            "version_id": version_id,
            "text": choice.text,
            "image": choice.image,
            "is_correct": choice.is_correct,
            "order": choice.order,
        }
        for version_id, (_, _, content) in zip(ids.all(), written, strict=True)
        for choice in content.choices
    ]
    _random.shuffle(choices)
    if choices:
        db.session.execute(insert(QuestionChoice), choices)


def _version_values(question_id: int, number: int, content: Content, now: datetime) -> dict[str, Any]:
    return {
        "question_id": question_id,
        "number": number,
        "is_current": True,
        "type": content.type,
        "text": content.text,
        "image": content.image,
        "points": content.points,
        "model_answer": content.model_answer,
        "created_at": now,
    }
