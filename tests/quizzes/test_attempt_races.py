"""Two tabs, a bad network and the sweeper at once, on real commits; and what would happen without each guard.

Every race has a broken twin: the guarding statement is replaced by one that does not guard, and the test demands that
the race then does happen. A twin that stays clean would mean that the race test proves nothing.
"""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes import sweeper
from edutrack.quizzes.models import Quiz, QuizAnswer, QuizSubmission
from edutrack.quizzes.queries.attempts import GRACE
from edutrack.quizzes.service import attempts, finishing
from tests.api import Api
from tests.quizzes.exam import Exam, kept, kept_answers
from tests.racing import answers, race

pytestmark = pytest.mark.concurrency
CLIENTS = 20
ALREADY = (400, "This attempt has already been submitted.")
TIME_IS_UP = (400, "Time is up.")


@pytest.fixture
def api(committing_app):
    return Api(committing_app)


def sweep_of(app):
    """Return a call that closes overdue attempts as the server's own thread does."""

    def sweep():
        with app.app_context():
            return sweeper.close_attempts()

    return sweep


def let_time_run_out(exam, seconds_ago):
    """Move the running attempt into the past, so that its deadline was so many seconds ago."""
    deadline = clock.now() - timedelta(seconds=seconds_ago)
    begun = deadline - timedelta(minutes=30)
    moved = update(QuizSubmission).where(QuizSubmission.quiz_id == exam.quiz_id)
    db.session.execute(moved.values(started_at=begun, deadline_at=deadline))
    db.session.commit()


def without_constraints(*names):
    for name in names:
        db.session.execute(text(f"ALTER TABLE quiz_submissions DROP CONSTRAINT IF EXISTS {name}"))
        db.session.execute(text(f"DROP INDEX IF EXISTS {name}"))
    db.session.commit()


class TestStarting:
    @pytest.mark.parametrize("tabs", [CLIENTS])
    def test_one_attempt_begins_and_every_tab_is_shown_it(self, api, tabs):
        exam = Exam(api, kinds=("mcq_single",) * 6, max_attempts=tabs, randomize_questions=True, randomize_choices=True)

        responses = race([exam.start] * tabs)

        assert [response.status_code for response in responses] == [200] * tabs
        assert len({response.text for response in responses}) == 1
        assert kept(exam) == [(1, "in_progress", None, False, False)]

    def test_without_the_unique_indexes_several_begin(self, api, monkeypatch):
        without_constraints("uq_quiz_submissions_running", "uq_quiz_submissions_attempt_number")
        exam = Exam(api, max_attempts=CLIENTS)
        begin = attempts._begin
        monkeypatch.setattr(attempts, "_begin", lambda *values: time.sleep(0.2) or begin(*values))

        race([exam.start] * CLIENTS)

        assert len(kept(exam)) > 1

    @pytest.mark.parametrize("allowed", [1, 3])
    def test_no_more_attempts_than_the_quiz_allows(self, api, allowed):
        exam = Exam(api, max_attempts=allowed)

        race([lambda: [exam.start(), exam.submit()]] * 30)
        race([lambda: [exam.start(), exam.submit()]] * 30)

        assert [number for number, *_ in kept(exam)] == list(range(1, allowed + 1))
        assert {status for _, status, *_ in kept(exam)} == {"graded"}
        assert exam.start().json == {"detail": "You have used all your attempts for this quiz."}

    def test_without_the_attempts_numbers_there_are_more(self, api, monkeypatch):
        without_constraints("uq_quiz_submissions_running", "uq_quiz_submissions_attempt_number")
        exam = Exam(api, max_attempts=1)
        begin = attempts._begin
        monkeypatch.setattr(attempts, "_begin", lambda *values: time.sleep(0.2) or begin(*values))

        race([lambda: [exam.start(), exam.submit()]] * 30)

        assert len(kept(exam)) > 1


