"""The figures of a quiz, against the same figures worked out in plain Python from what was answered."""

import statistics
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuestionChoice, QuestionVersion
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_attempt,
    create_lecture,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
    create_teacher,
)

NOT_FOUND = {"detail": "Not found."}
CENT = Decimal("0.01")


def path(quiz):
    return f"/api/quizzes/{quiz.id}/analysis/"


def teacher_of(quiz):
    return quiz.lecture.topic.course.teacher


@pytest.fixture
def quiz(app):
    """A quiz of a single choice (3 points), a multiple choice (2) and a written question (5)."""
    lecture = create_lecture()
    teacher = lecture.topic.course.teacher
    questions = [
        create_question(teacher, points=3),
        create_question(teacher, "mcq_multiple", right=(1, 3), points=2),
        create_question(teacher, "written", points=5),
    ]
    return create_quiz(lecture, questions=questions, max_attempts=9, passing_score=60)


def two_places(value):
    return None if value is None else str(Decimal(value).quantize(CENT, ROUND_HALF_UP))


def expected(quiz, attempts):
    """Return the documented body of the finished attempts given, worked out without the database."""
    graded = [attempt for attempt in attempts if attempt.status == "graded"]
    scores = [attempt.score for attempt in graded]
    return {
        "quiz_id": quiz.id,
        "quiz_title": quiz.title,
        "attempts": len(attempts),
        "students": len({attempt.student_id for attempt in attempts}),
        "mean_score": two_places(sum(scores) / len(scores) if scores else None),
        "median_score": two_places(statistics.median(scores) if scores else None),
        "pass_rate": two_places(Decimal(100) * sum(a.passed for a in graded) / len(graded) if graded else None),
        "questions": [expected_question(place, attempts) for place in quiz.questions],
    }


def expected_question(place, attempts):
    given = [(a, answer) for a in attempts for answer in a.answers if answer.quiz_question_id == place.id]
    full = [answer.points_awarded == answer.points for _, answer in given if answer.points_awarded is not None]
    pairs = [
        (float(answer.points_awarded == answer.points), float(attempt.score))
        for attempt, answer in given
        if attempt.status == "graded"
    ]
    chosen = [choice_id for _, answer in given for choice_id in answer.choice_ids]
    return {
        "quiz_question_id": place.id,
        "question_text": place.question.version.text,
        "points": place.points,
        "answered": sum(bool(answer.choice_ids or (answer.written_answer or "").strip()) for _, answer in given),
        "difficulty": round(sum(full) / len(full), 4) if full else None,
        "discrimination": correlation(pairs),
        "choices": [
            {"id": c.id, "text": c.text, "is_correct": c.is_correct, "count": chosen.count(c.id)}
            for c in place.question.version.choices
        ],
    }


def correlation(pairs):
    try:
        return round(statistics.correlation(*zip(*pairs, strict=True)), 4)
    except (statistics.StatisticsError, TypeError):
        return None


def class_of(quiz, size, seed=7):
    """Let so many students answer, some twice, some leaving things blank, some written answers still waiting."""
    random, attempts = Random(seed), []
    for number in range(size):
        student = create_student()
        for attempt_number in range(1, 3 if number % 4 == 0 else 2):
            answers = [
                random.choice([[1], [1], [2], [4], None]),
                random.choice([[1, 3], [1, 3], [1], [2, 4], None]),
                random.choice(["نص", "نص طويل", "  ", None]),
            ]
            awarded = {2: random.choice(["5", "2.25", "0"])} if random.random() < 0.7 else {}
            attempts.append(create_attempt(student, quiz, answers, awarded=awarded, attempt_number=attempt_number))
    return attempts


@pytest.mark.parametrize("size", [2, 3, 10, 17])
def test_every_figure_agrees_with_plain_arithmetic(api, quiz, size):
    attempts = class_of(quiz, size, seed=size)
    create_attempt(create_student(), quiz, [[1], [1, 3]], status="in_progress")
    create_attempt(create_student(), create_quiz(quiz.lecture, questions=[quiz.questions[0].question]), [[1]])

    response = api.as_(teacher_of(quiz)).get(path(quiz))

    assert response.status_code == 200
    assert response.json == expected(quiz, attempts)


def test_the_figures_of_a_small_class_are_these(api):
    quiz = create_quiz(questions=2, passing_score=100)
    for answers in ([[1], [1]], [[1], [2]], [[2], [2]], [[3], None]):
        create_attempt(create_student(), quiz, answers)

    found = api.as_(teacher_of(quiz)).get(path(quiz)).json

    assert {key: found[key] for key in ("attempts", "students", "mean_score", "median_score", "pass_rate")} == {
        "attempts": 4,
        "students": 4,
        "mean_score": "0.75",
        "median_score": "0.50",
        "pass_rate": "25.00",
    }
    assert [(q["answered"], q["difficulty"], q["discrimination"]) for q in found["questions"]] == [
        (4, 0.5, 0.9045),
        (3, 0.25, 0.8704),
    ]
    assert [[choice["count"] for choice in q["choices"]] for q in found["questions"]] == [[2, 1, 1, 0], [1, 2, 0, 0]]


