"""The site owner decides about accounts: status and active flag."""

import pytest
from sqlalchemy import select

from edutrack.accounts.models import STUDENT_STATUSES
from edutrack.core.audit import AuditEntry
from edutrack.core.auth import INACTIVE
from edutrack.core.extensions import db
from edutrack.core.mail import Mail
from tests.api import Api, counted_statements
from tests.factories import create_assistant, create_site_owner, create_student, create_teacher
from tests.racing import race


def path_of(student):
    return f"/api/accounts/students/{student.id}/status/"


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def stored(student):
    db.session.expire_all()
    return student.status, student.user.is_active


def audit_entries():
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def mails():
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


#: Status and flag before, the body, and what they are afterwards.
CHANGES = {
    "verifying activates": (("pending", False), {"status": "verified"}, ("verified", True)),
    "verifying wins over the flag": (
        ("pending", False),
        {"status": "verified", "is_active": False},
        ("verified", True),
    ),
    "declining deactivates": (("verified", True), {"status": "declined"}, ("declined", False)),
    "declining wins over the flag": (
        ("verified", True),
        {"status": "declined", "is_active": True},
        ("declined", False),
    ),
    "suspending for good deactivates": (
        ("verified", True),
        {"status": "suspended_permanent"},
        ("suspended_permanent", False),
    ),
    "suspending for good wins over the flag": (
        ("verified", True),
        {"status": "suspended_permanent", "is_active": True},
        ("suspended_permanent", False),
    ),
    "suspending for now leaves the flag": (
        ("verified", True),
        {"status": "suspended_temporary"},
        ("suspended_temporary", True),
    ),
    "suspending for now takes the flag that is sent": (
        ("verified", True),
        {"status": "suspended_temporary", "is_active": False},
        ("suspended_temporary", False),
    ),
    "putting back leaves the flag": (("verified", True), {"status": "pending"}, ("pending", True)),
    "putting back takes the flag that is sent": (
        ("verified", True),
        {"status": "pending", "is_active": False},
        ("pending", False),
    ),
    "the flag alone": (("verified", True), {"is_active": False}, ("verified", False)),
    "the flag alone, as a form says it": (("verified", False), {"is_active": "true"}, ("verified", True)),
    "verifying again activates again": (("verified", False), {"status": "verified"}, ("verified", True)),
    "nothing": (("suspended_temporary", True), {}, ("suspended_temporary", True)),
    "what is not documented": (
        ("pending", False),
        {"student_code": "1", "name_ar": "x", "grade": 1},
        ("pending", False),
    ),
}


@pytest.mark.parametrize(("before", "body", "after"), CHANGES.values(), ids=CHANGES)
def test_a_status_decides_about_the_flag(owner, before, body, after):
    student = create_student(status=before[0], is_active=before[1])

    response = owner.patch(path_of(student), body)

    assert (response.status_code, response.json) == (200, {"status": after[0], "is_active": after[1]})
    assert stored(student) == after


@pytest.mark.parametrize("status", STUDENT_STATUSES)
def test_a_new_status_is_told_by_one_mail(owner, status):
    student = create_student(status="pending" if status != "pending" else "declined")

    owner.patch(path_of(student), {"status": status})

    (mail,) = mails()
    assert mail.recipient == student.user.gmail
    assert "Your account" in mail.subject
    expected = {
        "pending": "is being reviewed",
        "verified": "is verified",
        "declined": "was declined",
        "suspended_temporary": "is suspended for now",
        "suspended_permanent": "is suspended permanently",
    }
    assert expected[status] in mail.text


def test_a_change_is_recorded_with_what_was_before(owner):
    student = create_student(status="pending")

    owner.patch(path_of(student), {"status": "verified"})

    (entry,) = audit_entries()
    assert (entry.actor_id, entry.verb, entry.target_type, entry.target_id) == (
        owner.user.id,
        "student.status.changed",
        "students",
        student.id,
    )
    assert entry.details == {
        "before": {"status": "pending", "is_active": False},
        "after": {"status": "verified", "is_active": True},
    }