class TestSubmitting:
    def test_one_is_taken_and_the_others_read_that_it_was(self, api):
        exam = Exam(api)
        exam.start()
        calls = [
            lambda right=number % 2: exam.submit(exam.choosing(0, 1 + right), exam.choosing(1, 1))
            for number in range(CLIENTS)
        ]

        responses = race(calls)

        assert answers(responses) == {(200, None): 1, ALREADY: CLIENTS - 1}
        (taken,) = (response for response in responses if response.status_code == 200)
        ((_, status, score, _, _),) = kept(exam)
        assert (status, f"{score:.2f}") == ("graded", taken.json["score"])

    def test_without_the_lock_several_are_taken(self, api, monkeypatch):
        def read_without_lock(attempt_id):
            found = db.session.execute(finishing._graded_by().where(QuizSubmission.id == attempt_id)).one_or_none()
            time.sleep(0.3)
            return found

        monkeypatch.setattr(attempts, "lock_running", read_without_lock)
        exam = Exam(api)
        exam.start()

        responses = race([lambda: exam.submit(exam.choosing(0, 1))] * CLIENTS)

        assert answers(responses)[(200, None)] > 1


def unsound(exam):
    """Return how many finished attempts have a score that their answers do not give, as they stand now."""
    db.session.commit()
    wrong = 0
    finished = select(QuizSubmission).where(
        QuizSubmission.quiz_id == exam.quiz_id, QuizSubmission.status != "in_progress"
    )
    for attempt in db.session.scalars(finished):
        right = {exam.choices(number)[0] for number in range(len(exam.places))}
        rows = kept_answers(attempt.id)
        wrong += attempt.score != sum(1 for chosen, _, _ in rows if set(chosen) & right)
        wrong += attempt.score != sum(points for _, _, points in rows)
    return wrong


class TestSavingAgainstSubmitting:
    """Whatever is acknowledged counts; whatever comes too late is told so."""

    def once(self, api):
        exam = Exam(api, kinds=("mcq_single",) * 4)
        exam.start()
        answers_by_call = [[exam.choosing(number % 4, 1)] for number in range(8)]
        saves = [lambda body=body: exam.save(*body) for body in answers_by_call]
        responses = race([*saves, exam.submit])
        return exam, answers_by_call, responses

    def test_every_save_that_was_acknowledged_is_graded(self, api):
        for _ in range(5):
            exam, bodies, (*saved, submitted) = self.once(api)

            assert submitted.status_code == 200
            assert set(answers(saved)) <= {(200, None), ALREADY}
            acknowledged = {
                body[0]["quiz_question_id"]
                for body, response in zip(bodies, saved, strict=True)
                if response.status_code == 200
            }
            assert kept(exam)[0][2] == len(acknowledged)
            assert submitted.json["score"] == f"{len(acknowledged)}.00"
        assert unsound(exam) == 0

    def test_without_the_lock_a_save_is_acknowledged_and_not_graded(self, api, monkeypatch):
        def write_without_lock(attempt_id, given):
            time.sleep(0.6)
            for answer_id, answer in given.items():
                change = update(QuizAnswer).where(QuizAnswer.id == answer_id)
                db.session.execute(change.values(choice_ids=answer.choice_ids, written_answer=answer.written_answer))
            return True

        monkeypatch.setattr(attempts, "_write", write_without_lock)
        lock = attempts.lock_running
        # The saves have found the attempt running by then.
        monkeypatch.setattr(attempts, "lock_running", lambda attempt_id: time.sleep(0.2) or lock(attempt_id))

        exam, _, (*saved, submitted) = self.once(api)

        acknowledged = sum(response.status_code == 200 for response in saved)
        assert (submitted.json["score"], acknowledged > 0) == ("0.00", True)
        assert unsound(exam) > 0


class TestSavingAgainstSaving:
    def test_of_many_saves_of_other_questions_none_is_lost(self, api):
        exam = Exam(api, kinds=("mcq_single",) * CLIENTS)
        attempt = exam.start().json["submission_id"]
        calls = [lambda number=number: exam.save(exam.choosing(number, 2)) for number in range(CLIENTS)]

        assert answers(race(calls)) == {(200, None): CLIENTS}
        assert [chosen for chosen, _, _ in kept_answers(attempt)] == [
            [exam.choices(number)[1]] for number in range(CLIENTS)
        ]


