"""A student's attempt over HTTP: beginning it, finding it again, saving answers, handing it in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuizAnswer, QuizQuestion, QuizSubmission
from tests.api import counted_statements
from tests.factories import create_student
from tests.quizzes.exam import KINDS, Exam, kept, kept_answers

NOT_BOUGHT = (403, {"detail": "You must purchase this lecture."})
EXPIRED = (403, {"detail": "Your access to this lecture has expired."})
NOT_OPEN = (403, {"detail": "This quiz is not open."})
NOT_FOUND = (404, {"detail": "Not found."})
USED_UP = (400, {"detail": "You have used all your attempts for this quiz."})
NO_ATTEMPT = (400, {"detail": "You have no running attempt for this quiz."})
ALREADY = (400, {"detail": "This attempt has already been submitted."})


def answer(response):
    return response.status_code, response.json


class TestStarting:
    def test_it_answers_the_questions_in_the_teachers_order(self, api):
        exam = Exam(api, kinds=KINDS, timer_minutes=20)
        now = clock.now()

        with clock.stopped_at(now):
            response = exam.start()

        attempt = db.session.scalars(select(QuizSubmission)).one()
        answers = db.session.scalars(select(QuizAnswer).order_by(QuizAnswer.position)).all()
        assert answer(response) == (
            200,
            {
                "submission_id": attempt.id,
                "attempt_number": 1,
                "timer_minutes": 20,
                "started_at": now.isoformat().replace("+00:00", "Z"),
                "questions": [
                    {
                        "answer_id": answers[place].id,
                        "quiz_question_id": exam.places[place],
                        "question_text": exam.questions[place].version.text,
                        "question_image": None,
                        "question_type": kind,
                        "points": 1,
                        "choices": [
                            {"id": choice, "text": f"اختيار {order}", "image": None, "order": order}
                            for order, choice in enumerate(exam.choices(place), 1)
                        ],
                    }
                    for place, kind in enumerate(KINDS)
                ],
            },
        )
        assert (attempt.status, attempt.score, attempt.passed) == ("in_progress", None, False)
        assert (attempt.started_at, attempt.deadline_at) == (now, now + timedelta(minutes=20))
        assert (attempt.max_score, attempt.passing_score) == (Decimal(3), 50)

    def test_pictures_are_absolute_addresses(self, api):
        exam = Exam(api)
        version = exam.questions[0].version
        version.image = version.choices[0].image = "public/pictures/a.png"
        db.session.commit()

        question = exam.start().json["questions"][0]

        address = "http://localhost/media/pictures/a.png"
        assert question["question_image"] == address
        assert [choice["image"] for choice in question["choices"]] == [address, None, None, None]

    def test_points_are_those_of_the_place_in_the_quiz(self, api):
        exam = Exam(api)
        db.session.get_one(QuizQuestion, exam.places[0]).points = 7
        db.session.commit()

        assert [question["points"] for question in exam.start().json["questions"]] == [7, 1]
        assert db.session.scalar(select(QuizSubmission.max_score)) == 8

    def test_a_question_that_was_taken_out_is_not_asked(self, api):
        exam = Exam(api)
        db.session.get_one(QuizQuestion, exam.places[0]).is_removed = True
        db.session.commit()

        assert [question["quiz_question_id"] for question in exam.start().json["questions"]] == exam.places[1:]
        assert db.session.scalar(select(QuizSubmission.max_score)) == 1

    def test_starting_again_answers_the_running_attempt(self, api):
        exam = Exam(api, randomize_questions=True, randomize_choices=True, max_attempts=5)
        first = exam.start()
        exam.save(exam.choosing(0, 1))

        assert answer(exam.start()) == answer(first)
        assert len(kept(exam)) == 1

    def test_the_next_attempt_has_the_next_number(self, api):
        exam = Exam(api, max_attempts=2)
        first = exam.start().json
        exam.submit()

        second = exam.start().json

        assert (first["attempt_number"], second["attempt_number"]) == (1, 2)
        assert first["submission_id"] != second["submission_id"]

    def test_attempts_of_other_students_do_not_count(self, api):
        exam = Exam(api)
        other = exam.another_student()
        other.post(exam.path("start"))

        assert exam.start().json["attempt_number"] == 1

    def test_no_more_than_the_attempts_of_the_quiz(self, api):
        exam = Exam(api, max_attempts=1)
        exam.start()
        exam.submit()

        assert answer(exam.start()) == USED_UP

    def test_an_unknown_quiz_is_not_found(self, api):
        assert answer(api.as_(create_student()).post("/api/quizzes/987654321/start/")) == NOT_FOUND
        assert answer(api.as_(create_student()).post(f"/api/quizzes/{2**63}/start/")) == NOT_FOUND

    def test_who_has_not_bought_the_lecture_is_told_so(self, api):
        exam = Exam(api, is_active=False, opens_at=clock.now() + timedelta(days=1))

        assert answer(api.as_(create_student()).post(exam.path("start"))) == NOT_BOUGHT

    def test_whose_window_is_over_is_told_so(self, api):
        exam = Exam(api, is_active=False)
        exam.end_window(clock.now())

        assert answer(exam.start()) == EXPIRED

    def test_an_inactive_quiz_is_not_found(self, api):
        exam = Exam(api, is_active=False, opens_at=clock.now() + timedelta(days=1))

        assert answer(exam.start()) == NOT_FOUND

    @pytest.mark.parametrize(
        ("opens", "closes", "expected"),
        [(1, None, 403), (0, None, 200), (-1, None, 200), (None, 1, 200), (None, 0, 403), (-9, -1, 403), (-1, 1, 200)],
    )
    def test_only_inside_its_times(self, api, opens, closes, expected):
        now = clock.now()
        times = {"opens_at": opens, "closes_at": closes}
        exam = Exam(api, **{key: now + timedelta(seconds=at) for key, at in times.items() if at is not None})

        with clock.stopped_at(now):
            response = exam.start()

        assert response.status_code == expected
        if expected == 403:
            assert answer(response) == NOT_OPEN

    def test_a_quiz_that_has_used_all_attempts_and_is_closed_is_closed(self, api):
        exam = Exam(api)
        exam.start()
        exam.submit()
        exam.change_quiz(closes_at=clock.now())

        assert answer(exam.start()) == NOT_OPEN

    @pytest.mark.parametrize("taken_out", [False, True])
    def test_a_quiz_without_questions_cannot_be_started(self, api, taken_out):
        exam = Exam(api, kinds=("mcq_single",) if taken_out else ())
        if taken_out:
            db.session.get_one(QuizQuestion, exam.places[0]).is_removed = True
            db.session.commit()

        assert answer(exam.start()) == NOT_OPEN
        assert kept(exam) == []

    def test_a_course_that_was_switched_off_since_does_not_shut_it(self, api):
        exam = Exam(api)
        exam.course.is_active = exam.lecture.is_active = exam.teacher.user.is_active = False
        db.session.commit()

        assert exam.start().status_code == 200

    @pytest.mark.parametrize("count", [1, 20])
    def test_it_runs_three_statements_however_many_questions(self, api, count):
        exam = Exam(api, kinds=("mcq_single",) * count, randomize_questions=True, randomize_choices=True)

        with counted_statements() as starting:
            assert len(exam.start().json["questions"]) == count
        with counted_statements() as again:
            exam.start()

        # The quiz with purchase and latest attempt, the attempt with its questions, what they say.
        assert (len(starting), len(again)) == (3, 2)

    def test_taking_over_from_an_overdue_attempt_stays_within_six_statements(self, api):
        exam = Exam(api, max_attempts=2)
        exam.start()

        with clock.stopped_at(clock.now() + timedelta(minutes=31)), counted_statements() as statements:
            assert exam.start().json["attempt_number"] == 2

        assert len(statements) == 6


class TestOrders:
    def orders(self, exam, attempts):
        """Return the order of questions and that of each question's choices, of so many attempts of one student."""
        found = []
        for _ in range(attempts):
            questions = exam.start().json["questions"]
            found.append(
                (
                    [question["quiz_question_id"] for question in questions],
                    {
                        question["quiz_question_id"]: [choice["id"] for choice in question["choices"]]
                        for question in questions
                    },
                )
            )
            exam.submit()
        return found

    @pytest.mark.parametrize(("questions", "choices"), [(False, False), (True, False), (False, True), (True, True)])
    def test_each_attempt_has_its_own_order_where_the_quiz_asks_for_it(self, api, questions, choices):
        exam = Exam(
            api,
            kinds=("mcq_single",) * 6,
            max_attempts=100,
            randomize_questions=questions,
            randomize_choices=choices,
        )
        teachers = {place: exam.choices(number) for number, place in enumerate(exam.places)}

        orders = self.orders(exam, 4)

        # Four times the same of 720 orders, by chance, once in 370 million; of 24 for each of six questions, never.
        assert len({tuple(order) for order, _ in orders}) > 1 if questions else True
        assert len({str(sorted(of_choices.items())) for _, of_choices in orders}) > 1 if choices else True
        for order, of_choices in orders:
            assert (sorted(order) if questions else order) == exam.places
            assert {place: sorted(ids) if choices else ids for place, ids in of_choices.items()} == {
                place: sorted(ids) if choices else ids for place, ids in teachers.items()
            }

    def test_choices_are_numbered_by_the_students_order(self, api):
        exam = Exam(api, kinds=("mcq_single",) * 4, randomize_choices=True)

        for question in exam.start().json["questions"]:
            assert [choice["order"] for choice in question["choices"]] == [1, 2, 3, 4]

    def test_the_questions_of_one_attempt_are_shuffled_apart(self, api):
        exam = Exam(api, kinds=("mcq_single",) * 12, randomize_choices=True)

        texts = [tuple(choice["text"] for choice in one["choices"]) for one in exam.start().json["questions"]]

        assert len(set(texts)) > 1

    def test_the_correct_choice_comes_at_every_place(self, api):
        exam = Exam(api, kinds=("mcq_single",) * 30, randomize_choices=True)

        places = {
            choice["order"]
            for question in exam.start().json["questions"]
            for choice in question["choices"]
            if choice["text"] == "اختيار 1"
        }

        assert places == {1, 2, 3, 4}


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
