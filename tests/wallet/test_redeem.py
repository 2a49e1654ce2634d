"""Redeeming scratch cards."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.wallet.models import BalanceTransaction, CourseBalance, RechargeCode
from tests.api import counted_statements
from tests.factories import (
    create_code,
    create_course,
    create_enrollment,
    create_student,
    create_teacher,
    give_balance,
)

PATH = "/api/wallet/redeem/"


@pytest.fixture
def student(app):
    return create_student()


@pytest.fixture
def course(student):
    course = create_course()
    create_enrollment(student, course)
    return course


def nothing_moved():
    return db.session.scalar(select(func.count()).select_from(BalanceTransaction)) == 0


def test_a_code_becomes_balance_with_its_ledger_entry(api, student, course):
    text, code = create_code(course, value=Decimal("150.00"))

    response = api.as_(student).post(PATH, {"code": text, "course": course.id})

    entry = db.session.scalars(select(BalanceTransaction)).one()
    assert response.status_code == 200
    assert response.json == {
        "detail": "Code redeemed successfully.",
        "new_balance": "150.00",
        "transaction_id": entry.id,
    }
    assert (entry.student_id, entry.course_id, entry.code_id) == (student.id, course.id, code.id)
    assert (entry.amount, entry.balance_after) == (Decimal("150.00"), Decimal("150.00"))
    db.session.refresh(code)
    assert code.used_by_id == student.id
    assert code.used_at is not None


def test_a_second_code_adds_to_the_first(api, student, course):
    give_balance(student, course, "20.50")
    text, _ = create_code(course, value=Decimal("100.00"))

    response = api.as_(student).post(PATH, {"code": text, "course": course.id})

    assert response.json["new_balance"] == "120.50"
    assert db.session.scalars(select(CourseBalance.balance)).one() == Decimal("120.50")


def test_a_code_is_read_in_small_letters_without_dashes(api, student, course):
    text, _ = create_code(course)

    response = api.as_(student).post(PATH, {"code": text.replace("-", " ").lower(), "course": course.id})

    assert response.status_code == 200


class TestRefusals:
    def test_without_an_approved_enrolment(self, api, student):
        for enrolled in (None, "pending", "rejected"):
            course = create_course()
            if enrolled:
                create_enrollment(student, course, enrolled)
            text, code = create_code(course)

            response = api.as_(student).post(PATH, {"code": text, "course": course.id})

            assert response.status_code == 403
            assert response.json == {
                "detail": "You must be enrolled and approved in this course before redeeming codes."
            }
            db.session.refresh(code)
            assert code.used_by_id is None

    def test_for_a_course_that_does_not_exist_reads_the_same(self, api, student):
        text, _ = create_code()

        response = api.as_(student).post(PATH, {"code": text, "course": 987654})

        assert response.status_code == 403
        assert response.json == {"detail": "You must be enrolled and approved in this course before redeeming codes."}

    @pytest.mark.parametrize(
        "typed", ["AAAA-BBBB-CCCC-DDDD", "nonsense", "0000-1111-OOOO-IIII", "é", "'; DROP TABLE x"]
    )
    def test_an_unknown_code(self, api, student, course, typed):
        response = api.as_(student).post(PATH, {"code": typed, "course": course.id})

        assert (response.status_code, response.json) == (404, {"detail": "Invalid code."})

    def test_each_state_of_a_code_in_the_documented_order(self, api, student, course):
        now = clock.now()
        past, other = now - timedelta(days=1), create_course()
        used = {"used_by": create_student(), "used_at": past}
        voided = {"voided_at": past, "void_reason": "lost"}
        cases = [
            (create_code(course, **used), "This code has already been used."),
            (create_code(other, **used), "This code has already been used."),
            (create_code(other), "This code cannot be used for this course."),
            (create_code(other, expires_at=past), "This code cannot be used for this course."),
            (create_code(other, **voided), "This code cannot be used for this course."),
            (create_code(course, expires_at=past), "This code has expired."),
            (create_code(course, expires_at=past, **voided), "This code has expired."),
            (create_code(course, **voided), "This code has been cancelled."),
        ]

        for (text, _), detail in cases:
            response = api.as_(student).post(PATH, {"code": text, "course": course.id})
            assert (response.status_code, response.json) == (400, {"detail": detail})
        assert nothing_moved()

    def test_a_code_redeemed_twice(self, api, student, course):
        text, _ = create_code(course)
        body = {"code": text, "course": course.id}
        api.as_(student).post(PATH, body)

        response = api.as_(student).post(PATH, body)

        assert (response.status_code, response.json) == (400, {"detail": "This code has already been used."})

    def test_a_course_that_is_switched_off(self, api, student):
        switched_off = create_course(is_active=False)
        teacher_blocked = create_course(create_teacher(is_active=False))
        for course in (switched_off, teacher_blocked):
            create_enrollment(student, course)
            text, _ = create_code(course)

            response = api.as_(student).post(PATH, {"code": text, "course": course.id})

            assert (response.status_code, response.json) == (400, {"detail": "This course is not available."})
        assert nothing_moved()

    @pytest.mark.parametrize(
        ("body", "messages"),
        [
            ({}, {"code": ["This field is required."], "course": ["This field is required."]}),
            ({"code": "", "course": 1}, {"code": ["This field may not be blank."]}),
            ({"code": "A\0", "course": 1}, {"code": ["Null characters are not allowed."]}),
            ({"code": ["A"], "course": 1}, {"code": ["Not a valid string."]}),
            ({"code": "A" * 101, "course": 1}, {"code": ["Ensure this field has no more than 100 characters."]}),
            ({"code": "A", "course": "one"}, {"course": ["A valid integer is required."]}),
            ({"code": "A", "course": -1}, {"course": ['Invalid pk "-1" - object does not exist.']}),
        ],
    )
    def test_a_malformed_request(self, api, student, body, messages):
        response = api.as_(student).post(PATH, body)

        assert (response.status_code, response.json) == (400, messages)


def test_an_expiry_is_the_first_moment_that_is_too_late(api, student, course):
    moment = clock.now() + timedelta(hours=1)
    early, _ = create_code(course, expires_at=moment)
    late, _ = create_code(course, expires_at=moment)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment - timedelta(microseconds=1))
        assert api.as_(student).post(PATH, {"code": early, "course": course.id}).status_code == 200
        patch.setattr(clock, "now", lambda: moment)
        response = api.as_(student).post(PATH, {"code": late, "course": course.id})
    assert (response.status_code, response.json) == (400, {"detail": "This code has expired."})


def test_redeeming_costs_four_statements(api, student, course):
    text, _ = create_code(course)
    client = api.as_(student)

    with counted_statements() as statements:
        assert client.post(PATH, {"code": text, "course": course.id}).status_code == 200

    # The enrolment, the code, the balance with its entry, the notification; with limits on the failure counter as well.
    assert len(statements) == 4


def test_the_same_key_answers_the_same_again_and_moves_money_once(api, student, course):
    text, _ = create_code(course)
    body, headers = {"code": text, "course": course.id}, {"Idempotency-Key": "tap-tap"}
    first = api.as_(student).post(PATH, body, headers=headers)

    again = api.as_(student).post(PATH, body, headers=headers)

    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert db.session.scalar(select(func.count()).select_from(BalanceTransaction)) == 1


class TestLimit:
    def test_the_eleventh_unknown_code_within_fifteen_minutes_is_throttled(self, api, student, course):
        api.app.config["RATELIMIT_ENABLED"] = True
        try:
            client = api.as_(student)
            for _ in range(10):
                response = client.post(PATH, {"code": "AAAA-AAAA-AAAA-AAAA", "course": course.id})
                assert response.status_code == 404
            text, code = create_code(course)

            response = client.post(PATH, {"code": text, "course": course.id})

            assert response.status_code == 429
            wait = int(response.headers["Retry-After"])
            assert response.json == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
            assert 880 <= wait <= 901
            db.session.refresh(code)
            assert code.used_by_id is None
        finally:
            api.app.config["RATELIMIT_ENABLED"] = False

    def test_used_codes_and_successes_never_count(self, api, student, course):
        api.app.config["RATELIMIT_ENABLED"] = True
        try:
            client = api.as_(student)
            used, _ = create_code(course, used_by=student, used_at=clock.now())
            for _ in range(12):
                text, _ = create_code(course)
                assert client.post(PATH, {"code": text, "course": course.id}).status_code == 200
                assert client.post(PATH, {"code": used, "course": course.id}).status_code == 400
        finally:
            api.app.config["RATELIMIT_ENABLED"] = False


def test_what_the_database_holds_is_no_code(app, course):
    text, code = create_code(course)

    stored = db.session.execute(select(RechargeCode.__table__).where(RechargeCode.id == code.id)).one()

    assert text.replace("-", "") not in str(stored)
    assert text.replace("-", "").encode() not in stored.sealed
