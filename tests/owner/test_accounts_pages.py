"""Assistants, and what a site owner does for anybody's account, over HTTP with the console's session."""

import re

import pytest
from sqlalchemy import select

from edutrack.accounts.models import Session, User
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.mail.outbox import Mail
from tests.api import Api
from tests.factories import PASSWORD, create_assistant, create_student, create_teacher
from tests.owner.people import ACCOUNTS, ASSISTANTS, errors_at, flashed, rows_of

NEW_PASSWORD = "a-temporary-password"


@pytest.fixture(params=["student", "teacher", "assistant"])
def person(request, app):
    return {"student": create_student, "teacher": create_teacher, "assistant": create_assistant}[request.param]()


def home_of(person):
    return f"/owner/{person.__tablename__}/{person.id}/"


def test_assistants_are_listed_searched_and_filtered(console):
    teacher = create_teacher(name="هالة فؤاد")
    create_assistant(teacher, name="كريم وجدي", phone="01511112222")
    create_assistant(name="أسماء فتحي")

    def shown(query=""):
        text = console.get(f"{ASSISTANTS}{query}").text
        return [name for name in ("كريم وجدي", "أسماء فتحي") if f"<bdi>{name}</bdi>" in text]

    assert shown() == ["كريم وجدي", "أسماء فتحي"]
    assert shown("?search=اسماء") == ["أسماء فتحي"]
    assert shown("?search=01511112222") == ["كريم وجدي"]
    assert shown(f"?teacher={teacher.id}") == ["كريم وجدي"]
    assert shown("?search=nobody") == []


def test_a_school_without_assistants_says_who_adds_them(console):
    assert "There are no assistants yet. Teachers add their own." in console.get(ASSISTANTS).text


def test_an_assistants_page_shows_the_assistant_and_the_teacher(console):
    assistant = create_assistant(create_teacher(name="هالة فؤاد"), name="كريم وجدي")

    text = console.get(f"{ASSISTANTS}{assistant.id}/").text

    for shown in ("كريم وجدي", "هالة فؤاد", assistant.phone, assistant.user.username, assistant.user.gmail):
        assert shown in text, shown
    assert f'href="/owner/teachers/{assistant.teacher_id}/"' in text


def test_somebody_gets_another_password_and_all_sessions_end(app, console, owner, person):
    api = Api(app).as_(person)

    response = console.post(f"{ACCOUNTS}{person.user_id}/password/", {"new_password": NEW_PASSWORD})

    assert (response.status_code, response.location) == (303, home_of(person))
    assert flashed(console, response) == ["The password has been changed, and all sessions have ended."]
    assert api.get("/api/accounts/me/").status_code == 401
    login = {"username": person.user.username, "password": NEW_PASSWORD}
    assert Api(app).post("/api/accounts/login/", login).status_code == 200
    (entry,) = rows_of(AuditEntry)
    assert (entry["verb"], entry["actor_id"], entry["target_id"]) == ("user.password.reset", owner.id, person.user_id)
    assert NEW_PASSWORD not in str(entry)


def test_the_form_stands_in_the_room_of_the_person(console, person):
    text = console.get(f"{ACCOUNTS}{person.user_id}/password/").text

    assert f'href="{home_of(person)}"' in text
    assert f'<a href="/owner/{person.__tablename__}/" class="here" aria-current="page">' in text


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("", "This field may not be blank."),
        ("short", "This password is too short. It must contain at least 8 characters."),
        ("1234567890", "This password is entirely numeric."),
        ("the-students-name", "The password is too similar to the username."),
        ("x" * 1025, "Ensure this field has no more than 1024 characters."),
    ],
)
def test_a_weak_password_is_refused_at_its_field_and_shown_nowhere(console, password, message):
    student = create_student()
    student.user.username = "the-students-name"
    db.session.commit()
    before = db.session.scalar(select(User.password_hash).filter_by(id=student.user_id))

    response = console.post(f"{ACCOUNTS}{student.user_id}/password/", {"new_password": password})

    assert (response.status_code, errors_at(response, "new_password")) == (400, [message])
    assert re.findall(r'<input[^>]*id="new_password"[^>]*value="([^"]*)"', response.text) == [""]
    assert db.session.scalar(select(User.password_hash).filter_by(id=student.user_id)) == before
    assert rows_of(AuditEntry) == []


def test_a_link_to_a_new_password_is_mailed(app, console, owner, person):
    response = console.post(f"{ACCOUNTS}{person.user_id}/link/")

    assert (response.status_code, response.location) == (303, home_of(person))
    (mail,) = rows_of(Mail)
    assert (mail["recipient"], mail["link_kind"]) == (person.user.gmail, "password_reset")
    (entry,) = rows_of(AuditEntry)
    assert (entry["verb"], entry["actor_id"], entry["details"]) == ("user.password.link.mailed", owner.id, {})
    # Until the link is used nothing changes.
    assert (
        Api(app).post("/api/accounts/login/", {"username": person.user.username, "password": PASSWORD}).status_code
        == 200
    )


def test_all_sessions_of_somebody_are_ended(app, console, owner, person):
    apis = [Api(app).as_(person) for _ in range(2)]
    bystander = Api(app).as_(create_student())

    response = console.post(f"{ACCOUNTS}{person.user_id}/sessions/end/")

    assert (response.status_code, response.location) == (303, home_of(person))
    assert flashed(console, response) == ["Sessions ended: 2."]
    assert [api.get("/api/accounts/me/").status_code for api in apis] == [401, 401]
    assert bystander.get("/api/accounts/me/").status_code == 200
    again = console.post(f"{ACCOUNTS}{person.user_id}/sessions/end/")
    assert flashed(console, again) == ["No session was open."]
    (entry,) = rows_of(AuditEntry)
    assert (entry["verb"], entry["actor_id"], entry["details"]) == ("user.sessions.ended", owner.id, {"sessions": 2})


def test_a_person_page_says_how_many_sessions_are_open(app, console, person):
    Api(app).as_(person)
    ended = Api(app).as_(person)
    ended.post("/api/accounts/logout/")

    text = console.get(home_of(person)).text

    assert '<dt>Open sessions</dt><dd><bdi class="number" dir="ltr">1</bdi></dd>' in text


def test_site_owners_have_no_page_here(console, owner):
    for path in ("password/", "link/", "sessions/end/"):
        assert console.post(f"{ACCOUNTS}{owner.id}/{path}", {"new_password": NEW_PASSWORD}).status_code == 404
    assert db.session.scalars(select(Session.ended_at)).all() == [None]


def test_a_shortened_address_leads_to_the_students(console):
    assert console.get(ACCOUNTS).location == "/owner/students/"
