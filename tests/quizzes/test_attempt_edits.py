"""What a teacher or the site owner changes while an attempt runs changes nothing that runs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuestionChoice, QuestionVersion, QuizAnswer, QuizQuestion, QuizSubmission
from tests.factories import create_question
from tests.quizzes.exam import Exam, kept

NOW = clock.now()


def lengthen_timer(exam):
    exam.change_quiz(timer_minutes=600)


def shorten_timer(exam):
    exam.change_quiz(timer_minutes=1)


def change_settings(exam):
    exam.change_quiz(max_attempts=1, passing_score=100, randomize_questions=True, randomize_choices=True)


def switch_off(exam):
    exam.change_quiz(is_active=False)


def close(exam):
    exam.change_quiz(closes_at=NOW - timedelta(minutes=5))


def open_later(exam):
    exam.change_quiz(opens_at=NOW + timedelta(days=5))


def switch_off_the_lecture(exam):
    exam.lecture.is_active = exam.course.is_active = False
    db.session.commit()


def give_other_points(exam):
    db.session.execute(update(QuizQuestion).where(QuizQuestion.quiz_id == exam.quiz_id).values(points=100))
    db.session.commit()


def take_a_question_out(exam):
    db.session.execute(update(QuizQuestion).where(QuizQuestion.id == exam.places[0]).values(is_removed=True))
    db.session.commit()


def put_a_question_in(exam):
    question = create_question(exam.teacher)
    db.session.add(QuizQuestion(quiz_id=exam.quiz_id, question=question, points=9, order=0))
    db.session.commit()


def change_the_order(exam):
    db.session.execute(update(QuizQuestion).where(QuizQuestion.id == exam.places[0]).values(order=99))
    db.session.commit()


def rewrite_a_question(exam):
    """Write another version, in which another choice is correct, as an edit in the bank does."""
    question = exam.questions[0]
    db.session.execute(
        update(QuestionVersion).where(QuestionVersion.question_id == question.id).values(is_current=False)
    )
    choices = [QuestionChoice(text=f"جديد {order}", is_correct=order == 2, order=order) for order in range(1, 4)]
    db.session.add(
        QuestionVersion(
            question_id=question.id, number=2, type="mcq_single", text="نص جديد", points=50, choices=choices
        )
    )
    db.session.commit()


EDITS = (
    lengthen_timer,
    shorten_timer,
    change_settings,
    switch_off,
    close,
    open_later,
    switch_off_the_lecture,
    give_other_points,
    take_a_question_out,
    put_a_question_in,
    change_the_order,
    rewrite_a_question,
)


@pytest.fixture(params=EDITS, ids=lambda edit: edit.__name__)
def edit(request):
    return request.param


def begun(api):
    exam = Exam(api, kinds=("mcq_single", "mcq_single", "mcq_multiple"), timer_minutes=30, max_attempts=3)
    with clock.stopped_at(NOW):
        started = exam.start().json
    return exam, started


def test_the_attempt_that_runs_goes_on_as_it_was_given(api, edit):
    exam, started = begun(api)
    answers = [exam.choosing(0, 1), exam.choosing(1, 1), exam.choosing(2, 1)]

    edit(exam)
    with clock.stopped_at(NOW + timedelta(minutes=29)):
        again = exam.start()
        found = exam.attempt()
        saved = exam.save(*answers[:1])
        submitted = exam.submit(*answers[1:])

    assert (again.status_code, again.json) == (200, started)
    assert found.json["remaining_seconds"] == 60
    assert [answer["quiz_question_id"] for answer in found.json["answers"]] == exam.places
    assert saved.json == {"saved": 1, "remaining_seconds": 60}
    # Two of three points; half of them suffice, as when it began.
    assert (submitted.status_code, submitted.json["score"], submitted.json["passed"]) == (200, "2.00", True)
    assert kept(exam) == [(1, "graded", Decimal(2), True, False)]
    assert db.session.scalar(select(QuizSubmission.max_score).where(QuizSubmission.quiz_id == exam.quiz_id)) == 3


@pytest.mark.parametrize(("seconds", "status"), [(29, 200), (31, 400)])
def test_its_time_is_neither_more_nor_less(api, edit, seconds, status):
    exam, _ = begun(api)

    edit(exam)
    with clock.stopped_at(NOW + timedelta(minutes=30, seconds=seconds)):
        assert exam.submit().status_code == status


def test_the_next_attempt_is_given_the_quiz_as_it_is_then(api):
    exam, started = begun(api)
    with clock.stopped_at(NOW):
        exam.submit()
    for change in (lengthen_timer, take_a_question_out, put_a_question_in, give_other_points):
        change(exam)
    # The question that was put in stands first by its order.

    response = exam.start().json

    assert (response["attempt_number"], response["timer_minutes"]) == (2, 600)
    assert [question["points"] for question in response["questions"]] == [100, 100, 100]
    assert [question["quiz_question_id"] for question in response["questions"]][1:] == exam.places[1:]
    assert started["timer_minutes"] == 30


def test_the_next_attempt_is_given_a_question_in_its_new_version(api):
    exam, _ = begun(api)
    with clock.stopped_at(NOW):
        exam.submit()
    rewrite_a_question(exam)

    question = exam.start().json["questions"][0]

    assert (question["question_text"], len(question["choices"])) == ("نص جديد", 3)
    # What the question is worth in this quiz is for the quiz to say.
    assert question["points"] == 1
    versions = select(QuestionVersion.number).join(QuizAnswer, QuizAnswer.version_id == QuestionVersion.id)
    place = versions.where(QuizAnswer.quiz_question_id == exam.places[0]).order_by(QuizAnswer.id)
    assert list(db.session.scalars(place)) == [1, 2]
