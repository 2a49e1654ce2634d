"""Handing in homework: once, graded at once, and never at the cost of an answer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.quizzes.models import HomeworkAnswer, HomeworkSubmission
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_homework,
    create_homework_submission,
    create_lecture,
    create_purchase,
    create_question,
    create_site_owner,
    create_student,
    create_teacher,
)
from tests.quizzes.shown import FORBIDDEN, MUST_PURCHASE, NOT_FOUND, choices_of, places_of, unknown

EXPIRED = {"detail": "Your access to this lecture has expired."}
ONCE = {"detail": "You have already submitted this homework."}
MINE = "/api/homeworks/submissions/"


class Sitting:
    """A homework of three questions, worth 2, 3 and 5 points, before a student who has bought its lecture."""

    def __init__(self, api):
        self.lecture = create_lecture()
        self.teacher = self.lecture.topic.course.teacher
        self.questions = [create_question(self.teacher, points=points) for points in (2, 3, 5)]
        self.homework = create_homework(self.lecture, questions=self.questions)
        self.places = places_of(self.homework)
        self.student = create_student()
        self.purchase = create_purchase(self.student, self.lecture)
        self.client = api.as_(self.student)
        self.path = f"/api/homeworks/{self.homework.id}/"

    def answer(self, number, place):
        """Return the answer to a question, from 0, by the choice at a place, from 1 (the correct one)."""
        return {
            "homework_question_id": self.places[number].id,
            "choice_id": choices_of(self.questions[number])[place - 1].id,
        }

    def submit(self, *answers):
        return self.client.post(f"{self.path}submit/", {"answers": list(answers)})


@pytest.fixture
def sitting(api):
    return Sitting(api)


def kept_answers():
    rows = select(
        HomeworkAnswer.homework_question_id,
        HomeworkAnswer.version_id,
        HomeworkAnswer.choice_id,
        HomeworkAnswer.points,
        HomeworkAnswer.points_awarded,
    )
    return [tuple(row) for row in db.session.execute(rows.order_by(HomeworkAnswer.homework_question_id))]


def kept_submissions():
    return db.session.scalars(select(HomeworkSubmission)).all()


def test_a_homework_is_graded_at_once(sitting):
    answers = [sitting.answer(0, 1), sitting.answer(1, 2), sitting.answer(2, 1)]

    response = sitting.submit(*reversed(answers))

    (submission,) = kept_submissions()
    assert (response.status_code, response.json) == (
        200,
        {
            "detail": "Homework submitted and auto-graded.",
            "submission_id": submission.id,
            "score": "7.00",
            "status": "graded",
        },
    )
    assert (submission.student_id, submission.homework_id) == (sitting.student.id, sitting.homework.id)
    assert (submission.score, submission.max_score) == (Decimal(7), Decimal(10))
    assert kept_answers() == [
        (answer["homework_question_id"], question.version.id, answer["choice_id"], points, Decimal(awarded))
        for answer, question, points, awarded in zip(answers, sitting.questions, (2, 3, 5), (2, 0, 5), strict=True)
    ]


@pytest.mark.parametrize("answers", ["left out", "null"])
def test_what_is_not_answered_counts_zero(sitting, answers):
    blank = [{"homework_question_id": place.id, "choice_id": None} for place in sitting.places[1:]]

    response = sitting.submit(sitting.answer(0, 1), *(blank if answers == "null" else []))

    assert (response.status_code, response.json["score"]) == (200, "2.00")
    assert [(choice is None, awarded) for _, _, choice, _, awarded in kept_answers()] == [
        (False, Decimal(2)),
        (True, Decimal(0)),
        (True, Decimal(0)),
    ]


def test_an_empty_list_is_a_homework_handed_in_blank(sitting):
    response = sitting.submit()

    assert (response.status_code, response.json["score"]) == (200, "0.00")
    assert len(kept_answers()) == 3


def test_the_points_are_those_of_the_place(api, sitting):
    body = {"questions": [{"question": question.id, "points": 9} for question in sitting.questions]}
    api.as_(sitting.teacher).patch(sitting.path, body)

    assert sitting.submit(sitting.answer(0, 1)).json["score"] == "9.00"


def test_once_only_whatever_is_sent_the_second_time(sitting):
    assert sitting.submit(sitting.answer(0, 2)).status_code == 200

    again = sitting.submit(sitting.answer(0, 1))
    worse = sitting.submit({"homework_question_id": 987654, "choice_id": "x"})
    nothing = sitting.client.post(f"{sitting.path}submit/", {})

    assert [(response.status_code, response.json) for response in (again, worse, nothing)] == [(400, ONCE)] * 3
    assert [submission.score for submission in kept_submissions()] == [Decimal(0)]


class TestRefusals:
    """In this order, each before the next is looked at."""

    def test_unknown(self, sitting):
        response = sitting.client.post(f"/api/homeworks/{2**63}/submit/", {})

        assert (response.status_code, response.json) == (404, NOT_FOUND)

    def test_not_active_although_it_was_not_bought_either(self, api, sitting):
        sitting.homework.is_active = False
        db.session.commit()
        stranger = api.as_(create_student())

        for client in (sitting.client, stranger):
            response = client.post(f"{sitting.path}submit/", {})
            assert (response.status_code, response.json) == (404, NOT_FOUND)

    def test_not_bought(self, api, sitting):
        response = api.as_(create_student()).post(f"{sitting.path}submit/", {})

        assert (response.status_code, response.json) == (403, MUST_PURCHASE)

    def test_time_over_although_it_was_handed_in(self, sitting):
        create_homework_submission(sitting.student, sitting.homework)
        sitting.purchase.purchased_at -= timedelta(days=60)
        sitting.purchase.expires_at = sitting.purchase.effective_expiry = clock.now() - timedelta(seconds=1)
        db.session.commit()

        response = sitting.submit()

        assert (response.status_code, response.json) == (403, EXPIRED)

    @pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 403)])
    def test_the_end_of_the_window_is_the_first_moment_that_is_too_late(self, sitting, seconds, status):
        with clock.stopped_at(sitting.purchase.effective_expiry + timedelta(seconds=seconds)):
            assert sitting.submit().status_code == status

    def test_without_questions(self, api, sitting):
        api.as_(sitting.teacher).patch(sitting.path, {"questions": []})

        response = sitting.submit({"homework_question_id": 987654, "choice_id": 1})

        assert (response.status_code, response.json) == (400, {"detail": "This homework has no questions yet."})

    @pytest.mark.parametrize(
        ("body", "messages"),
        [
            ({}, {"answers": ["This field is required."]}),
            ({"answers": None}, {"answers": ["This field may not be null."]}),
            ({"answers": {}}, {"answers": ['Expected a list of items but got type "dict".']}),
            ({"answers": ["x"]}, {"answers": [{"non_field_errors": ["Invalid data. Expected a dictionary."]}]}),
            (
                {"answers": [{}]},
                {
                    "answers": [
                        {"homework_question_id": ["This field is required."], "choice_id": ["This field is required."]}
                    ]
                },
            ),
            (
                {"answers": [{"homework_question_id": None, "choice_id": [1]}]},
                {
                    "answers": [
                        {
                            "homework_question_id": ["This field may not be null."],
                            "choice_id": ["A valid integer is required."],
                        }
                    ]
                },
            ),
            (
                {"answers": [{"homework_question_id": 2**63, "choice_id": 0}]},
                {"answers": [{"homework_question_id": [unknown(2**63)], "choice_id": [unknown(0)]}]},
            ),
            (
                {"answers": [{"homework_question_id": 987654, "choice_id": 1}]},
                {"answers": [{"homework_question_id": [unknown(987654)]}]},
            ),
            ({"answers": [{}] * 1001}, {"answers": ["Ensure this field has no more than 1000 elements."]}),
        ],
    )
    def test_bad_answers(self, sitting, body, messages):
        response = sitting.client.post(f"{sitting.path}submit/", body)

        assert (response.status_code, response.json) == (400, messages)
        assert kept_submissions() == []

    def test_questions_of_other_homework_and_choices_of_other_questions(self, sitting):
        other = create_homework(sitting.lecture)
        swapped = sitting.answer(1, 1) | {"choice_id": sitting.answer(2, 1)["choice_id"]}
        foreign = sitting.answer(0, 1) | {"homework_question_id": places_of(other)[0].id}
        nowhere = sitting.answer(2, 1) | {"choice_id": 987654}

        response = sitting.submit(sitting.answer(0, 1), sitting.answer(0, 2), swapped, foreign, nowhere)

        assert (response.status_code, response.json) == (
            400,
            {
                "answers": [
                    {},
                    {"homework_question_id": ["This question is answered twice."]},
                    {"choice_id": [unknown(swapped["choice_id"])]},
                    {"homework_question_id": [unknown(foreign["homework_question_id"])]},
                    {"choice_id": [unknown(987654)]},
                ]
            },
        )
        assert kept_submissions() == []


class TestEditsMeanwhile:
    def test_an_answer_to_the_version_before_counts_by_that_version(self, api, sitting):
        """The key was A when the student looked, and is B now."""
        before = [sitting.answer(0, 1), sitting.answer(1, 2)]
        versions = [question.version.id for question in sitting.questions]
        for question in sitting.questions[:2]:
            choices = [{"text": f"{place}", "is_correct": place == 2} for place in range(1, 5)]
            edited = api.as_(sitting.teacher).patch(f"/api/questions/{question.id}/", {"choices": choices})
            assert edited.status_code == 200
        db.session.expire_all()

        response = sitting.submit(*before)

        assert (response.status_code, response.json["score"]) == (200, "2.00")
        kept = [row[1] for row in kept_answers()]
        assert kept[:2] == versions[:2]

    def test_an_answer_to_the_version_of_now_counts_by_it(self, api, sitting):
        choices = [{"text": f"{place}", "is_correct": place == 2} for place in range(1, 5)]
        api.as_(sitting.teacher).patch(f"/api/questions/{sitting.questions[0].id}/", {"choices": choices})
        db.session.expire_all()

        assert sitting.submit(sitting.answer(0, 2)).json["score"] == "2.00"

    def test_what_was_taken_out_counts_neither_way(self, api, sitting):
        answers = [sitting.answer(0, 1), sitting.answer(1, 1)]
        left = [{"question": question.id} for question in sitting.questions[1:]]
        api.as_(sitting.teacher).patch(sitting.path, {"questions": left})

        response = sitting.submit(*answers)

        (submission,) = kept_submissions()
        assert (response.status_code, response.json["score"]) == (200, "3.00")
        assert submission.max_score == Decimal(8)
        assert len(kept_answers()) == 2

    def test_an_edit_afterwards_changes_nothing(self, api, sitting):
        sitting.submit(sitting.answer(0, 1))
        before = (sitting.client.get(MINE).json, kept_answers())
        teacher = api.as_(sitting.teacher)
        teacher.patch(sitting.path, {"questions": [{"question": sitting.questions[2].id, "points": 100}]})
        teacher.patch(f"/api/questions/{sitting.questions[0].id}/", {"points": 50})

        assert (sitting.client.get(MINE).json, kept_answers()) == before


def shown_submission(submission):
    return {
        "id": submission.id,
        "homework_id": submission.homework_id,
        "homework_title": submission.homework.title,
        "lecture_name": submission.homework.lecture.name,
        "score": f"{submission.score:.2f}",
        "status": "graded",
        "submitted_at": iso_z(submission.submitted_at),
    }


class TestReading:
    def test_a_student_sees_the_own_newest_first(self, sitting):
        earlier = create_homework_submission(
            sitting.student, create_homework(), submitted_at=clock.now() - timedelta(days=1)
        )
        create_homework_submission(create_student(), sitting.homework)
        sitting.submit(sitting.answer(2, 1))
        latest = db.session.scalars(
            select(HomeworkSubmission).where(
                HomeworkSubmission.student_id == sitting.student.id,
                HomeworkSubmission.homework_id == sitting.homework.id,
            )
        ).one()

        response = sitting.client.get(MINE)

        assert (response.status_code, response.json) == (200, [shown_submission(latest), shown_submission(earlier)])

    def test_what_was_handed_in_stays_when_the_homework_is_switched_off(self, sitting):
        submission = create_homework_submission(sitting.student, sitting.homework)
        sitting.homework.is_active = False
        db.session.commit()

        assert sitting.client.get(MINE).json == [shown_submission(submission)]

    @pytest.mark.parametrize("who", ["teacher", "assistant", "owner"])
    def test_those_who_run_the_course_see_all_students(self, api, sitting, who):
        reader = {
            "teacher": lambda: sitting.teacher,
            "assistant": lambda: create_assistant(sitting.teacher),
            "owner": create_site_owner,
        }[who]()
        submissions = [create_homework_submission(create_student(), sitting.homework) for _ in range(2)]
        create_homework_submission(sitting.student, create_homework(sitting.lecture))

        response = api.as_(reader).get(f"{sitting.path}submissions/")

        results = [
            shown_submission(submission)
            | {
                "student": submission.student_id,
                "student_name": submission.student.name_ar,
                "student_code": submission.student.student_code,
            }
            for submission in reversed(submissions)
        ]
        assert (response.status_code, response.json) == (
            200,
            {"count": 2, "next": None, "previous": None, "results": results},
        )

    def test_a_search_finds_names_and_codes(self, api, sitting):
        wanted = create_student(name_ar="منى أحمد", name_en="Mona Ahmed")
        other = create_student(name_ar="سارة علي")
        for student in (wanted, other):
            create_homework_submission(student, sitting.homework)
        client = api.as_(sitting.teacher)

        def found(search):
            response = client.get(f"{sitting.path}submissions/?search={search}")
            return [item["student"] for item in response.json["results"]]

        assert found("احمد مني") == [wanted.id]
        assert found("mona") == [wanted.id]
        assert found(other.student_code) == [other.id]
        assert found("") == [other.id, wanted.id]
        assert client.get(f"{sitting.path}submissions/?search=%00").status_code == 400

    def test_nobody_else_sees_them(self, api, sitting):
        path = f"{sitting.path}submissions/"
        stranger = api.as_(create_teacher()).get(path)
        student = sitting.client.get(path)
        staff = api.as_(sitting.teacher).get(MINE)

        assert (stranger.status_code, stranger.json) == (404, NOT_FOUND)
        assert [(refused.status_code, refused.json) for refused in (student, staff)] == [(403, FORBIDDEN)] * 2


@pytest.mark.parametrize("many", [1, 5])
def test_handing_in_and_reading_run_the_same_statements_however_much_there_is(api, many):
    lecture = create_lecture()
    homework = create_homework(lecture, questions=4 * many)
    students = [create_student() for _ in range(many)]
    for student in students:
        create_purchase(student, lecture)
        create_homework_submission(student, create_homework(lecture))
    answers = [
        {"homework_question_id": place.id, "choice_id": choices_of(place.question)[0].id}
        for place in places_of(homework)
    ]
    clients = [api.as_(student) for student in students]
    teacher = api.as_(lecture.topic.course.teacher)

    counts = []
    for client in clients:
        with counted_statements() as handing_in:
            response = client.post(f"/api/homeworks/{homework.id}/submit/", {"answers": answers})
        assert response.status_code == 200
        # May it be handed in, its questions, the choices, the submission, its answers.
        counts.append(len(handing_in))
    with counted_statements() as mine:
        clients[0].get(MINE)
    with counted_statements() as all_of_them:
        teacher.get(f"/api/homeworks/{homework.id}/submissions/")

    # The homework of the path, the count, the page.
    assert (counts, len(mine), len(all_of_them)) == ([5] * many, 1, 3)
