"""Attempts against the clock: deadline, grace, the quiz's end, the window's end, and closing what nobody handed in."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from edutrack.cli import close_attempts_command
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes import sweeper
from edutrack.quizzes.models import QuizSubmission
from edutrack.quizzes.queries.visibility import Visible, visible_after
from edutrack.quizzes.service.finishing import close_overdue
from tests.api import counted_statements
from tests.quizzes.exam import Exam, kept, kept_answers

MINUTES = 30
TIME_IS_UP = (400, {"detail": "Time is up."})
NOT_FOUND = (404, {"detail": "Not found."})
NOW = clock.now()
DEADLINE = NOW + timedelta(minutes=MINUTES)


def answer(response):
    return response.status_code, response.json


def begun(api, **quiz):
    """Return an exam whose attempt began at NOW, with the first of two questions answered correctly."""
    exam = Exam(api, timer_minutes=MINUTES, **quiz)
    with clock.stopped_at(NOW):
        exam.start()
        exam.save(exam.choosing(0, 1))
    return exam


def ended_at(exam):
    db.session.commit()
    return db.session.scalar(select(QuizSubmission.submitted_at).where(QuizSubmission.quiz_id == exam.quiz_id))


#: A graded attempt, closed by the clock with one of two points.
CLOSED = [(1, "graded", Decimal(1), True, True)]
OPEN = [(1, "in_progress", None, False, False)]


@pytest.mark.parametrize("seconds", [-1, 0, 29, 30])
def test_until_the_grace_is_over_it_is_taken(api, seconds):
    exam = begun(api)
    late = DEADLINE + timedelta(seconds=seconds)

    with clock.stopped_at(late):
        saved = exam.save(exam.choosing(1, 2))
        response = exam.submit(exam.choosing(1, 1))

    assert (saved.status_code, response.status_code, response.json["score"]) == (200, 200, "2.00")
    assert kept(exam) == [(1, "graded", Decimal(2), True, False)]
    assert ended_at(exam) == late


@pytest.mark.parametrize("what", ["submit", "save"])
@pytest.mark.parametrize("seconds", [30.000001, 31, 86_400])
def test_after_the_grace_it_is_refused_and_graded_on_what_was_saved(api, seconds, what):
    exam = begun(api)

    with clock.stopped_at(DEADLINE + timedelta(seconds=seconds)):
        responses = [getattr(exam, what)(exam.choosing(1, 1)) for _ in range(2)]

    assert [answer(response) for response in responses] == [TIME_IS_UP] * 2
    assert kept(exam) == CLOSED
    assert ended_at(exam) == DEADLINE


@pytest.mark.parametrize("refused", [False, True])
def test_answers_that_do_not_fit_do_not_matter_once_time_is_up(api, refused):
    exam = begun(api)
    body = {"quiz_question_id": 99999999} if refused else exam.choosing(1, 1)

    with clock.stopped_at(DEADLINE + timedelta(seconds=31)):
        assert answer(exam.submit(body)) == TIME_IS_UP


def test_looking_for_an_overdue_attempt_closes_it(api):
    exam = begun(api)

    with clock.stopped_at(DEADLINE + timedelta(seconds=31)):
        assert answer(exam.attempt()) == NOT_FOUND

    assert (kept(exam), ended_at(exam)) == (CLOSED, DEADLINE)


def test_starting_after_an_overdue_attempt_closes_it_and_begins_the_next(api):
    exam = begun(api, max_attempts=2)

    with clock.stopped_at(DEADLINE + timedelta(seconds=31)):
        response = exam.start()

    assert response.json["attempt_number"] == 2
    assert kept(exam) == [*CLOSED, (2, "in_progress", None, False, False)]


@pytest.mark.parametrize("closed", ["all attempts used", "window over", "quiz closed", "inactive"])
def test_starting_closes_an_overdue_attempt_also_where_it_is_refused(api, closed):
    exam = begun(api, max_attempts=1 if closed == "all attempts used" else 5)
    if closed == "window over":
        exam.end_window(DEADLINE)
    if closed == "quiz closed":
        exam.change_quiz(closes_at=DEADLINE)
    exam.change_quiz(is_active=closed != "inactive")

    with clock.stopped_at(DEADLINE + timedelta(seconds=31)):
        response = exam.start()

    assert response.status_code == {"all attempts used": 400, "inactive": 404}.get(closed, 403)
    assert (kept(exam), ended_at(exam)) == (CLOSED, DEADLINE)


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, True), (30, True), (31, False)])
def test_the_quiz_closing_before_the_timer_is_the_deadline(api, seconds, taken):
    closes = NOW + timedelta(minutes=10)
    exam = begun(api, closes_at=closes, max_attempts=9)

    with clock.stopped_at(NOW):
        found = exam.attempt().json
    with clock.stopped_at(closes + timedelta(seconds=seconds)):
        response = exam.submit()

    assert found["deadline_at"] == closes.isoformat().replace("+00:00", "Z")
    assert found["remaining_seconds"] == 600
    assert (response.status_code == 200) == taken
    assert kept(exam) == [(1, "graded", Decimal(1), True, not taken)]
    if not taken:
        assert ended_at(exam) == closes


def test_an_attempt_that_runs_is_finished_though_the_window_is_over(api):
    exam = begun(api, max_attempts=5)
    first = exam.attempt().json
    exam.end_window(NOW + timedelta(minutes=1))

    with clock.stopped_at(NOW + timedelta(minutes=2)):
        again = exam.start()
        found = exam.attempt()
        saved = exam.save(exam.choosing(1, 2))
        response = exam.submit(exam.choosing(1, 1))
        another = exam.start()

    assert (again.status_code, again.json["submission_id"]) == (200, first["submission_id"])
    assert (found.status_code, saved.status_code) == (200, 200)
    assert response.json["score"] == "2.00"
    assert answer(another) == (403, {"detail": "Your access to this lecture has expired."})
    assert len(kept(exam)) == 1


class TestSweeping:
    LATE = DEADLINE + timedelta(seconds=31)

    def sweep(self, app, moment=LATE):
        with app.app_context(), clock.stopped_at(moment):
            return sweeper.close_attempts()

    def test_it_closes_what_is_overdue_at_its_deadline_and_nothing_else(self, api):
        exam = begun(api)

        assert self.sweep(api.app, DEADLINE + timedelta(seconds=30)) == 0
        assert kept(exam) == OPEN
        assert self.sweep(api.app) == 1
        assert (kept(exam), ended_at(exam)) == (CLOSED, DEADLINE)
        assert self.sweep(api.app) == 0

    def test_written_answers_wait_for_their_teacher(self, api):
        exam = Exam(api, kinds=("mcq_single", "written", "written"), timer_minutes=MINUTES)
        with clock.stopped_at(NOW):
            attempt = exam.start().json["submission_id"]
            exam.save(exam.choosing(0, 1), exam.writing(1, "لأن"))

        self.sweep(api.app)

        assert kept(exam) == [(1, "submitted", Decimal(1), False, True)]
        assert kept_answers(attempt) == [
            ([exam.choices(0)[0]], None, 1),
            ([], "لأن", None),
            ([], None, 0),
        ]

    def test_it_closes_the_attempt_of_a_student_suspended_meanwhile(self, api):
        exam = begun(api)
        exam.student.status = "suspended_temporary"
        db.session.commit()

        with clock.stopped_at(NOW + timedelta(minutes=1)):
            refused = [exam.start(), exam.attempt(), exam.save(exam.choosing(1, 1)), exam.submit()]
        self.sweep(api.app)

        inactive = {"detail": "Your account is inactive. Please contact an administrator."}
        assert [answer(response) for response in refused] == [(403, inactive)] * 4
        assert kept(exam) == CLOSED

    def test_it_goes_on_batch_by_batch(self, api, monkeypatch):
        monkeypatch.setattr(sweeper, "_BATCH", 2)
        exam = Exam(api, timer_minutes=MINUTES)
        with clock.stopped_at(NOW):
            for _ in range(5):
                exam.another_student().post(exam.path("start"))

        assert self.sweep(api.app) == 5

    @pytest.mark.parametrize("students", [1, 4])
    def test_closing_runs_three_statements_however_many_there_are(self, api, students):
        exam = Exam(api, timer_minutes=MINUTES)
        with clock.stopped_at(NOW):
            for _ in range(students):
                exam.another_student().post(exam.path("start"))

        with clock.stopped_at(self.LATE), counted_statements() as closing:
            assert close_overdue(QuizSubmission.quiz_id == exam.quiz_id) == students
        with clock.stopped_at(self.LATE), counted_statements() as again:
            assert close_overdue(QuizSubmission.quiz_id == exam.quiz_id) == 0

        assert (len(closing), len(again)) == (3, 1)

    def test_only_what_the_condition_names_is_closed(self, api):
        exam, other = begun(api), begun(api)

        with clock.stopped_at(self.LATE):
            close_overdue(QuizSubmission.quiz_id == exam.quiz_id)
        db.session.commit()

        assert (kept(exam), kept(other)) == (CLOSED, OPEN)

    def test_the_command_says_how_many(self, api):
        exam = begun(api)

        with clock.stopped_at(self.LATE):
            result = CliRunner().invoke(close_attempts_command)

        assert (result.exit_code, result.output) == (0, "Attempts closed: 1.\n")
        assert kept(exam) == CLOSED


@pytest.mark.parametrize(
    ("seconds", "used", "attempting", "expected"),
    [
        (-1, 1, False, Visible(score=False, answers=False)),
        (0, 1, False, Visible(score=True, answers=False)),
        (30, 1, False, Visible(score=True, answers=False)),
        (31, 1, False, Visible(score=True, answers=True)),
        (31, 1, True, Visible(score=True, answers=False)),
        (0, 3, False, Visible(score=True, answers=True)),
        (0, 4, False, Visible(score=True, answers=True)),
        (0, 3, True, Visible(score=True, answers=False)),
    ],
)
def test_answers_are_shown_once_no_attempt_is_left(seconds, used, attempting, expected):
    quiz = SimpleNamespace(
        score_visibility="after_close", answers_visibility="after_close", closes_at=DEADLINE, max_attempts=3
    )

    assert visible_after(quiz, used, attempting, DEADLINE + timedelta(seconds=seconds)) == expected
