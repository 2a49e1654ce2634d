"""Buying lectures with a course's balance."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import Purchase
from edutrack.wallet.models import BalanceTransaction, CourseBalance
from tests.api import counted_statements
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_student,
    create_teacher,
    create_topic,
    give_balance,
)

PATH = "/api/purchases/"


@pytest.fixture
def student(app):
    return create_student()


@pytest.fixture
def lecture(student):
    lecture = create_lecture(price=Decimal("100.00"), discount=Decimal("30.00"), available_days=7)
    create_enrollment(student, lecture.topic.course)
    return lecture


def bought():
    return db.session.scalar(select(func.count()).select_from(Purchase))


def test_a_lecture_is_bought_for_its_final_price_and_days(api, student, lecture):
    course = lecture.topic.course
    give_balance(student, course, "100.00")

    response = api.as_(student).post(PATH, {"lecture": lecture.id})

    purchase = db.session.scalars(select(Purchase)).one()
    entry = db.session.scalars(select(BalanceTransaction).order_by(BalanceTransaction.id.desc()).limit(1)).one()
    assert response.status_code == 201
    assert response.json == {
        "id": purchase.id,
        "student": student.id,
        "lecture": lecture.id,
        "lecture_name": lecture.name,
        "topic_name": lecture.topic.name,
        "course_name": course.name,
        "teacher_name": course.teacher.name,
        "purchased_at": iso_z(purchase.purchased_at),
        "expires_at": iso_z(purchase.purchased_at + timedelta(days=7)),
        "effective_expiry": iso_z(purchase.purchased_at + timedelta(days=7)),
        "amount_paid": "70.00",
        "extra_days": 0,
        "is_expired": False,
        "reopened_by": None,
        "reopened_by_name": None,
        "reopened_at": None,
        "reopen_logs": [],
    }
    assert (entry.amount, entry.balance_after, entry.purchase_id) == (Decimal("-70.00"), Decimal("30.00"), purchase.id)
    assert db.session.scalars(select(CourseBalance.balance)).one() == Decimal("30.00")


def test_a_free_lecture_needs_no_balance_and_writes_no_entry(api, student):
    lecture = create_lecture(price=Decimal("50.00"), discount=Decimal("50.00"))
    create_enrollment(student, lecture.topic.course)

    response = api.as_(student).post(PATH, {"lecture": lecture.id})

    assert (response.status_code, response.json["amount_paid"]) == (201, "0.00")
    assert db.session.scalar(select(func.count()).select_from(BalanceTransaction)) == 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (987654, 'Invalid pk "987654" - object does not exist.'),
            (2**63, f'Invalid pk "{2**63}" - object does not exist.'),
            ("x", "A valid integer is required."),
            (None, "This field may not be null."),
            ({"id": 1}, "A valid integer is required."),
            (1.5, "A valid integer is required."),
        ],
    )
    def test_what_is_no_lecture(self, api, student, value, message):
        response = api.as_(student).post(PATH, {"lecture": value})

        assert (response.status_code, response.json) == (400, {"lecture": [message]})

    def test_a_lecture_that_is_switched_off_or_in_a_topic_that_is(self, api, student):
        for lecture in (create_lecture(is_active=False), create_lecture(topic=create_topic(is_active=False))):
            create_enrollment(student, lecture.topic.course)

            response = api.as_(student).post(PATH, {"lecture": lecture.id})

            assert (response.status_code, response.json) == (400, {"detail": "This lecture is not available."})

    def test_a_course_that_is_not_available(self, api, student):
        for course in (create_course(is_active=False), create_course(create_teacher(is_active=False))):
            create_enrollment(student, course)

            response = api.as_(student).post(PATH, {"lecture": create_lecture(course).id})

            assert (response.status_code, response.json) == (400, {"detail": "This course is not available."})

    @pytest.mark.parametrize("status", [None, "pending", "rejected"])
    def test_without_an_approved_enrolment(self, api, student, status):
        lecture = create_lecture()
        if status:
            create_enrollment(student, lecture.topic.course, status)

        response = api.as_(student).post(PATH, {"lecture": lecture.id})

        assert response.status_code == 403
        assert response.json == {
            "detail": "You must be enrolled and approved in this course before purchasing lectures."
        }

    def test_a_lecture_bought_before_even_when_it_has_expired(self, api, student, lecture):
        give_balance(student, lecture.topic.course, "500.00")
        past = lecture.created_at - timedelta(days=30)
        create_purchase(student, lecture, purchased_at=past)

        response = api.as_(student).post(PATH, {"lecture": lecture.id})

        assert (response.status_code, response.json) == (400, {"detail": "You have already purchased this lecture."})
        assert bought() == 1

    @pytest.mark.parametrize(("held", "missing"), [(None, "70.00"), ("1.01", "68.99"), ("69.99", "0.01")])
    def test_a_balance_that_does_not_suffice(self, api, student, lecture, held, missing):
        if held:
            give_balance(student, lecture.topic.course, held)

        response = api.as_(student).post(PATH, {"lecture": lecture.id})

        assert response.status_code == 400
        assert response.json == {"detail": f"Insufficient balance. You need {missing} more."}
        assert bought() == 0
        assert db.session.scalars(select(CourseBalance.balance)).all() == ([Decimal(held)] if held else [])

    def test_money_of_another_course_does_not_count(self, api, student, lecture):
        give_balance(student, create_course(), "500.00")

        response = api.as_(student).post(PATH, {"lecture": lecture.id})

        assert (response.status_code, response.json) == (400, {"detail": "Insufficient balance. You need 70.00 more."})


def test_nothing_but_the_lecture_can_be_said(api, student, lecture):
    give_balance(student, lecture.topic.course, "100.00")
    other = create_student()
    body = {"lecture": lecture.id, "student": other.id, "amount_paid": "0.01", "expires_at": "2099-01-01T00:00:00Z"}

    response = api.as_(student).post(PATH, body)

    assert (response.json["student"], response.json["amount_paid"]) == (student.id, "70.00")
    assert response.json["expires_at"] < "2099"


def test_buying_costs_five_statements(api, student, lecture):
    give_balance(student, lecture.topic.course, "100.00")
    client = api.as_(student)

    with counted_statements() as statements:
        assert client.post(PATH, {"lecture": lecture.id}).status_code == 201

    # What may be bought, the purchase, the balance with its entry, the notification; the purchase with its relations.
    assert len(statements) == 5


def test_the_same_key_buys_once_and_answers_the_same(api, student, lecture):
    give_balance(student, lecture.topic.course, "100.00")
    headers = {"Idempotency-Key": "one"}
    first = api.as_(student).post(PATH, {"lecture": lecture.id}, headers=headers)

    again = api.as_(student).post(PATH, {"lecture": lecture.id}, headers=headers)

    assert (again.status_code, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    assert db.session.scalars(select(CourseBalance.balance)).one() == Decimal("30.00")
