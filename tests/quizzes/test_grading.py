"""Grading, case by case, away from everything else."""

from decimal import Decimal

import pytest

from edutrack.quizzes.grading import Outcome, outcome, points_for_choices, points_for_text

NOTHING = Decimal("0.00")


@pytest.mark.parametrize(
    ("chosen", "correct", "points"),
    [
        ([1], [1], 3),
        ([2], [1], 0),
        ([], [1], 0),
        ([1, 2], [1], 0),
        # Several correct ones are all or nothing, in any order.
        ([1, 3], [1, 3], 3),
        ([3, 1], [1, 3], 3),
        ([1], [1, 3], 0),
        ([1, 2, 3], [1, 3], 0),
        ([2, 4], [1, 3], 0),
        ([], [1, 3], 0),
        ([1, 1], [1], 3),
        # A question that has no correct choice is answered correctly by nobody.
        ([], [], 0),
    ],
)
def test_choices_earn_all_points_or_none(chosen, correct, points):
    assert points_for_choices(chosen, correct, 3) == Decimal(points)


@pytest.mark.parametrize("written", [None, "", " ", "\n\t\u00a0"])
def test_a_blank_written_answer_earns_nothing_at_once(written):
    assert points_for_text(written) == NOTHING


@pytest.mark.parametrize("written", ["x", " نعم ", "0"])
def test_a_written_answer_waits_for_its_teacher(written):
    assert points_for_text(written) is None


def points(*values):
    return [None if value is None else Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("awarded", "max_score", "passing_score", "expected"),
    [
        (points(1, 1, 0, 0), 4, 50, ("2", True, "graded")),
        (points(1, 0, 0, 0), 4, 50, ("1", False, "graded")),
        # Two of three are 66.66… percent: not 67, and more than 66.
        (points(1, 1, 0), 3, 67, ("2", False, "graded")),
        (points(1, 1, 0), 3, 66, ("2", True, "graded")),
        # 49.995 percent would be rounded to 50.
        (points("99.99"), 200, 50, ("99.99", False, "graded")),
        (points("100.00"), 200, 50, ("100", True, "graded")),
        (points("0.25", "0.50"), 1, 75, ("0.75", True, "graded")),
        (points("0.25", "0.49"), 1, 75, ("0.74", False, "graded")),
        (points(5), 5, 100, ("5", True, "graded")),
        (points("4.99"), 5, 100, ("4.99", False, "graded")),
        (points(0), 5, 0, ("0", True, "graded")),
        # While an answer waits it is not passed, whatever there is already.
        (points(9, None), 10, 50, ("9", False, "submitted")),
        (points(None, None), 10, 0, ("0", False, "submitted")),
        # Nothing to answer: no points of none.
        (points(), 0, 50, ("0", True, "graded")),
    ],
)
def test_an_attempt_comes_to(awarded, max_score, passing_score, expected):
    score, passed, status = expected

    assert outcome(awarded, Decimal(max_score), passing_score) == Outcome(Decimal(score), passed, status)


def test_points_are_read_once():
    assert outcome(iter(points(1, 1)), Decimal(2), 100) == Outcome(Decimal(2), True, "graded")
