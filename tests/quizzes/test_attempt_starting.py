"""Beginning an attempt over HTTP: who may, what is asked, in which order."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuizAnswer, QuizQuestion, QuizSubmission
from tests.api import counted_statements
from tests.factories import create_student
from tests.quizzes.exam import KINDS, Exam, kept

NOT_BOUGHT = (403, {"detail": "You must purchase this lecture."})
EXPIRED = (403, {"detail": "Your access to this lecture has expired."})
NOT_OPEN = (403, {"detail": "This quiz is not open."})
NOT_FOUND = (404, {"detail": "Not found."})
USED_UP = (400, {"detail": "You have used all your attempts for this quiz."})


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
