"""Finished attempts: who sees which of them, and what of their scores and answers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.quizzes.models import QuizAnswer, QuizSubmission
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

FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NOT_FOUND = {"detail": "Not found."}
MINE = "/api/quizzes/submissions/"


@pytest.fixture
def quiz(app):
    """A quiz of one question of each kind, worth 1, 2 and 4 points; one attempt, and everything may be seen."""
    lecture = create_lecture()
    teacher = lecture.topic.course.teacher
    questions = [
        create_question(teacher),
        create_question(teacher, "mcq_multiple", right=(1, 3), points=2),
        create_question(teacher, "written", points=4),
    ]
    return create_quiz(lecture, questions=questions, max_attempts=1)


def teacher_of(quiz):
    return quiz.lecture.topic.course.teacher


def item(attempt, **changes):
    """The documented item of a finished attempt of which everything may be seen."""
    db.session.refresh(attempt)
    return {
        "id": attempt.id,
        "quiz_id": attempt.quiz_id,
        "quiz_title": attempt.quiz.title,
        "lecture_name": attempt.quiz.lecture.name,
        "attempt_number": attempt.attempt_number,
        "score": None if attempt.score is None else f"{attempt.score:.2f}",
        "passed": attempt.passed,
        "submitted_at": None if attempt.submitted_at is None else iso_z(attempt.submitted_at),
        "score_visible": True,
        "answers_visible": True,
    } | changes


def among_all(attempt, **changes):
    """The documented item of a list of all students' attempts."""
    return item(attempt) | {
        "student": attempt.student_id,
        "student_name": attempt.student.name_ar,
        "student_code": attempt.student.student_code,
        "status": attempt.status,
        **changes,
    }


def detail(attempt, **changes):
    """The documented body of one attempt of which everything may be seen."""
    return item(attempt) | {
        "quiz": attempt.quiz_id,
        "status": attempt.status,
        "started_at": iso_z(attempt.started_at),
        "max_score": f"{attempt.max_score:.2f}",
        "answers": [answer_body(answer) for answer in attempt.answers],
        **changes,
    }


def answer_body(answer, **changes):
    return {
        "answer_id": answer.id,
        "quiz_question_id": answer.quiz_question_id,
        "question_text": answer.version.text,
        "question_type": answer.version.type,
        "points": answer.points,
        "choice_ids": answer.choice_ids,
        "written_answer": answer.written_answer,
        "points_awarded": None if answer.points_awarded is None else f"{answer.points_awarded:.2f}",
        "feedback": answer.feedback,
        "correct_choice_ids": [choice.id for choice in answer.version.choices if choice.is_correct],
    } | changes


def detail_path(attempt):
    return f"{MINE}{attempt.id}/"


