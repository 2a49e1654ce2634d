"""Correcting balances by hand."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.notifications.models import Notification
from edutrack.wallet.invariants import violations
from edutrack.wallet.models import Adjustment, BalanceTransaction, CourseBalance
from tests.api import counted_statements
from tests.factories import create_course, create_enrollment, create_site_owner, create_student, give_balance

PATH = "/api/wallet/adjustments/"


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


@pytest.fixture
def student(app):
    return create_student()


@pytest.fixture
def course(app):
    return create_course()


def body(student, course, **values):
    return {"student": student.id, "course": course.id, "amount": "25", "reason": "تعويض"} | values


def written():
    db.session.rollback()
    return [
        db.session.scalar(select(func.count()).select_from(model))
        for model in (Adjustment, BalanceTransaction, Notification, AuditEntry)
    ]


def held():
    return db.session.scalars(select(CourseBalance.balance)).all()


def test_what_is_added_is_answered_as_its_ledger_entry(owner, student, course):
    with counted_statements() as statements:
        response = owner.post(PATH, body(student, course))

    entry, adjustment = (
        db.session.scalars(select(BalanceTransaction)).one(),
        db.session.scalars(select(Adjustment)).one(),
    )
    assert response.status_code == 201
    assert response.json == {
        "id": entry.id,
        "course": course.id,
        "course_name": course.name,
        "type": "adjustment",
        "amount": "25.00",
        "balance_after": "25.00",
        "reference": None,
        "note": "تعويض",
        "created_at": iso_z(entry.created_at),
    }
    assert (adjustment.created_by_id, adjustment.amount, adjustment.reason) == (owner.user.id, Decimal(25), "تعويض")
    assert entry.adjustment_id == adjustment.id
    # Whom it concerns, the adjustment, the balance, the entry, the notification, the answer.
    assert len(statements) == 5
    assert violations() == {}


def test_it_stands_in_the_student_s_ledger(api, owner, student, course):
    answered = owner.post(PATH, body(student, course)).json

    assert api.as_(student).get("/api/wallet/transactions/").json["results"] == [answered]


def test_what_is_added_is_told_to_the_student(api, owner, student, course):
    entry = owner.post(PATH, body(student, course)).json

    (item,) = api.as_(student).get("/api/notifications/").json["results"]
    assert item["notification_type"] == "balance_added"
    assert item["message"] == f"25.00 EGP were added to your balance in “{course.name}”."
    assert item["metadata"] == {"course_id": course.id, "transaction_id": entry["id"]}


def test_what_is_taken_is_told_to_nobody(owner, student, course):
    give_balance(student, course, "100.00")

    response = owner.post(PATH, body(student, course, amount="-100.00"))

    assert response.status_code == 201
    assert (response.json["amount"], response.json["balance_after"]) == ("-100.00", "0.00")
    assert held() == [Decimal("0.00")]
    assert db.session.scalar(select(func.count()).select_from(Notification)) == 0
    assert violations() == {}


def test_it_is_audited(owner, student, course):
    owner.post(PATH, body(student, course))

    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.actor_id, entry.verb, entry.target_type) == (owner.user.id, "balance.adjusted", "adjustments")
    assert entry.details == {"student": student.id, "course": course.id, "amount": "25.00"}


@pytest.mark.parametrize(("before", "amount"), [(None, "-0.01"), ("10.00", "-10.01"), ("10.00", "-9999999999.99")])
def test_no_balance_goes_below_zero(owner, student, course, before, amount):
    if before:
        give_balance(student, course, before)
    counts = written()

    response = owner.post(PATH, body(student, course, amount=amount))

    assert (response.status_code, response.json) == (400, {"amount": ["The balance cannot go below zero."]})
    assert written() == counts
    assert held() == ([Decimal(before)] if before else [])


def test_no_balance_goes_above_what_can_be_kept(api, owner, student, course):
    owner.post(PATH, body(student, course, amount="9999999999.99"))

    response = owner.post(PATH, body(student, course, amount="0.01"))

    assert response.status_code == 400
    assert response.json == {"amount": ["The balance cannot go above 9999999999.99."]}
    assert held() == [Decimal("9999999999.99")]


def test_a_code_that_a_full_balance_cannot_take_stays_unused(api, owner, student, course):
    create_enrollment(student, course)
    owner.post(PATH, body(student, course, amount="9999999999.99"))
    code = owner.post("/api/wallet/recharge-codes/", {"course": course.id, "value": "1"}).json

    response = api.as_(student).post("/api/wallet/redeem/", {"code": code["code"], "course": course.id})

    assert response.status_code == 400
    assert response.json == {"detail": "Your balance in this course cannot hold the value of this code."}
    assert owner.get(f"/api/wallet/recharge-codes/{code['id']}/").json["is_used"] is False


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"student": 987654}, {"student": ['Invalid pk "987654" - object does not exist.']}),
        ({"course": 987654}, {"course": ['Invalid pk "987654" - object does not exist.']}),
        (
            {"student": 987654, "course": 2**62},
            {
                "student": ['Invalid pk "987654" - object does not exist.'],
                "course": [f'Invalid pk "{2**62}" - object does not exist.'],
            },
        ),
        ({"student": 2**63}, {"student": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"student": "x"}, {"student": ["A valid integer is required."]}),
        ({"course": None}, {"course": ["This field may not be null."]}),
        ({"amount": "0"}, {"amount": ["The amount may not be zero."]}),
        ({"amount": "-0.00"}, {"amount": ["The amount may not be zero."]}),
        ({"amount": "1.005"}, {"amount": ["Ensure that there are no more than 2 decimal places."]}),
        ({"amount": "NaN"}, {"amount": ["A valid number is required."]}),
        ({"amount": "Infinity"}, {"amount": ["A valid number is required."]}),
        ({"amount": "1e11"}, {"amount": ["Ensure that there are no more than 10 digits before the decimal point."]}),
        ({"amount": True}, {"amount": ["A valid number is required."]}),
        ({"amount": None}, {"amount": ["This field may not be null."]}),
        ({"reason": ""}, {"reason": ["This field may not be blank."]}),
        ({"reason": None}, {"reason": ["This field may not be null."]}),
        ({"reason": "x" * 501}, {"reason": ["Ensure this field has no more than 500 characters."]}),
        ({"reason": "\0"}, {"reason": ["Null characters are not allowed."]}),
    ],
)
def test_what_makes_no_sense_is_refused_by_field_and_nothing_written(owner, student, course, change, messages):
    response = owner.post(PATH, body(student, course) | change)

    assert (response.status_code, response.json) == (400, messages)
    assert written() == [0, 0, 0, 0]


def test_what_is_missing_is_named(owner):
    response = owner.post(PATH, {})

    required = ["This field is required."]
    assert response.status_code == 400
    assert response.json == {"student": required, "course": required, "amount": required, "reason": required}


def test_a_lone_surrogate_is_no_json(owner, student, course):
    response = owner.post(PATH, body(student, course, reason="\ud800"))

    assert response.status_code == 400
    assert written() == [0, 0, 0, 0]


def test_the_same_key_adjusts_once_and_answers_the_same(owner, student, course):
    headers = {"Idempotency-Key": "one"}
    first = owner.post(PATH, body(student, course), headers=headers)

    again = owner.post(PATH, body(student, course), headers=headers)
    other = owner.post(PATH, body(student, course, amount="26"), headers=headers)

    assert (again.status_code, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    assert (other.status_code, list(other.json)) == (422, ["detail"])
    assert held() == [Decimal("25.00")]