def test_the_flag_alone_is_recorded_but_no_news(owner):
    student = create_student()

    owner.patch(path_of(student), {"is_active": False})

    assert [entry.verb for entry in audit_entries()] == ["student.status.changed"]
    assert mails() == []


@pytest.mark.parametrize("body", [{}, {"status": "verified"}, {"is_active": True}])
def test_what_is_so_already_is_neither_recorded_nor_told(owner, body):
    student = create_student()
    changed_at = student.updated_at

    assert owner.patch(path_of(student), body).json == {"status": "verified", "is_active": True}

    assert (audit_entries(), mails()) == ([], [])
    db.session.refresh(student)
    assert student.updated_at == changed_at


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"status": "blocked"}, {"status": ['"blocked" is not a valid choice.']}),
        ({"status": ""}, {"status": ['"" is not a valid choice.']}),
        ({"status": 1}, {"status": ['"1" is not a valid choice.']}),
        ({"status": ["verified"]}, {"status": ['"list" is not a valid choice.']}),
        ({"status": None}, {"status": ["This field may not be null."]}),
        ({"is_active": "perhaps"}, {"is_active": ["Must be a valid boolean."]}),
        ({"is_active": None}, {"is_active": ["This field may not be null."]}),
        ({"status": "verified", "is_active": 7}, {"is_active": ["Must be a valid boolean."]}),
    ],
)
def test_a_bad_value_is_refused_and_nothing_changes(owner, body, messages):
    student = create_student(status="pending")

    response = owner.patch(path_of(student), body)

    assert (response.status_code, response.json) == (400, messages)
    assert stored(student) == ("pending", False)
    assert (audit_entries(), mails()) == ([], [])


def test_a_student_who_is_not_there_is_not_found_before_the_body_is_looked_at(owner):
    for number in (999_999, 2**63):
        response = owner.patch(f"/api/accounts/students/{number}/status/", {"status": "blocked"})
        assert (response.status_code, response.json) == (404, {"detail": "Not found."})


def test_nobody_but_the_site_owner_changes_a_status(api):
    student = create_student(status="pending")
    path = path_of(student)

    assert api.patch(path, {"status": "verified"}).status_code == 401
    for person in (student, create_student(), create_teacher(), create_assistant()):
        response = api.as_(person).patch(path, {"status": "verified"})
        assert (response.status_code, response.json) == (
            403,
            {"detail": "You do not have permission to perform this action."},
        )
    assert stored(student) == ("pending", False)


def test_a_status_counts_from_the_next_request_on(api, owner):
    student = create_student()
    client = api.as_(student)
    assert client.get("/api/accounts/profile/me/").json["can_access_course"] is True

    owner.patch(path_of(student), {"status": "suspended_temporary"})

    assert client.get("/api/accounts/profile/me/").json["can_access_course"] is False
    refusal = client.patch("/api/accounts/profile/me/", {"name_en": "X"})
    assert (refusal.status_code, refusal.json) == (403, {"detail": INACTIVE})


def test_a_change_runs_five_statements_before_its_mail_leaves(owner):
    student = create_student(status="pending")

    with counted_statements() as statements:
        owner.patch(path_of(student), {"status": "verified"})

    changes = [statement for statement in statements if "mails" not in statement]
    # The locked rows, the student, the user, the notification.
    assert len(changes) == 4
    assert len([statement for statement in statements if statement.startswith("INSERT INTO mails")]) == 1


@pytest.mark.concurrency
def test_changes_at_one_moment_leave_status_and_flag_in_agreement(committing_app):
    student = create_student(status="pending")
    client = Api(committing_app, create_site_owner())
    statuses = ["verified", "declined"] * 4

    answers = race(
        [lambda status=status: client.patch(path_of(student), {"status": status}).status_code for status in statuses]
    )

    assert answers == [200] * 8
    assert stored(student) in {("verified", True), ("declined", False)}
    # Each change starts from what the one before it left.
    entries = [entry.details for entry in audit_entries()]
    assert entries[0]["before"] == {"status": "pending", "is_active": False}
    assert [entry["before"] for entry in entries[1:]] == [entry["after"] for entry in entries[:-1]]