class TestOwnAttempts:
    def test_a_student_sees_own_finished_attempts_newest_first(self, api, quiz):
        student, now = create_student(), clock.now()
        old = create_attempt(student, quiz, [[1], [1, 3], "نص"], submitted_at=now - timedelta(hours=2))
        new = create_attempt(student, create_quiz(), [[1], [2]])
        create_attempt(student, create_quiz(), status="in_progress")
        create_attempt(create_student(), quiz, [[1]])

        response = api.as_(student).get(MINE)

        assert response.status_code == 200
        assert response.json == [item(new), item(old)]
        assert [(row["score"], row["passed"]) for row in response.json] == [("1.00", True), ("3.00", False)]

    @pytest.mark.parametrize("attempts", [1, 4])
    def test_it_takes_two_statements_however_many_there_are(self, api, attempts):
        student = create_student()
        for _ in range(attempts):
            create_attempt(student, create_quiz(), [[1]])
        client = api.as_(student)

        with counted_statements() as statements:
            response = client.get(MINE)

        # What is overdue, and the list.
        assert (len(response.json), len(statements)) == (attempts, 2)

    def test_an_overdue_attempt_is_closed_at_its_deadline_before_it_is_listed(self, api, quiz):
        student = create_student()
        begun = clock.now() - timedelta(hours=1)
        attempt = create_attempt(student, quiz, [[1]], status="in_progress", started_at=begun)

        response = api.as_(student).get(MINE)

        assert response.json == [item(attempt)]
        assert (response.json[0]["score"], response.json[0]["passed"]) == ("1.00", False)
        assert response.json[0]["submitted_at"] == iso_z(begun + timedelta(minutes=30))
        assert (attempt.status, attempt.is_timed_out) == ("graded", True)

    def test_one_that_is_still_in_its_grace_is_left_running(self, api, quiz):
        student = create_student()
        begun = clock.now() - timedelta(minutes=30, seconds=20)
        create_attempt(student, quiz, status="in_progress", started_at=begun)

        assert api.as_(student).get(MINE).json == []

    @pytest.mark.parametrize(
        ("settings", "score_visible", "answers_visible"),
        [
            ({}, True, True),
            ({"score_visibility": "never"}, False, True),
            ({"answers_visibility": "never"}, True, False),
            ({"score_visibility": "after_close", "closes_at": 1}, False, True),
            ({"score_visibility": "after_close", "closes_at": -1}, True, True),
            ({"answers_visibility": "after_close", "closes_at": 1}, True, False),
            ({"answers_visibility": "after_close", "closes_at": -1}, True, True),
            ({"max_attempts": 2}, True, False),
            ({"max_attempts": 2, "closes_at": -1}, True, True),
        ],
    )
    def test_score_and_answers_are_shown_when_the_quiz_says_so(self, api, settings, score_visible, answers_visible):
        if "closes_at" in settings:
            settings = settings | {"closes_at": clock.now() + timedelta(hours=settings["closes_at"])}
        quiz, student = create_quiz(questions=2, **settings), create_student()
        attempt = create_attempt(student, quiz, [[1], [2]])
        hidden = {} if score_visible else {"score": None, "passed": None}
        visible = {"score_visible": score_visible, "answers_visible": answers_visible}
        client = api.as_(student)

        (listed,) = client.get(MINE).json
        shown = client.get(detail_path(attempt)).json

        assert listed == item(attempt, **hidden, **visible)
        answers = [answer_body(answer) for answer in attempt.answers] if answers_visible else []
        if not score_visible:
            answers = [answer | {"points_awarded": None} for answer in answers]
        assert shown == detail(attempt, **hidden, **visible, answers=answers)

    def test_no_answer_is_shown_while_another_attempt_is_running(self, api, quiz):
        student = create_student()
        quiz.max_attempts = 2
        first = create_attempt(student, quiz, [[1]])
        create_attempt(student, quiz, status="in_progress", attempt_number=2)

        response = api.as_(student).get(detail_path(first))

        assert response.json == detail(first, answers_visible=False, answers=[])


