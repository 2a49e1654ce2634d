"""The queue of students who wait to be verified, over HTTP with the console's session."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.mail.outbox import Mail
from edutrack.core.sealing import seal
from edutrack.notifications.models import Notification
from tests.api import Api, counted_statements
from tests.factories import create_site_owner, create_student, national_id_number
from tests.owner.people import QUEUE, english_console, flashed, left_by_both, rows_of, ticks
from tests.racing import race

DECIDE = f"{QUEUE}decide/"


def test_the_queue_shows_who_waits_oldest_first_beside_what_the_national_id_says(console):
    number = national_id_number(date(2009, 3, 2), "female")
    create_student(name_ar="الأقدم", status="pending", national_id_sealed=seal(number, "national-id"))
    create_student(name_ar="الأحدث", status="pending")
    create_student(name_ar="موثق")

    text = console.get(QUEUE).text
    older, newer = re.findall(r"<article.*?</article>", text, re.DOTALL)

    assert "الأقدم" in older
    assert number in older
    assert "Does not agree with the form" in older
    # Birth date and gender differ; the governorate of birth is the home's.
    assert re.findall(r'<tr class="(\w+)">', older) == ["differs", "differs", "same"]
    assert re.findall(r'<time datetime="([\d-]{10})">', older) == ["2009-03-02", "2010-05-17"]
    assert "الأحدث" in newer
    assert re.findall(r'<tr class="(\w+)">', newer) == ["same", "same", "same"]
    assert "Agrees with the form" in newer
    assert "موثق" not in text


def test_being_born_elsewhere_is_shown_and_is_no_contradiction(console):
    number = national_id_number()
    number = f"{number[:7]}88{number[9:]}"
    create_student(status="pending", national_id_sealed=seal(number, "national-id"))

    text = console.get(QUEUE).text

    assert re.findall(r'<tr class="(\w+)">', text) == ["same", "same", "elsewhere"]
    assert "Abroad" in text
    assert "Agrees with the form" in text


def test_a_number_that_cannot_be_read_is_shown_as_such(console):
    create_student(status="pending", national_id_sealed=seal("1" * 14, "national-id"))

    text = console.get(QUEUE).text

    assert "1" * 14 in text
    assert "The number cannot be read" in text
    assert "Does not agree with the form" in text


@pytest.mark.parametrize(
    ("decision", "is_active", "message"),
    [
        ("verified", True, "The student has been verified, and told."),
        ("declined", False, "The student has been declined, and told."),
    ],
)
def test_a_student_is_decided_on_from_the_queue(console, owner, decision, is_active, message):
    student = create_student(status="pending")

    response = console.post(DECIDE, {"students": ticks(student), "decision": decision, "next": f"{QUEUE}?page=1"})

    assert (response.status_code, response.location) == (303, f"{QUEUE}?page=1")
    assert flashed(console, response) == [message]
    db.session.expire_all()
    assert (student.status, student.user.is_active) == (decision, is_active)
    (entry,) = db.session.scalars(select(AuditEntry)).all()
    assert (entry.verb, entry.actor_id, entry.target_id) == ("student.status.changed", owner.id, student.id)


def test_several_are_decided_on_together_and_those_who_have_changed_are_named(console, owner):
    first, second = create_student(status="pending"), create_student(status="pending")
    mended = create_student(status="pending", name_ar="عدّل بياناته")
    decided = create_student(status="pending", name_ar="رفضه زميل")
    seen = ticks(first, second, mended, decided)
    mended.updated_at = clock.now()
    decided.status, decided.updated_at = "declined", clock.now()
    db.session.commit()

    response = console.post(
        DECIDE, {"students": [*seen, f"999999{seen[0][seen[0].index('@') :]}"], "decision": "verified"}
    )

    assert flashed(console, response) == [
        "Students verified and told: 2.",
        "Left alone, because they have changed meanwhile: عدّل بياناته, رفضه زميل.",
        "Not there any more: 1.",
    ]
    db.session.expire_all()
    assert [student.status for student in (first, second, mended, decided)] == [
        "verified",
        "verified",
        "pending",
        "declined",
    ]
    assert [entry["target_id"] for entry in rows_of(AuditEntry)] == [first.id, second.id]
    assert [told["user_id"] for told in rows_of(Notification)] == [first.user_id, second.user_id]
    assert [mail["recipient"] for mail in rows_of(Mail)] == [first.user.gmail, second.user.gmail]


def test_nobody_is_decided_on_who_waits_no_more(console):
    student = create_student(name_ar="موثق من قبل")

    response = console.post(DECIDE, {"students": ticks(student), "decision": "declined"})

    assert flashed(console, response) == ["Left alone, because their status does not allow it: موثق من قبل."]
    db.session.expire_all()
    assert student.status == "verified"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"decision": "verified"}, "Tick at least one student first."),
        ({"decision": "verified", "students": ["x"]}, "A valid integer is required."),
        ({"decision": "verified", "students": ["1@yesterday"]}, "Datetime has wrong format."),
        ({"decision": "verified", "students": ["1"]}, "Datetime has wrong format."),
        ({"decision": "verified", "students": [f"{2**70}@2026-01-01T00:00:00Z"]}, "does not exist."),
        ({"decision": "verified", "students": ["1@2026-01-01T00:00:00Z"] * 101}, "no more than 100 elements."),
        ({"decision": "eaten", "students": ["1@2026-01-01T00:00:00Z"]}, "is not a valid choice."),
        ({"students": ["1@2026-01-01T00:00:00Z"]}, "This field is required."),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(console, form, message):
    create_student(status="pending")

    response = console.post(DECIDE, form)

    (said,) = flashed(console, response)
    assert message in said
    assert rows_of(AuditEntry) == []


def test_the_way_back_leads_nowhere_else(console):
    student = create_student(status="pending")

    form = {"students": ticks(student), "decision": "verified", "next": "https://example.org/"}

    assert console.post(DECIDE, form).location == "/owner/"


def statements_of_deciding(console, count):
    students = [create_student(status="pending") for _ in range(count)]
    form = {"students": ticks(*students), "decision": "verified"}
    with counted_statements() as statements:
        assert console.post(DECIDE, form).status_code == 303
    # Mails leave after the commit, each by itself.
    return [statement for statement in statements if "FROM mails" not in statement and "UPDATE mails" not in statement]


def test_deciding_takes_the_same_statements_however_many_it_is_about(console):
    few, many = statements_of_deciding(console, 2), statements_of_deciding(console, 12)

    # The locked rows, the students, the users, the mails, the notifications.
    assert (len(few), len(many)) == (5, 5), many


@pytest.mark.concurrency
def test_a_student_is_decided_on_once_however_many_decide(committing_app):
    owner = create_site_owner()
    student = create_student(status="pending")
    form = {"students": ticks(student)}
    consoles = [english_console(committing_app, owner) for _ in range(8)]
    decisions = ["verified", "declined"] * 4

    def decide(console, decision):
        with committing_app.app_context():
            return console.post(DECIDE, form | {"decision": decision}).status_code

    tokens = race([lambda pair=pair: decide(*pair) for pair in zip(consoles, decisions, strict=True)])

    assert tokens == [303] * 8
    db.session.expire_all()
    (entry,) = rows_of(AuditEntry)
    assert entry["details"]["after"]["status"] == student.status
    assert len(rows_of(Mail)) == 1


@pytest.mark.parametrize("by_console", [True, False], ids=["console", "api"])
def test_console_and_api_leave_the_same_rows_of_a_verified_student(app, console, owner, by_console, request):
    student = create_student(status="pending", name_ar="طالب المقارنة")

    if by_console:
        assert console.post(DECIDE, {"students": ticks(student), "decision": "verified"}).status_code == 303
    else:
        path = f"/api/accounts/students/{student.id}/status/"
        assert Api(app).as_(owner).patch(path, {"status": "verified"}).status_code == 200

    db.session.expire_all()
    left = {
        "student": (student.status, student.user.is_active, student.updated_at > student.created_at),
        "audit": rows_of(AuditEntry, without=("id", "actor_id", "target_id", "recorded_at")),
        "actor": [entry["actor_id"] == owner.id for entry in rows_of(AuditEntry)],
        "told": rows_of(Notification, without=("id", "user_id", "created_at")),
        "mails": [mail["recipient"] == student.user.gmail for mail in rows_of(Mail)],
    }
    assert left["student"] == ("verified", True, True)
    assert left_by_both(request, left)
