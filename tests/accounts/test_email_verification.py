"""Verifying that an e-mail address is its user's."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from edutrack.accounts.models import User
from edutrack.core.extensions import db
from tests.accounts.mailbox import delivered, link_in, queued, token_in
from tests.factories import (
    any_grade,
    create_assistant,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    registration_form,
)
from tests.signing_in import NOON

VERIFY, RESEND = "/api/accounts/email/verify/", "/api/accounts/email/resend/"
VERIFIED = {"message": "Email verified successfully."}
SENT = {"message": "A verification link has been sent to your email address."}
ALREADY = {"message": "Your email address is already verified."}
BAD_TOKEN = {"error": "Invalid or expired token"}


def verified_at(user):
    return db.session.scalar(select(User.email_verified_at).where(User.id == user.id))


@pytest.mark.parametrize("create", [create_site_owner, create_teacher, create_assistant, create_student])
def test_everybody_asks_for_a_link_and_verifies_the_address_once(api, app, create):
    person = create()
    user = getattr(person, "user", person)

    asked = api.as_(person).post(RESEND)
    (mail,) = delivered(app)
    page, token = link_in(mail)
    first, second = api.post(VERIFY, {"token": token}), api.post(VERIFY, {"token": token})

    assert (asked.status_code, asked.json) == (200, SENT)
    assert (mail["To"], page) == (user.gmail, "http://localhost:3000/verify-email")
    assert (first.status_code, first.json) == (200, VERIFIED)
    assert (second.status_code, second.json) == (400, BAD_TOKEN)
    assert verified_at(user) is not None


@pytest.mark.parametrize("status", ["pending", "declined", "suspended_temporary", "suspended_permanent"])
def test_a_student_who_is_not_verified_asks_as_well(api, status):
    assert api.as_(create_student(status=status)).post(RESEND).json == SENT


def test_who_has_verified_is_told_so_and_gets_no_mail(api, app):
    user = create_site_owner()
    api.as_(user).post(RESEND)
    api.post(VERIFY, {"token": token_in(delivered(app)[0])})

    response = api.as_(user).post(RESEND)

    assert (response.status_code, response.json) == (200, ALREADY)
    assert len(queued()) == 1


@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": "x"}, {"token": 5}, {"token": ["x"]}, {"token": "\0"}])
def test_a_token_that_is_none_is_refused(api, body):
    response = api.post(VERIFY, body)

    assert (response.status_code, response.json) == (400, BAD_TOKEN)


@pytest.mark.parametrize(("hours", "status"), [(71, 200), (73, 400)])
def test_a_link_lives_three_days(api, app, hours, status):
    user = create_site_owner()
    with time_machine.travel(NOON, tick=False) as clock:
        api.as_(user).post(RESEND)
        clock.shift(timedelta(hours=hours))

        assert api.post(VERIFY, {"token": token_in(delivered(app)[0])}).status_code == status


def test_a_reset_link_verifies_nothing(api, app):
    user = create_site_owner()
    api.post("/api/accounts/password/reset/", {"gmail": user.gmail})

    assert api.post(VERIFY, {"token": token_in(delivered(app)[0])}).json == BAD_TOKEN
    assert verified_at(user) is None


def test_a_registration_mails_the_link_with_the_student_code(api, app):
    form = registration_form()

    code = api.post("/api/accounts/students/register/", form).json["student_code"]

    (mail,) = delivered(app)
    assert mail["To"] == form["gmail"]
    assert code in mail.get_content()
    assert api.post(VERIFY, {"token": token_in(mail)}).json == VERIFIED


def _teacher_form():
    subject = create_subject(grades=[any_grade()])
    return {
        "username": "hany",
        "password": "a-decent-password",
        "name": "هاني",
        "phone": "01012345678",
        "gmail": "hany@example.org",
        "gender": "male",
        "subject": subject.id,
        "grades": [any_grade().id],
    }


def test_a_new_teacher_and_a_new_assistant_are_mailed_a_link(api, app):
    form = _teacher_form()
    assistant = {name: form[name] for name in ("password", "name", "phone", "gender")}
    assistant |= {"username": "nada", "gmail": "nada@example.org"}

    api.as_(create_site_owner()).post("/api/accounts/teachers/", form)
    api.as_(create_teacher()).post("/api/accounts/teacher/assistants/", assistant)

    mails = delivered(app)
    assert [mail["To"] for mail in mails] == ["hany@example.org", "nada@example.org"]
    assert [api.post(VERIFY, {"token": token_in(mail)}).json for mail in mails] == [VERIFIED] * 2


@pytest.mark.parametrize("role", ["student", "teacher", "assistant"])
def test_another_address_is_to_be_verified_anew(api, app, role):
    teacher = create_teacher()
    person = {"student": create_student(), "teacher": teacher, "assistant": create_assistant(teacher)}[role]
    path, asking = {
        "student": ("/api/accounts/profile/me/", person),
        "teacher": (f"/api/accounts/teachers/{person.id}/", create_site_owner()),
        "assistant": (f"/api/accounts/teacher/assistants/{person.id}/", teacher),
    }[role]
    api.as_(person).post(RESEND)
    old = token_in(delivered(app)[0])
    api.as_(person).post(RESEND)
    api.post(VERIFY, {"token": token_in(delivered(app)[1])})
    assert verified_at(person.user) is not None

    same = api.as_(asking).patch(path, {"gmail": person.user.gmail})
    still = verified_at(person.user)
    changed = api.as_(asking).patch(path, {"gmail": "new@example.org"})

    assert (same.status_code, changed.status_code) == (200, 200)
    assert still is not None
    assert verified_at(person.user) is None
    mail = delivered(app)[-1]
    assert (mail["To"], len(queued())) == ("new@example.org", 3)
    assert api.post(VERIFY, {"token": old}).json == BAD_TOKEN
    assert api.post(VERIFY, {"token": token_in(mail)}).json == VERIFIED
