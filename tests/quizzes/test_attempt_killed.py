"""The server is killed outright while a whole class saves its answers: nothing that it had confirmed is lost."""

import time
from threading import Thread

import httpx
import pytest
from sqlalchemy import func, select

from edutrack.core.extensions import db
from edutrack.quizzes.models import QuizAnswer, QuizSubmission
from tests.api import Api
from tests.quizzes.exam import Exam
from tests.serving import serving

pytestmark = pytest.mark.concurrency
STUDENTS = 6
QUESTIONS = 4


class Pupil:
    """Saves one answer after the other, each with a higher number, until the server is gone."""

    def __init__(self, exam):
        self.client = exam.another_student()
        self.exam = exam
        self.sent = dict.fromkeys(exam.places, 0)
        self.confirmed = dict.fromkeys(exam.places, 0)
        self.attempt = None

    def start(self, url):
        response = self.ask(url, "POST", "start", None)
        assert response.status_code == 200
        self.attempt = response.json()["submission_id"]

    def save_until_it_is_gone(self, url):
        number = 0
        while True:
            number += 1
            place = self.exam.places[number % QUESTIONS]
            self.sent[place] = number
            body = {"answers": [{"quiz_question_id": place, "written_answer": str(number)}]}
            try:
                response = self.ask(url, "PUT", "answers", body)
            except httpx.TransportError:
                return
            assert response.status_code == 200
            self.confirmed[place] = number

    def submit(self, url):
        return self.ask(url, "POST", "submit", {"answers": []})

    def ask(self, url, method, what, body):
        # Connections of their own, as browsers have.
        return httpx.request(method, f"{url}{self.exam.path(what)}", json=body, headers=self.client.headers, timeout=30)


@pytest.fixture
def settings(committing_app, test_environment):
    return {**test_environment, "DATABASE_URL": committing_app.config["DATABASE_URL"]}


def saved(attempt):
    rows = select(QuizAnswer.quiz_question_id, QuizAnswer.written_answer).where(QuizAnswer.submission_id == attempt)
    return {place: int(written or 0) for place, written in db.session.execute(rows)}


def test_every_save_that_was_confirmed_is_there_and_the_attempts_go_on(committing_app, settings):
    exam = Exam(Api(committing_app), kinds=("written",) * QUESTIONS)
    pupils = [Pupil(exam) for _ in range(STUDENTS)]

    with serving(settings, workers=2) as server:
        for pupil in pupils:
            pupil.start(server.url)
        threads = [Thread(target=pupil.save_until_it_is_gone, args=(server.url,)) for pupil in pupils]
        for thread in threads:
            thread.start()
        # However slow the machine is: everybody has had every question confirmed, and goes on saving.
        deadline = time.monotonic() + 60
        while not all(min(pupil.confirmed.values()) for pupil in pupils) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
        server.kill()
        for thread in threads:
            thread.join(timeout=40)
    db.session.rollback()

    assert all(min(pupil.confirmed.values()) > 0 for pupil in pupils)
    for pupil in pupils:
        kept = saved(pupil.attempt)
        # The last one that was sent may have been saved without its confirmation getting through.
        assert {place: kept[place] in (pupil.confirmed[place], pupil.sent[place]) for place in exam.places} == (
            dict.fromkeys(exam.places, True)
        )

    with serving(settings, workers=2) as server:
        again = [pupil.ask(server.url, "POST", "start", None).json()["submission_id"] for pupil in pupils]
        submitted = [pupil.submit(server.url) for pupil in pupils]
    db.session.rollback()

    assert again == [pupil.attempt for pupil in pupils]
    assert [response.status_code for response in submitted] == [200] * STUDENTS
    ended = select(func.count()).where(QuizSubmission.status == "submitted")
    assert db.session.scalar(ended) == STUDENTS


def test_the_served_process_closes_what_is_overdue_by_itself(committing_app, settings):
    exam = Exam(Api(committing_app))
    exam.start()
    attempt = db.session.scalars(select(QuizSubmission)).one()
    late = attempt.deadline_at - attempt.started_at
    attempt.started_at -= 2 * late
    attempt.deadline_at -= 2 * late
    db.session.commit()

    with serving(settings, workers=2):
        deadline = time.monotonic() + 30
        while db.session.scalar(select(QuizSubmission.status)) == "in_progress" and time.monotonic() < deadline:
            db.session.rollback()
            time.sleep(0.2)

    closed = db.session.execute(
        select(QuizSubmission.status, QuizSubmission.is_timed_out, QuizSubmission.submitted_at)
    ).one()
    assert tuple(closed) == ("graded", True, attempt.deadline_at)