class TestOneAttempt:
    @pytest.mark.parametrize("questions", [2, 12])
    def test_it_takes_three_statements_however_many_questions_there_are(self, api, questions):
        attempt = create_attempt(create_student(), create_quiz(questions=questions), [[1]])
        client = api.as_(attempt.student)

        with counted_statements() as statements:
            response = client.get(detail_path(attempt))

        # Whether it is overdue, the attempt, its answers.
        assert (len(response.json["answers"]), len(statements)) == (questions, 3)

    def test_its_student_sees_answers_grades_and_what_would_have_been_right(self, api, quiz):
        attempt = create_attempt(create_student(), quiz, [[2], [1, 3], "إجابة"], awarded={2: "2.5"})
        attempt.answers[2].feedback = "أحسنت"
        db.session.commit()

        response = api.as_(attempt.student).get(detail_path(attempt))

        assert response.json == detail(attempt)
        assert [answer["points_awarded"] for answer in response.json["answers"]] == ["0.00", "2.00", "2.50"]
        assert [len(answer["correct_choice_ids"]) for answer in response.json["answers"]] == [1, 2, 0]

    def test_questions_stand_in_the_order_and_words_that_the_attempt_had(self, api, quiz):
        attempt = create_attempt(create_student(), quiz, [[1], [1, 3]])
        first, second, third = attempt.answers
        texts = [answer.version.text for answer in (third, first, second)]
        for position, answer in enumerate((third, first, second), 1):
            answer.position = position
        second.choice_order = list(reversed(second.choice_order))
        db.session.commit()

        response = api.as_(attempt.student).get(detail_path(attempt))

        assert [answer["question_text"] for answer in response.json["answers"]] == texts
        right = [choice.id for choice in second.version.choices if choice.is_correct]
        assert response.json["answers"][2]["correct_choice_ids"] == list(reversed(right))

    def test_those_who_run_the_course_see_everything_at_any_time(self, api, quiz):
        quiz.score_visibility = quiz.answers_visibility = "never"
        attempt = create_attempt(create_student(), quiz, [[1], [1, 3], "نص"])
        running = create_attempt(create_student(), quiz, [[1]], status="in_progress")
        unseen = {"score_visible": False, "answers_visible": False}

        for person in (teacher_of(quiz), create_assistant(teacher_of(quiz)), create_site_owner()):
            client = api.as_(person)
            assert client.get(detail_path(attempt)).json == detail(attempt, **unseen)
            assert client.get(detail_path(running)).json == detail(running, **unseen, passed=None)

    def test_nobody_else_finds_it(self, api, quiz):
        attempt = create_attempt(create_student(), quiz, [[1]])

        for person in (create_student(), create_teacher(), create_assistant()):
            response = api.as_(person).get(detail_path(attempt))
            assert (response.status_code, response.json) == (404, NOT_FOUND)
        assert api.get(detail_path(attempt)).status_code == 401

    def test_a_running_one_is_not_found_by_its_student(self, api, quiz):
        attempt = create_attempt(create_student(), quiz, [[1]], status="in_progress")

        response = api.as_(attempt.student).get(detail_path(attempt))

        assert (response.status_code, response.json) == (404, NOT_FOUND)

    @pytest.mark.parametrize("number", [0, 2**62, 2**63, 10**30])
    def test_what_does_not_exist_is_not_found(self, api, number):
        response = api.as_(create_student()).get(f"{MINE}{number}/")

        assert (response.status_code, response.json) == (404, NOT_FOUND)

    def test_an_overdue_one_is_closed_with_what_was_saved(self, api, quiz):
        begun = clock.now() - timedelta(hours=1)
        attempt = create_attempt(create_student(), quiz, [[1], [1], "نص"], status="in_progress", started_at=begun)

        response = api.as_(attempt.student).get(detail_path(attempt))

        assert response.json == detail(attempt)
        assert (attempt.status, attempt.score, attempt.is_timed_out) == ("submitted", Decimal(1), True)
        graded = db.session.scalars(select(QuizAnswer.points_awarded).order_by(QuizAnswer.position)).all()
        assert graded == [Decimal(1), Decimal(0), None]


