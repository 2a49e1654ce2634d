"""Grading as pure functions: what an answer is worth, and what the answers of an attempt come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt comes to: the points so far, whether they suffice, and whether a written answer still waits."""

    score: Decimal
    passed: bool
    status: Literal["submitted", "graded"]


def points_for_choices(chosen: Iterable[int], correct: Iterable[int], points: int) -> Decimal:
    """Return the points of a question that is answered by choosing: all of them for exactly the correct choices.

    Nothing in between, whatever the kind of question, and nothing where nothing was chosen (rules.md, "Grading").
    """
    chosen = frozenset(chosen)
    return Decimal(points) if chosen and chosen == frozenset(correct) else _NOTHING


def points_for_text(written: str | None) -> Decimal | None:
    """Return the points of a written answer before its teacher has read it: none for a blank one, else None."""
    return None if written and written.strip() else _NOTHING


def outcome(awarded: Iterable[Decimal | None], max_score: Decimal, passing_score: int) -> Outcome:
    """Return what the points of an attempt's answers come to; None among them is an answer that nobody has graded yet.

    It is passed with at least `passing_score` percent of `max_score`, compared without rounding, and never while an
    answer waits (rules.md, "Grading").
    """
    answers = list(awarded)
    score = sum((points for points in answers if points is not None), _NOTHING)
    if None in answers:
        return Outcome(score, passed=False, status="submitted")
    return Outcome(score, passed=score * 100 >= passing_score * max_score, status="graded")