class TestSweepingAgainstSubmitting:
    def once(self, api, seconds_ago):
        exam = Exam(api)
        exam.start()
        exam.save(exam.choosing(0, 1))
        let_time_run_out(exam, seconds_ago)
        sweeps = [sweep_of(api.app)] * 5
        results = race([*sweeps, *[lambda: exam.submit(exam.choosing(1, 1))] * 5])
        return exam, results[:5], results[5:]

    def test_an_attempt_within_its_grace_is_the_students(self, api):
        exam, swept, submitted = self.once(api, seconds_ago=10)

        assert sum(swept) == 0
        assert answers(submitted) == {(200, None): 1, ALREADY: 4}
        assert kept(exam) == [(1, "graded", Decimal(2), True, False)]

    def test_an_overdue_attempt_is_closed_once(self, api):
        exam, swept, submitted = self.once(api, seconds_ago=31)

        assert sum(swept) <= 1
        assert answers(submitted) == {TIME_IS_UP: 5}
        assert kept(exam) == [(1, "graded", Decimal(1), True, True)]

    def test_at_the_very_end_there_is_one_grade(self, api):
        for wait in (0.0, 0.02, 0.05, 0.1):
            exam, swept, submitted = self.once(api, seconds_ago=GRACE.total_seconds() - wait)

            ((_, status, score, passed, is_timed_out),) = kept(exam)
            taken = answers(submitted).get((200, None), 0)
            assert (taken, sum(swept) <= 1) == (0 if is_timed_out else 1, True)
            assert (status, score, passed) == ("graded", Decimal(1 if is_timed_out else 2), True)
            assert unsound(exam) == 0

    def test_without_the_lock_the_sweeper_takes_back_what_was_handed_in(self, api, monkeypatch):
        """A sweeper that read before the student's submit, and writes after it, grades over it."""

        has_read, only_one, lock_running = threading.Event(), threading.Lock(), attempts.lock_running

        def close_without_lock(*_conditions, **_options):
            if not only_one.acquire(blocking=False):
                return 0
            found = db.session.execute(finishing._graded_by()).all()
            given = finishing.answers_of([attempt.id for attempt in found])
            if found:
                has_read.set()
                while db.session.scalar(select(QuizSubmission.status)) == "in_progress":
                    db.session.rollback()
                    time.sleep(0.01)
                finishing._end(found, given, {}, None)
            return 0

        def lock_once_it_was_read(attempt_id):
            has_read.wait(timeout=30)
            return lock_running(attempt_id)

        monkeypatch.setattr(sweeper, "close_overdue", close_without_lock)
        monkeypatch.setattr(attempts, "lock_running", lock_once_it_was_read)

        exam, _, submitted = self.once(api, seconds_ago=10)

        assert answers(submitted)[(200, None)] == 1
        assert kept(exam) == [(1, "graded", Decimal(1), True, True)]


class TestSweepingAgainstSweeping:
    def test_each_attempt_is_closed_by_one_of_them(self, api, monkeypatch):
        monkeypatch.setattr(sweeper, "_BATCH", 3)
        exam = Exam(api)
        for _ in range(12):
            exam.another_student().post(exam.path("start"))
        let_time_run_out(exam, 31)

        assert sum(race([sweep_of(api.app)] * 6)) == 12
        db.session.commit()
        assert db.session.scalar(select(func.count()).where(QuizSubmission.status == "in_progress")) == 0

    def test_what_somebody_else_holds_is_left_to_them(self, api):
        exam = Exam(api)
        exam.start()
        let_time_run_out(exam, 31)
        held = select(QuizSubmission.id).where(QuizSubmission.quiz_id == exam.quiz_id).with_for_update()
        db.session.execute(held).all()

        assert race([sweep_of(api.app)]) == [0]


def test_the_database_refuses_a_second_running_attempt(api):
    exam = Exam(api, max_attempts=2)
    exam.start()
    quiz = db.session.get_one(Quiz, exam.quiz_id)
    now = clock.now()
    db.session.add(
        QuizSubmission(
            quiz=quiz,
            student_id=exam.student_id,
            attempt_number=2,
            timer_minutes=1,
            passing_score=50,
            max_score=Decimal(1),
            started_at=now,
            deadline_at=now + timedelta(minutes=1),
        )
    )

    with pytest.raises(IntegrityError, match="uq_quiz_submissions_running"):
        db.session.commit()
    db.session.rollback()