def test_where_nothing_was_answered_there_are_no_figures(api, quiz):
    found = api.as_(teacher_of(quiz)).get(path(quiz)).json

    assert found == expected(quiz, [])
    assert [found[key] for key in ("attempts", "students", "mean_score", "median_score", "pass_rate")] == [
        0,
        0,
        None,
        None,
        None,
    ]
    assert {(q["answered"], q["difficulty"], q["discrimination"]) for q in found["questions"]} == {(0, None, None)}


def test_a_quiz_without_questions_has_none(api):
    quiz = create_quiz(questions=0)

    assert api.as_(teacher_of(quiz)).get(path(quiz)).json["questions"] == []


def test_what_everybody_gets_right_tells_nobody_apart(api, quiz):
    for points in ("5", "1", "0"):
        create_attempt(create_student(), quiz, [[1], [1], "نص"], awarded={2: points})

    questions = api.as_(teacher_of(quiz)).get(path(quiz)).json["questions"]

    assert [(q["difficulty"], q["discrimination"]) for q in questions[:2]] == [(1.0, None), (0.0, None)]
    assert questions[2]["discrimination"] is not None


def test_where_nobody_has_graded_yet_only_what_needs_no_teacher_has_figures(api, quiz):
    attempts = [create_attempt(create_student(), quiz, [[choice], None, "نص"]) for choice in (1, 2)]

    found = api.as_(teacher_of(quiz)).get(path(quiz)).json

    assert found == expected(quiz, attempts)
    assert (found["attempts"], found["mean_score"], found["pass_rate"]) == (2, None, None)
    assert [q["difficulty"] for q in found["questions"]] == [0.5, 0.0, None]


def test_a_question_taken_out_stays_as_long_as_it_was_answered(api, quiz):
    create_attempt(create_student(), quiz, [[2], None, None])
    first, second, third = (place for place in quiz.questions)
    first.is_removed = second.is_removed = True
    db.session.commit()

    found = api.as_(teacher_of(quiz)).get(path(quiz)).json

    assert [q["quiz_question_id"] for q in found["questions"]] == [third.id, first.id]
    assert [choice["count"] for choice in found["questions"][1]["choices"]] == [0, 1, 0, 0]


def test_choices_of_every_version_that_was_given_are_counted_the_current_ones_first(api):
    quiz = create_quiz(questions=1)
    question = quiz.questions[0].question
    create_attempt(create_student(), quiz, [[2]])
    old = question.version
    old.is_current = False
    db.session.flush()
    skipped = QuestionVersion(question=question, number=2, type="mcq_single", text="-", is_current=False)
    skipped.choices = [QuestionChoice(text="لم يرها أحد", is_correct=True, order=1)]
    new = QuestionVersion(question=question, number=3, type="mcq_single", text="الصياغة الجديدة")
    new.choices = [QuestionChoice(text=f"جديد {order}", is_correct=order == 2, order=order) for order in (1, 2)]
    db.session.add_all([skipped, new])
    db.session.commit()

    (found,) = api.as_(teacher_of(quiz)).get(path(quiz)).json["questions"]

    assert found["question_text"] == "الصياغة الجديدة"
    assert found["choices"] == [
        {"id": choice.id, "text": choice.text, "is_correct": choice.is_correct, "count": count}
        for choice, count in [*((choice, 0) for choice in new.choices), *zip(old.choices, (0, 1, 0, 0), strict=True)]
    ]


def test_overdue_attempts_are_closed_before_they_are_counted(api, quiz):
    begun = clock.now() - timedelta(hours=1)
    attempt = create_attempt(create_student(), quiz, [[1], [1, 3]], status="in_progress", started_at=begun)

    found = api.as_(teacher_of(quiz)).get(path(quiz)).json

    db.session.refresh(attempt)
    assert found == expected(quiz, [attempt])
    assert (found["attempts"], found["mean_score"]) == (1, "5.00")


@pytest.mark.parametrize("size", [1, 6])
def test_it_takes_three_statements_however_much_was_answered(api, quiz, size):
    class_of(quiz, size)
    client = api.as_(teacher_of(quiz))

    with counted_statements() as statements:
        response = client.get(path(quiz))

    assert response.json["attempts"] >= size
    # The quiz with whether anything is overdue, its totals, its questions.
    assert len(statements) == 3


def test_those_who_run_the_course_read_it_and_nobody_else(api, quiz):
    for person in (teacher_of(quiz), create_assistant(teacher_of(quiz)), create_site_owner()):
        assert api.as_(person).get(path(quiz)).status_code == 200
    for person in (create_teacher(), create_assistant()):
        response = api.as_(person).get(path(quiz))
        assert (response.status_code, response.json) == (404, NOT_FOUND)
    missing = api.as_(create_site_owner()).get(f"/api/quizzes/{2**63}/analysis/")
    assert (missing.status_code, missing.json) == (404, NOT_FOUND)
    assert api.as_(create_student()).get(path(quiz)).status_code == 403
    assert api.get(path(quiz)).status_code == 401
