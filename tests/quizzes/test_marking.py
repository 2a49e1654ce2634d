"""Teachers grade written answers: what that makes of the attempt, who is told, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.notifications.models import Notification
from edutrack.quizzes.models import QuizAnswer
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
GIVEN = [[1], "فقرة", "قصة"]


@pytest.fixture
def attempt(app):
    """An attempt with a right choice (1 point) and two written answers (4 and 5 points) that wait."""
    lecture = create_lecture()
    teacher = lecture.topic.course.teacher
    questions = [
        create_question(teacher),
        create_question(teacher, "written", points=4),
        create_question(teacher, "written", points=5),
    ]
    return create_attempt(create_student(), create_quiz(lecture, questions=questions), GIVEN)


def teacher_of(attempt):
    return attempt.quiz.lecture.topic.course.teacher


def path(attempt):
    return f"/api/quizzes/submissions/{attempt.id}/grade/"


def grades(attempt, *points, **more):
    """The body that gives so many points to the written answers, from the first on; None leaves one out."""
    written = attempt.answers[1:]
    named = [
        {"answer_id": answer.id, "points_awarded": value} | more
        for answer, value in zip(written, points, strict=False)
        if value is not None
    ]
    return {"answers": named}


def standing(attempt):
    """Return what the database says of an attempt and of its answers."""
    db.session.rollback()
    db.session.refresh(attempt)
    awarded = select(QuizAnswer.points_awarded).where(QuizAnswer.submission_id == attempt.id)
    return (
        attempt.status,
        attempt.score,
        attempt.passed,
        db.session.scalars(awarded.order_by(QuizAnswer.position)).all(),
    )


WAITING = ("submitted", Decimal(1), False, [Decimal(1), None, None])


def told(attempt):
    return db.session.scalars(
        select(Notification.type).where(Notification.user_id == attempt.student.user_id).order_by(Notification.id)
    ).all()


class TestGrading:
    @pytest.mark.parametrize("who", ["teacher", "owner"])
    def test_everything_graded_makes_score_status_and_passing(self, api, attempt, who):
        client = api.as_(teacher_of(attempt) if who == "teacher" else create_site_owner())
        body = grades(attempt, "2.50", 4)

        with counted_statements() as statements:
            response = client.post(path(attempt), body)

        assert response.status_code == 200
        assert response.json == client.get(f"/api/quizzes/submissions/{attempt.id}/").json
        assert {key: response.json[key] for key in ("status", "score", "max_score", "passed")} == {
            "status": "graded",
            "score": "7.50",
            "max_score": "10.00",
            "passed": True,
        }
        assert standing(attempt) == ("graded", Decimal("7.50"), True, [Decimal(1), Decimal("2.50"), Decimal(4)])
        # In scope, the lock, what may be graded, the grades, the score, the notification, and the answer in two.
        assert len(statements) == 8

    def test_a_graded_part_counts_while_the_rest_waits_and_nobody_is_told(self, api, attempt):
        response = api.as_(teacher_of(attempt)).post(path(attempt), grades(attempt, 4))

        assert response.status_code == 200
        assert (response.json["status"], response.json["score"], response.json["passed"]) == (
            "submitted",
            "5.00",
            False,
        )
        assert standing(attempt) == ("submitted", Decimal(5), False, [Decimal(1), Decimal(4), None])
        assert told(attempt) == []

    def test_the_rest_follows_later_and_then_the_student_is_told(self, api, attempt):
        client = api.as_(teacher_of(attempt))
        client.post(path(attempt), grades(attempt, 4))

        client.post(path(attempt), grades(attempt, None, 0))

        assert standing(attempt) == ("graded", Decimal(5), True, [Decimal(1), Decimal(4), Decimal(0)])
        assert told(attempt) == ["quiz_graded"]
        (item,) = api.as_(attempt.student).get("/api/notifications/").json["results"]
        lecture = attempt.quiz.lecture
        assert item["title"] == "Your quiz was graded"
        assert item["message"] == f"Your answers in “{attempt.quiz.title}” of “{lecture.name}” were graded."
        assert item["metadata"] == {
            "submission_id": attempt.id,
            "quiz_id": attempt.quiz_id,
            "lecture_id": lecture.id,
            "course_id": lecture.course_id,
        }

    def test_grading_again_tells_the_student_where_the_score_changes_and_not_otherwise(self, api, attempt):
        client = api.as_(teacher_of(attempt))
        client.post(path(attempt), grades(attempt, 4, 5))
        same = client.post(path(attempt), grades(attempt, 4, 5, feedback="ممتاز"))
        assert (same.status_code, told(attempt)) == (200, ["quiz_graded"])

        lower = client.post(path(attempt), grades(attempt, "0.25", 0))

        assert standing(attempt) == ("graded", Decimal("1.25"), False, [Decimal(1), Decimal("0.25"), Decimal(0)])
        assert (lower.json["passed"], told(attempt)) == (False, ["quiz_graded", "quiz_graded"])

    @pytest.mark.parametrize(
        ("passing_score", "points", "passed"),
        [(100, (4, 5), True), (100, (4, "4.99"), False), (0, (0, 0), True), (55, ("4", "0.50"), True)],
    )
    def test_it_is_passed_by_the_passing_score_that_the_attempt_began_with(
        self, api, attempt, passing_score, points, passed
    ):
        attempt.passing_score = passing_score
        attempt.quiz.passing_score = 77
        db.session.commit()

        response = api.as_(teacher_of(attempt)).post(path(attempt), grades(attempt, *points))

        assert response.json["passed"] is passed

    def test_a_blank_written_answer_may_be_given_points_after_all(self, api, attempt):
        blank = create_attempt(create_student(), attempt.quiz, [[1], "نص", " "], awarded={1: 1})
        assert blank.status == "graded"

        api.as_(teacher_of(attempt)).post(path(blank), grades(blank, None, 2))

        assert standing(blank) == ("graded", Decimal(4), False, [Decimal(1), Decimal(1), Decimal(2)])

    def test_feedback_stays_where_it_is_left_out_and_goes_where_it_is_empty(self, api, attempt):
        client, first = api.as_(teacher_of(attempt)), attempt.answers[1]

        def feedback(**more):
            shown = client.post(path(attempt), grades(attempt, 1, **more)).json
            return next(answer["feedback"] for answer in shown["answers"] if answer["answer_id"] == first.id)

        assert feedback() is None
        assert feedback(feedback="  أعد المحاولة ") == "أعد المحاولة"
        assert feedback() == "أعد المحاولة"
        assert feedback(feedback="") is None
        assert (feedback(feedback="نعم"), feedback(feedback=None)) == ("نعم", None)

    def test_it_leaves_an_audit_entry(self, api, attempt):
        teacher = teacher_of(attempt)
        api.as_(teacher).post(path(attempt), grades(attempt, "2.5", None))

        entry = db.session.scalars(select(AuditEntry)).one()

        assert (entry.actor_id, entry.verb) == (teacher.user_id, "quiz.submission.graded")
        assert (entry.target_type, entry.target_id) == ("quiz_submissions", attempt.id)
        assert entry.details == {
            "answers": [{"answer_id": attempt.answers[1].id, "points_awarded": "2.50"}],
            "score": "3.50",
        }

    def test_an_overdue_attempt_is_closed_and_graded(self, api, attempt):
        begun = clock.now() - timedelta(hours=1)
        overdue = create_attempt(create_student(), attempt.quiz, GIVEN, status="in_progress", started_at=begun)

        response = api.as_(teacher_of(attempt)).post(path(overdue), grades(overdue, 1, 1))

        assert response.status_code == 200
        assert standing(overdue) == ("graded", Decimal(3), False, [Decimal(1)] * 3)
        assert overdue.is_timed_out


class TestRefusals:
    def refused(self, api, attempt, body):
        response = api.as_(teacher_of(attempt)).post(path(attempt), body)
        assert standing(attempt) == WAITING
        assert told(attempt) == []
        return response.status_code, response.json

    def test_a_running_attempt_is_not_graded(self, api, attempt):
        running = create_attempt(create_student(), attempt.quiz, GIVEN, status="in_progress")

        response = api.as_(teacher_of(attempt)).post(path(running), grades(running, 1, 1))

        assert (response.status_code, response.json) == (400, {"detail": "This attempt is still running."})
        assert standing(running) == ("in_progress", None, False, [None] * 3)

    def test_what_is_no_written_answer_of_the_attempt_is_no_answer(self, api, attempt):
        other = create_attempt(create_student(), attempt.quiz, GIVEN)
        good = grades(attempt, 1)["answers"]
        strange = [attempt.answers[0].id, other.answers[1].id, 2**62, 2**63]

        for answer_id in strange:
            body = {"answers": [*good, {"answer_id": answer_id, "points_awarded": 1}]}
            refusal = {"answer_id": [f'Invalid pk "{answer_id}" - object does not exist.']}
            assert self.refused(api, attempt, body) == (400, {"answers": [{}, refusal]})
        assert standing(other) == WAITING

    def test_each_answer_is_graded_once(self, api, attempt):
        body = {"answers": grades(attempt, 1)["answers"] * 2}

        assert self.refused(api, attempt, body) == (
            400,
            {"answers": [{}, {"answer_id": ["This answer is graded twice."]}]},
        )

    def test_nothing_is_worth_more_than_its_points(self, api, attempt):
        assert self.refused(api, attempt, grades(attempt, 4, "5.01")) == (
            400,
            {"answers": [{}, {"points_awarded": ["Ensure this value is less than or equal to 5."]}]},
        )

    @pytest.mark.parametrize(
        ("grade", "messages"),
        [
            ({}, {"answer_id": ["This field is required."], "points_awarded": ["This field is required."]}),
            ({"answer_id": "x"}, {"answer_id": ["A valid integer is required."]}),
            ({"answer_id": True}, {"answer_id": ["A valid integer is required."]}),
            ({"answer_id": None}, {"answer_id": ["This field may not be null."]}),
            ({"answer_id": -1}, {"answer_id": ['Invalid pk "-1" - object does not exist.']}),
            ({"points_awarded": -1}, {"points_awarded": ["Ensure this value is greater than or equal to 0."]}),
            ({"points_awarded": "1.005"}, {"points_awarded": ["Ensure that there are no more than 2 decimal places."]}),
            ({"points_awarded": "many"}, {"points_awarded": ["A valid number is required."]}),
            ({"points_awarded": "NaN"}, {"points_awarded": ["A valid number is required."]}),
            ({"points_awarded": None}, {"points_awarded": ["This field may not be null."]}),
            (
                {"points_awarded": 10**40},
                {"points_awarded": ["Ensure that there are no more than 12 digits in total."]},
            ),
            ({"feedback": "a\0"}, {"feedback": ["Null characters are not allowed."]}),
            ({"feedback": ["a"]}, {"feedback": ["Not a valid string."]}),
            ({"feedback": "x" * 5001}, {"feedback": ["Ensure this field has no more than 5000 characters."]}),
        ],
    )
    def test_a_bad_grade_is_refused_where_it_stands(self, api, attempt, grade, messages):
        first, second = grades(attempt, 1, 1)["answers"]
        body = {"answers": [first, {**second, **grade} if grade else {}]}

        response = self.refused(api, attempt, body)

        assert response == (400, {"answers": [{}, messages]})

    @pytest.mark.parametrize(
        ("body", "messages"),
        [
            ({}, {"answers": ["This field is required."]}),
            ({"answers": None}, {"answers": ["This field may not be null."]}),
            ({"answers": []}, {"answers": ["This list may not be empty."]}),
            ({"answers": "x"}, {"answers": ['Expected a list of items but got type "str".']}),
            ({"answers": {"1": 2}}, {"answers": ['Expected a list of items but got type "dict".']}),
            (
                {"answers": [7]},
                {"answers": [{"non_field_errors": ["Invalid data. Expected a dictionary."]}]},
            ),
        ],
    )
    def test_a_bad_body_is_refused(self, api, attempt, body, messages):
        assert self.refused(api, attempt, body) == (400, messages)

    def test_a_body_that_is_no_json_is_refused(self, api, attempt):
        client = api.as_(teacher_of(attempt))

        response = client.request("POST", path(attempt), data="{", content_type="application/json")
        lone = client.post(path(attempt), grades(attempt, 1, feedback="\ud800"))
        plain = client.request("POST", path(attempt), data="x", content_type="text/plain")

        assert (response.status_code, lone.status_code, plain.status_code) == (400, 400, 415)
        assert standing(attempt) == WAITING

    def test_only_teachers_and_owners_grade_and_only_what_is_theirs(self, api, attempt):
        for person in (attempt.student, create_assistant(teacher_of(attempt))):
            response = api.as_(person).post(path(attempt), {})
            assert (response.status_code, response.json) == (403, FORBIDDEN)
        response = api.as_(create_teacher()).post(path(attempt), {})
        assert (response.status_code, response.json) == (404, NOT_FOUND)
        missing = api.as_(create_site_owner()).post(f"/api/quizzes/submissions/{2**63}/grade/", {})
        assert (missing.status_code, missing.json) == (404, NOT_FOUND)
        assert api.post(path(attempt), {}).status_code == 401
        assert standing(attempt) == WAITING
