"""The console's page of requests for courses."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Enrollment
from edutrack.notifications.models import Notification
from tests.api import counted_statements
from tests.factories import create_course, create_enrollment, create_student

REQUESTS = "/owner/enrollments/"
ANSWER = f"{REQUESTS}answer/"


def asked(course=None, *, days_ago=0, **values):
    moment = clock.now() - timedelta(days=days_ago)
    return create_enrollment(create_student(), course or create_course(), "pending", enrolled_at=moment, **values)


def shown(console, query=""):
    page = console.get(f"{REQUESTS}{query}")
    return [int(number) for number in re.findall(r'name="ids" value="(\d+)"', page.text)]


def standing(enrollment):
    db.session.expire_all()
    return db.session.get(Enrollment, enrollment.id).status


def told(kind):
    return db.session.scalar(select(func.count()).select_from(Notification).filter_by(type=kind))


def test_without_requests_the_page_says_so(console):
    create_enrollment(create_student(), create_course())

    assert "No request is waiting for an answer." in console.get(REQUESTS).text


def test_those_who_have_waited_longest_come_first(console):
    late, early = asked(days_ago=1), asked(days_ago=3)

    assert shown(console) == [early.id, late.id]


def test_the_list_is_narrowed_to_a_course_and_a_student(console):
    one, other = asked(), asked()

    assert shown(console, f"?course={one.course_id}") == [one.id]
    assert shown(console, f"?search={other.student.student_code}") == [other.id]
    assert shown(console, "?course=junk") == [one.id, other.id]


@pytest.mark.parametrize(("status", "kind"), [("approved", "enrollment_approved"), ("rejected", "enrollment_rejected")])
def test_the_ticked_requests_get_one_answer(console, status, kind):
    course = create_course()
    one, two, left = (asked(course) for _ in range(3))
    form = {"ids": ["", one.id, two.id], "status": status, "response_note": "أهلًا", "next": f"{REQUESTS}?course=1"}

    sent = console.post(ANSWER, form)

    assert (sent.status_code, sent.location) == (303, f"{REQUESTS}?course=1")
    assert [standing(one), standing(two), standing(left)] == [status, status, "pending"]
    assert db.session.get(Enrollment, one.id).response_note == "أهلًا"
    assert told(kind) == 2
    assert list(db.session.scalars(select(AuditEntry.verb)))[-2:] == [f"enrollment.{status}"] * 2
    assert f"Requests {status}: 2." in console.get(sent.location).text


def test_an_answer_that_is_sent_twice_is_given_once(console):
    one = asked()
    form = {"ids": [one.id], "status": "approved"}

    console.post(ANSWER, form)
    again = console.post(ANSWER, form | {"status": "rejected"})

    assert (standing(one), told("enrollment_approved"), told("enrollment_rejected")) == ("approved", 1, 0)
    assert "Nothing was answered" in console.get(again.location).text


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"ids": [""], "status": "approved"}, "Nothing was answered: tick the requests first."),
        ({"ids": ["x"], "status": "approved"}, "A valid integer is required."),
        ({"ids": ["1"], "status": "perhaps"}, "is not a valid choice."),
        ({"ids": ["1"]}, "This field is required."),
        ({"status": "approved"}, "This field is required."),
        ({"ids": ["1"], "status": "approved", "response_note": "x" * 1001}, "no more than 1000 characters"),
    ],
)
def test_what_makes_no_answer_is_said_and_answers_nothing(console, form, message):
    one = asked()

    sent = console.post(ANSWER, form)

    assert sent.status_code == 303
    assert message in console.get(REQUESTS).text
    assert standing(one) == "pending"


def test_nobody_is_sent_elsewhere(console):
    sent = console.post(ANSWER, {"ids": [""], "status": "approved", "next": "https://example.org/"})

    assert sent.location == "/owner/"


def test_without_the_token_nothing_is_answered(console):
    one = asked()

    sent = console.post(ANSWER, {"ids": [one.id], "status": "approved"}, token="")

    assert (sent.status_code, standing(one)) == (400, "pending")


def test_the_statements_do_not_grow_with_the_requests(console):
    asked()
    with counted_statements() as few:
        shown(console)
    for _ in range(5):
        asked()
    with counted_statements() as many:
        shown(console)

    assert (len(few), len(many)) == (3, 3)
