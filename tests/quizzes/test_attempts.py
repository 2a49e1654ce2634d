"""A student's attempt over HTTP: finding it again, saving answers, handing it in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuizSubmission
from tests.api import counted_statements
from tests.quizzes.exam import KINDS, Exam, kept, kept_answers

NOT_FOUND = (404, {"detail": "Not found."})
NO_ATTEMPT = (400, {"detail": "You have no running attempt for this quiz."})
ALREADY = (400, {"detail": "This attempt has already been submitted."})


def answer(response):
    return response.status_code, response.json


class TestFindingItAgain:
    def test_it_answers_what_is_saved_of_every_question(self, api):
        exam = Exam(api, kinds=KINDS, timer_minutes=10)
        now = clock.now()
        with clock.stopped_at(now):
            started = exam.start().json
        exam.save(exam.choosing(1, 3, 1), exam.writing(2, " نص\n"))

        with clock.stopped_at(now + timedelta(seconds=60.5)), counted_statements() as statements:
            response = exam.attempt()

        assert answer(response) == (
            200,
            {
                "submission_id": started["submission_id"],
                "attempt_number": 1,
                "started_at": started["started_at"],
                "deadline_at": (now + timedelta(minutes=10)).isoformat().replace("+00:00", "Z"),
                "remaining_seconds": 539,
                "answers": [
                    {"quiz_question_id": exam.places[0], "choice_ids": [], "written_answer": None},
                    {**exam.choosing(1, 3, 1), "written_answer": None},
                    {"quiz_question_id": exam.places[2], "choice_ids": [], "written_answer": " نص\n"},
                ],
            },
        )
        assert len(statements) == 2

    def test_it_stands_in_the_students_order(self, api):
        exam = Exam(api, kinds=("mcq_single",) * 8, randomize_questions=True)
        order = [question["quiz_question_id"] for question in exam.start().json["questions"]]

        assert [saved["quiz_question_id"] for saved in exam.attempt().json["answers"]] == order

    @pytest.mark.parametrize(("seconds", "remaining"), [(0, 60), (0.2, 59), (59.9, 0), (60, 0), (75, 0), (90, 0)])
    def test_the_remaining_seconds_are_those_to_the_deadline_and_never_negative(self, api, seconds, remaining):
        exam = Exam(api, timer_minutes=1)
        now = clock.now()
        with clock.stopped_at(now):
            exam.start()

        with clock.stopped_at(now + timedelta(seconds=seconds)):
            assert exam.attempt().json["remaining_seconds"] == remaining
            assert exam.save(exam.choosing(0, 1)).json == {"saved": 1, "remaining_seconds": remaining}

    def test_without_a_running_attempt_it_is_not_found(self, api):
        exam = Exam(api, max_attempts=2)
        assert answer(exam.attempt()) == NOT_FOUND
        exam.start()
        exam.submit()

        assert answer(exam.attempt()) == NOT_FOUND

    def test_the_attempt_of_another_student_is_not_found(self, api):
        exam = Exam(api)
        exam.start()

        assert answer(exam.another_student().get(exam.path("attempt"))) == NOT_FOUND


class TestSaving:
    def test_what_the_body_does_not_name_stays_as_saved(self, api):
        exam = Exam(api, kinds=KINDS)
        attempt = exam.start().json["submission_id"]
        exam.save(exam.choosing(0, 2), exam.writing(2, "أول"))

        response = exam.save(exam.choosing(1, 1), exam.choosing(0, 4))

        assert response.json["saved"] == 2
        chosen = exam.choices(0)[3], exam.choices(1)[0]
        assert kept_answers(attempt) == [([chosen[0]], None, None), ([chosen[1]], None, None), ([], "أول", None)]
        assert kept(exam) == [(1, "in_progress", None, False, False)]

    @pytest.mark.parametrize("empty", [[], None])
    def test_an_empty_answer_takes_back_what_was_saved(self, api, empty):
        exam = Exam(api, kinds=("mcq_single", "written"))
        attempt = exam.start().json["submission_id"]
        exam.save(exam.choosing(0, 2), exam.writing(1, "أول"))

        exam.save(
            {"quiz_question_id": exam.places[0], "choice_ids": empty}, exam.writing(1, "" if empty == [] else None)
        )

        assert kept_answers(attempt) == [([], None, None), ([], None, None)]

    def test_a_question_named_without_its_answer_stays_as_saved(self, api):
        exam = Exam(api, kinds=("mcq_single", "written"))
        attempt = exam.start().json["submission_id"]
        exam.save(exam.choosing(0, 2), exam.writing(1, "أول"))

        response = exam.save(*({"quiz_question_id": place} for place in exam.places))

        assert response.status_code == 200
        assert kept_answers(attempt) == [([exam.choices(0)[1]], None, None), ([], "أول", None)]

    def test_what_a_reload_found_can_be_sent_back(self, api):
        exam = Exam(api, kinds=KINDS)
        exam.start()
        exam.save(exam.choosing(0, 2), exam.writing(2, "أول"))
        found = exam.attempt().json["answers"]

        assert exam.save(*found).json["saved"] == 3
        assert exam.attempt().json["answers"] == found

    def test_nothing_named_saves_nothing(self, api):
        exam = Exam(api)
        exam.start()

        assert exam.save().json["saved"] == 0

    def test_the_same_choice_twice_is_one(self, api):
        exam = Exam(api)
        attempt = exam.start().json["submission_id"]

        assert exam.save(exam.choosing(0, 2, 2)).status_code == 200
        assert kept_answers(attempt)[0] == ([exam.choices(0)[1]], None, None)

    def test_the_longest_text(self, api):
        exam = Exam(api, kinds=("written",))
        attempt = exam.start().json["submission_id"]

        assert exam.save(exam.writing(0, "ن" * 20_000)).status_code == 200
        assert kept_answers(attempt) == [([], "ن" * 20_000, None)]

    @pytest.mark.parametrize("count", [2, 20])
    def test_it_runs_three_statements_however_many_answers(self, api, count):
        exam = Exam(api, kinds=("mcq_single",) * count)
        exam.start()
        answers = [exam.choosing(number, 1) for number in range(count)]

        with counted_statements() as statements:
            assert exam.save(*answers).json["saved"] == count

        # The quiz with the latest attempt, its questions, the answers.
        assert len(statements) == 3


class TestSubmitting:
    def test_it_is_graded_and_answered_at_once(self, api):
        exam = Exam(api, kinds=("mcq_single", "mcq_multiple", "mcq_multiple"))
        now = clock.now()
        attempt = exam.start().json["submission_id"]

        with clock.stopped_at(now + timedelta(minutes=1)):
            response = exam.submit(exam.choosing(0, 1), exam.choosing(1, 3, 1), exam.choosing(2, 1))

        assert answer(response) == (
            200,
            {
                "detail": "Quiz submitted successfully.",
                "submission_id": attempt,
                "score": "2.00",
                "passed": True,
                "score_visible": True,
                "answers_visible": True,
            },
        )
        assert kept(exam) == [(1, "graded", Decimal(2), True, False)]
        assert [points for _, _, points in kept_answers(attempt)] == [1, 1, 0]
        assert db.session.scalar(select(QuizSubmission.submitted_at)) == now + timedelta(minutes=1)

    def test_it_leaves_standing_what_it_does_not_name(self, api):
        exam = Exam(api)
        exam.start()
        exam.save(exam.choosing(0, 1), exam.choosing(1, 2))

        assert exam.submit(exam.choosing(1, 1)).json["score"] == "2.00"

    def test_unanswered_questions_count_zero(self, api):
        exam = Exam(api, kinds=KINDS)
        exam.start()

        response = exam.submit()

        assert (response.json["score"], response.json["passed"]) == ("0.00", False)
        assert kept(exam) == [(1, "graded", Decimal(0), False, False)]

    def test_a_written_answer_waits_for_its_teacher(self, api):
        exam = Exam(api, kinds=("mcq_single", "mcq_single", "written"))
        attempt = exam.start().json["submission_id"]

        response = exam.submit(exam.choosing(0, 1), exam.choosing(1, 1), exam.writing(2, "لأن"))

        assert (response.json["score"], response.json["passed"]) == ("2.00", False)
        assert kept(exam) == [(1, "submitted", Decimal(2), False, False)]
        assert [points for _, _, points in kept_answers(attempt)] == [1, 1, None]

    def test_blank_text_is_graded_at_once(self, api):
        exam = Exam(api, kinds=("mcq_single", "written"))
        exam.start()

        response = exam.submit(exam.choosing(0, 1), exam.writing(1, " \n "))

        assert (response.json["score"], response.json["passed"]) == ("1.00", True)
        assert kept(exam) == [(1, "graded", Decimal(1), True, False)]

    @pytest.mark.parametrize(("passing", "passed"), [(66, True), (67, False)])
    def test_passing_is_not_rounded(self, api, passing, passed):
        exam = Exam(api, kinds=("mcq_single",) * 3, passing_score=passing)
        exam.start()

        assert exam.submit(exam.choosing(0, 1), exam.choosing(1, 1)).json["passed"] is passed

    def test_a_second_time_is_refused(self, api):
        exam = Exam(api, max_attempts=3)
        exam.start()
        exam.submit(exam.choosing(0, 1))

        for send in (exam.submit, exam.save):
            assert answer(send(exam.choosing(1, 1))) == ALREADY
        assert kept(exam) == [(1, "graded", Decimal(1), True, False)]

    def test_without_an_attempt_it_is_refused(self, api):
        exam = Exam(api)

        for send in (exam.submit, exam.save):
            assert answer(send(exam.choosing(0, 1))) == NO_ATTEMPT

    def test_the_attempt_of_another_student_is_none(self, api):
        exam = Exam(api)
        exam.start()
        other = exam.another_student()

        assert answer(other.post(exam.path("submit"), {"answers": [exam.choosing(0, 1)]})) == NO_ATTEMPT
        assert answer(other.put(exam.path("answers"), {"answers": [exam.choosing(0, 1)]})) == NO_ATTEMPT
        assert kept(exam) == [(1, "in_progress", None, False, False)]

    @pytest.mark.parametrize("count", [2, 20])
    def test_it_runs_four_statements_however_many_questions(self, api, count):
        exam = Exam(api, kinds=("mcq_single",) * count)
        exam.start()
        answers = [exam.choosing(number, 1) for number in range(count)]

        with counted_statements() as statements:
            assert exam.submit(*answers).json["score"] == f"{count}.00"

        # The quiz with the latest attempt, its lock, its answers, what they come to.
        assert len(statements) == 4


class TestWhatIsShown:
    HOUR = timedelta(hours=1)

    def submitted(self, exam):
        exam.start()
        response = exam.submit(exam.choosing(0, 1), exam.choosing(1, 1))
        return tuple(response.json[key] for key in ("score", "passed", "score_visible", "answers_visible"))

    @pytest.mark.parametrize(
        ("score", "answers", "attempts", "expected"),
        [
            ("immediately", "immediately", 1, ("2.00", True, True, True)),
            ("immediately", "immediately", 2, ("2.00", True, True, False)),
            ("immediately", "after_close", 1, ("2.00", True, True, False)),
            ("immediately", "never", 1, ("2.00", True, True, False)),
            ("after_close", "immediately", 1, (None, None, False, True)),
            ("never", "never", 1, (None, None, False, False)),
            ("never", "immediately", 1, (None, None, False, True)),
        ],
    )
    def test_while_the_quiz_is_open(self, api, score, answers, attempts, expected):
        exam = Exam(
            api,
            closes_at=clock.now() + self.HOUR,
            score_visibility=score,
            answers_visibility=answers,
            max_attempts=attempts,
        )

        assert self.submitted(exam) == expected

    @pytest.mark.parametrize(
        ("score", "answers", "attempts", "seconds", "expected"),
        [
            ("after_close", "after_close", 1, 0, ("2.00", True, True, True)),
            ("after_close", "after_close", 2, 0, ("2.00", True, True, False)),
            ("never", "never", 1, 20, (None, None, False, False)),
            # Until the grace is over somebody else's attempt may still be running.
            ("after_close", "after_close", 2, 30, ("2.00", True, True, False)),
        ],
    )
    def test_in_the_grace_after_it_has_closed(self, api, score, answers, attempts, seconds, expected):
        now = clock.now()
        exam = Exam(
            api,
            closes_at=now + timedelta(minutes=10),
            score_visibility=score,
            answers_visibility=answers,
            max_attempts=attempts,
        )
        with clock.stopped_at(now):
            exam.start()

        with clock.stopped_at(now + timedelta(minutes=10, seconds=seconds)):
            response = exam.submit(exam.choosing(0, 1), exam.choosing(1, 1))

        shown = tuple(response.json[key] for key in ("score", "passed", "score_visible", "answers_visible"))
        assert shown == expected


def test_what_no_body_may_hold_is_in_none(api):
    exam = Exam(api, kinds=KINDS)
    for question in exam.questions:
        question.version.model_answer = "الإجابة النموذجية"
    db.session.commit()

    bodies = [exam.start(), exam.attempt(), exam.save(exam.choosing(0, 1)), exam.start(), exam.submit()]

    for body in bodies:
        assert body.status_code == 200
        assert [word for word in ("is_correct", "correct", "model_answer", "النموذجية") if word in body.text] == []