class TestAllAttempts:
    def path(self, quiz, query=""):
        return f"/api/quizzes/{quiz.id}/submissions/{query}"

    def test_those_who_run_the_course_list_every_attempt_begun_last_first(self, api, quiz):
        now = clock.now()
        begun = [now - timedelta(minutes=minutes) for minutes in (9, 6, 3)]
        graded = create_attempt(create_student(), quiz, [[1], [1, 3]], started_at=begun[0])
        waiting = create_attempt(create_student(), quiz, [[1], [1], "نص"], started_at=begun[1])
        running = create_attempt(create_student(), quiz, [[1]], status="in_progress", started_at=begun[2])
        create_attempt(create_student(), create_quiz(quiz.lecture), [[1]])

        for person in (teacher_of(quiz), create_assistant(teacher_of(quiz)), create_site_owner()):
            response = api.as_(person).get(self.path(quiz))
            assert response.status_code == 200
            assert response.json == {
                "count": 3,
                "next": None,
                "previous": None,
                "results": [
                    among_all(running, passed=None, answers_visible=False),
                    among_all(waiting),
                    among_all(graded),
                ],
            }
        whole = api.as_(teacher_of(quiz)).get(self.path(quiz, "?all=true"))
        assert whole.json == {"count": 3, "results": response.json["results"]}

    @pytest.mark.parametrize("attempts", [1, 5])
    def test_it_takes_three_statements_however_many_there_are(self, api, quiz, attempts):
        for _ in range(attempts):
            create_attempt(create_student(), quiz, [[1]])
        client = api.as_(teacher_of(quiz))

        with counted_statements() as statements:
            response = client.get(self.path(quiz))

        # The quiz with whether anything is overdue, the count, the page.
        assert (response.json["count"], len(statements)) == (attempts, 3)

    def test_scores_are_shown_to_staff_whatever_students_may_see(self, api, quiz):
        quiz.score_visibility = "never"
        attempt = create_attempt(create_student(), quiz, [[1], [1, 3]])

        (row,) = api.as_(teacher_of(quiz)).get(self.path(quiz)).json["results"]

        assert row == among_all(attempt, score_visible=False)
        assert row["score"] == "3.00"

    def test_overdue_attempts_are_closed_before_they_are_listed(self, api, quiz):
        begun = clock.now() - timedelta(hours=1)
        attempt = create_attempt(create_student(), quiz, [[1]], status="in_progress", started_at=begun)
        elsewhere = create_attempt(create_student(), create_quiz(), status="in_progress", started_at=begun)

        (row,) = api.as_(teacher_of(quiz)).get(self.path(quiz)).json["results"]

        assert row == among_all(attempt)
        assert (row["status"], row["score"]) == ("graded", "1.00")
        assert db.session.get_one(QuizSubmission, elsewhere.id).status == "in_progress"

    def test_they_are_found_by_status_name_and_code(self, api, quiz):
        first = create_attempt(create_student(name_ar="منى إبراهيم"), quiz, [[1], None, "نص"])
        second = create_attempt(create_student(name_en="Karim Adel"), quiz, [[1]])
        client = api.as_(teacher_of(quiz))

        def found(query):
            return [row["id"] for row in client.get(self.path(quiz, query)).json["results"]]

        assert found("?status=submitted") == [first.id]
        assert found("?status=graded") == [second.id]
        assert found("?status=in_progress") == []
        assert found("?status=") == found("")
        assert found("?search=ابراهيم") == [first.id]
        assert found("?search=karim") == [second.id]
        assert found(f"?search={second.student.student_code}") == [second.id]
        assert found(f"?search=karim&student={first.student_id}") == [second.id]

    @pytest.mark.parametrize(
        ("query", "messages"),
        [
            ("?status=done", {"status": ['"done" is not a valid choice.']}),
            (f"?search={'x' * 256}", {"search": ["Ensure this field has no more than 255 characters."]}),
            ("?search=a%00b", {"search": ["Null characters are not allowed."]}),
            ("?page_size=x", {"page_size": ["A valid integer is required."]}),
        ],
    )
    def test_a_bad_query_is_refused(self, api, quiz, query, messages):
        response = api.as_(teacher_of(quiz)).get(self.path(quiz, query))

        assert (response.status_code, response.json) == (400, messages)

    def test_others_find_no_such_quiz_and_students_may_not_ask(self, api, quiz):
        for person in (create_teacher(), create_assistant()):
            response = api.as_(person).get(self.path(quiz, "?status=done"))
            assert (response.status_code, response.json) == (404, NOT_FOUND)
        response = api.as_(create_student()).get(self.path(quiz))
        assert (response.status_code, response.json) == (403, FORBIDDEN)
        missing = api.as_(create_site_owner()).get(f"/api/quizzes/{2**63}/submissions/")
        assert (missing.status_code, missing.json) == (404, NOT_FOUND)
