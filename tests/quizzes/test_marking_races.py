"""Many teachers grading one attempt at the same moment, on real commits; and without the lock that they queue at."""

import time
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core.extensions import db
from edutrack.notifications.models import Notification
from edutrack.quizzes.models import QuizSubmission
from edutrack.quizzes.service import marking
from tests.api import Api
from tests.factories import (
    create_attempt,
    create_lecture,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
)
from tests.racing import answers, race

pytestmark = pytest.mark.concurrency
ANSWERS = 10
#: Long enough for every other client to have read what this one is about to change.
PAUSE = 0.3


@pytest.fixture
def api(committing_app):
    return Api(committing_app)


def grade_all_at_once(api):
    """Grade each written answer of one attempt by a client of its own; return what then stands, and who was told."""
    lecture = create_lecture()
    teacher = lecture.topic.course.teacher
    questions = [create_question(teacher, "written", points=2) for _ in range(ANSWERS)]
    attempt = create_attempt(create_student(), create_quiz(lecture, questions=questions), ["نص"] * ANSWERS)
    path, ids = f"/api/quizzes/submissions/{attempt.id}/grade/", [answer.id for answer in attempt.answers]
    clients = [api.as_(person) for person in (teacher, create_site_owner())]

    def grade(number):
        body = {"answers": [{"answer_id": ids[number], "points_awarded": "1.50"}]}
        return clients[number % len(clients)].post(path, body)

    responses = race([lambda number=number: grade(number) for number in range(ANSWERS)])
    assert answers(responses) == {(200, None): ANSWERS}
    db.session.rollback()
    stands = db.session.execute(select(QuizSubmission.status, QuizSubmission.score, QuizSubmission.passed)).one()
    return tuple(stands), db.session.scalar(select(func.count(Notification.id)))


def test_every_grade_counts_and_the_student_is_told_once(api):
    assert grade_all_at_once(api) == (("graded", Decimal("15.00"), True), 1)


def test_without_the_lock_grades_are_lost(api, monkeypatch):
    rescore = marking._rescore

    def read_without_waiting(submission_id):
        statement = select(QuizSubmission.status, QuizSubmission.score).where(QuizSubmission.id == submission_id)
        return db.session.execute(statement).one()

    def rescore_a_little_later(submission_id):
        time.sleep(PAUSE)
        return rescore(submission_id)

    monkeypatch.setattr(marking, "lock_submission", read_without_waiting)
    monkeypatch.setattr(marking, "_rescore", rescore_a_little_later)

    (status, score, _), _ = grade_all_at_once(api)

    assert (status, score) != ("graded", Decimal("15.00"))
