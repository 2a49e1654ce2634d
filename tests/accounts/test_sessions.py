"""Signing in and out, who is signed in, and accounts that are blocked."""

from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import func, select, text, update

from edutrack.accounts.models import Session, User
from edutrack.core.extensions import db
from tests.api import access_token, counted_statements
from tests.factories import PASSWORD, create_assistant, create_site_owner, create_student, create_teacher
from tests.racing import race
from tests.signing_in import (
    BLOCKED,
    INACTIVE,
    LOGIN,
    LOGOUT,
    ME,
    MISSING,
    NOON,
    REFRESH,
    TEACHER_INACTIVE,
    UNAUTHENTICATED,
    WRONG,
    alive,
    bearer,
    cookies_of,
    log_in,
    refresh,
    with_cookies,
)


def test_login_answers_who_signed_in_and_sets_both_cookies(api):
    owner = create_site_owner(username="Mona")

    response = api.post(LOGIN, {"username": "mona", "password": PASSWORD})

    assert response.status_code == 200
    assert response.json == {"role": "siteowner", "name": owner.username, "is_active": True}
    access, refresh = response.headers.getlist("Set-Cookie")
    assert access.split("; ")[1:] == ["Expires=" + access.split("Expires=")[1].split(";")[0], *_attributes(1800, "/")]
    assert refresh.split("; ")[1:] == [
        "Expires=" + refresh.split("Expires=")[1].split(";")[0],
        *_attributes(604800, "/api/accounts"),
    ]
    assert (access.split("=")[0], refresh.split("=")[0]) == ("access_token", "refresh_token")


def _attributes(seconds, path):
    return [f"Max-Age={seconds}", "HttpOnly", f"Path={path}", "SameSite=Lax"]


def test_cookies_are_secure_where_the_request_was(api):
    create_site_owner(username="mona")

    response = api.post(LOGIN, {"username": "mona", "password": PASSWORD}, base_url="https://localhost")

    assert all("; Secure;" in cookie for cookie in response.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    ("setting", "value", "part"),
    [
        ("COOKIE_SECURE", True, "Secure"),
        ("COOKIE_SAMESITE", "None", "SameSite=None"),
        ("COOKIE_DOMAIN", "x.eg", "x.eg"),
    ],
)
def test_cookies_are_as_the_settings_say(api, app, monkeypatch, setting, value, part):
    create_site_owner(username="mona")
    monkeypatch.setitem(app.config, setting, value)

    response = api.post(LOGIN, {"username": "mona", "password": PASSWORD})

    assert all(part in cookie for cookie in response.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("username", ["mona", "MONA", "  Mona  "])
def test_the_case_of_a_username_does_not_matter(api, username):
    create_site_owner(username="Mona")

    assert api.post(LOGIN, {"username": username, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "mona"},
        {"password": PASSWORD},
        {"username": "", "password": PASSWORD},
        {"username": "  ", "password": PASSWORD},
        {"username": "mona", "password": ""},
        {"username": None, "password": None},
        {"username": 5, "password": PASSWORD},
        {"username": ["mona"], "password": PASSWORD},
        {"username": "mona", "password": {"a": 1}},
        {"username": True, "password": True},
    ],
)
def test_both_a_username_and_a_password_are_required(api, body):
    create_site_owner(username="mona")

    response = api.post(LOGIN, body)

    assert (response.status_code, response.json) == (400, MISSING)
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("mona", "wrong"),
        ("mona", f"{PASSWORD} "),
        ("mona", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("mona\0x", PASSWORD),
        ("\0", PASSWORD),
        ("mona' OR '1'='1", PASSWORD),
        ("%", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("mona", "x" * 100_000),
        ("mona", f"{PASSWORD}\0"),
    ],
)
def test_wrong_credentials_are_not_told_apart(api, username, password):
    create_site_owner(username="mona")

    response = api.post(LOGIN, {"username": username, "password": password})

    assert (response.status_code, response.json) == (401, WRONG)
    assert "Set-Cookie" not in response.headers
    assert db.session.scalar(select(func.count()).select_from(Session)) == 0


def test_a_form_signs_in_as_well(api):
    create_site_owner(username="mona")

    response = api.post(LOGIN, data={"username": "mona", "password": PASSWORD})

    assert response.status_code == 200


def test_an_inactive_teacher_is_told_so(api, app):
    response = log_in(app, create_teacher(is_active=False))

    assert (response.status_code, response.json) == (401, INACTIVE)


def test_an_inactive_assistant_is_told_so(api, app):
    response = log_in(app, create_assistant(is_active=False))

    assert (response.status_code, response.json) == (401, INACTIVE)


def test_an_assistant_of_an_inactive_teacher_is_told_so(api, app):
    response = log_in(app, create_assistant(create_teacher(is_active=False)))

    assert (response.status_code, response.json) == (401, TEACHER_INACTIVE)


def test_an_inactive_account_learns_nothing_from_a_wrong_password(api, app):
    response = log_in(app, create_teacher(is_active=False), "wrong")

    assert (response.status_code, response.json) == (401, WRONG)


@pytest.mark.parametrize(
    ("status", "is_active"),
    [
        ("verified", True),
        ("verified", False),
        ("pending", False),
        ("declined", False),
        ("suspended_temporary", False),
        ("suspended_permanent", False),
    ],
)
def test_a_student_may_always_sign_in(api, app, status, is_active):
    student = create_student(status=status, is_active=is_active)

    response = log_in(app, student)

    assert response.status_code == 200
    assert response.json == {"role": "student", "name": student.name_ar, "is_active": is_active}


def test_an_unknown_username_costs_the_same_work_as_a_wrong_password(api, monkeypatch):
    """The time of an answer is the time of its hashing: each hashes once, at the same cost."""
    create_site_owner(username="mona")
    verified = []
    verify = PasswordHasher.verify

    def note(hasher, password_hash, password):
        verified.append((hasher.time_cost, hasher.memory_cost, password_hash.split("$")[3], password))
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", note)
    for username in ("mona", "nobody"):
        api.post(LOGIN, {"username": username, "password": "wrong"})

    assert verified == [(1, 8, "m=8,t=1,p=1", "wrong")] * 2


def test_a_hash_of_other_costs_is_renewed_at_login(api, app, monkeypatch):
    owner = create_site_owner()
    before = owner.password_hash
    monkeypatch.setitem(app.config, "PASSWORD_HASH_COST", (2, 16))

    first, second = log_in(app, owner), log_in(app, owner)

    stored = db.session.scalar(select(User.password_hash).where(User.id == owner.id))
    assert (first.status_code, second.status_code) == (200, 200)
    assert stored != before
    assert "m=16,t=2" in stored


@pytest.mark.concurrency
def test_many_logins_at_once_with_a_hash_of_other_costs_all_succeed(committing_app):
    owner = create_site_owner()
    committing_app.config["PASSWORD_HASH_COST"] = (2, 16)

    responses = race([lambda: log_in(committing_app, owner)] * 20)
    last = log_in(committing_app, owner)

    assert [response.status_code for response in (*responses, last)] == [200] * 21
    db.session.rollback()
    assert "m=16,t=2" in db.session.scalar(select(User.password_hash).where(User.id == owner.id))
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert db.session.scalar(deadlocks) == 0


def test_login_takes_two_statements(api, app):
    owner = create_site_owner()

    with counted_statements() as statements:
        log_in(app, owner)

    assert len(statements) == 2


@pytest.mark.parametrize("create", [create_site_owner, create_teacher, create_assistant, create_student])
def test_me_answers_the_caller(api, create):
    person = create()
    user = getattr(person, "user", person)

    response = api.as_(person).get(ME)

    assert response.status_code == 200
    assert response.json == {
        "id": user.id,
        "username": user.username,
        "role": user.role,
        "name": getattr(person, "name_ar", None) or getattr(person, "name", user.username),
        "is_active": True,
        "profile_id": None if person is user else person.id,
    }


def test_a_request_is_authenticated_by_one_statement(api):
    client = api.as_(create_assistant())
    seen = []
    with counted_statements() as statements:
        client.get(ME)
        seen.extend(statements)

    assert seen == []


def test_nobody_is_nobody(api):
    response = api.get(ME)

    assert (response.status_code, response.json) == (401, UNAUTHENTICATED)


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_logging_out_takes_either_cookie_and_ends_the_session(app, token):
    cookies = cookies_of(log_in(app, create_site_owner()))

    response = with_cookies(app, LOGOUT, **{token: cookies[token]})

    assert (response.status_code, response.json) == (200, {"message": "Successfully logged out"})
    assert cookies_of(response) == {"access_token": "", "refresh_token": ""}
    access, refresh_cookie = response.headers.getlist("Set-Cookie")
    assert ("Max-Age=0" in access, "Path=/;" in access) == (True, True)
    assert ("Max-Age=0" in refresh_cookie, "Path=/api/accounts;" in refresh_cookie) == (True, True)
    assert not alive(app, cookies)
    assert refresh(app, cookies).status_code == 401


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_logging_out_takes_either_token_as_bearer(app, token):
    cookies = cookies_of(log_in(app, create_site_owner()))

    response = bearer(app, cookies[token], LOGOUT, "POST")

    assert response.status_code == 200
    assert not alive(app, cookies)


def test_logging_out_works_once_the_access_token_has_expired(app):
    with time_machine.travel(NOON, tick=False) as clock:
        cookies = cookies_of(log_in(app, create_site_owner()))
        clock.shift(timedelta(minutes=31))

        response = with_cookies(app, LOGOUT, **cookies)

        assert response.status_code == 200
        assert refresh(app, cookies).status_code == 401


def test_logging_out_ends_one_session_alone(app):
    owner = create_site_owner()
    here, there = (cookies_of(log_in(app, owner)) for _ in range(2))

    with_cookies(app, LOGOUT, access_token=here["access_token"])

    assert (alive(app, here), alive(app, there)) == (False, True)


def test_a_blocked_account_may_log_out(app):
    teacher = create_teacher()
    token = access_token(teacher.user)
    db.session.execute(update(User).where(User.id == teacher.user_id).values(is_active=False))
    db.session.commit()

    response = bearer(app, token, LOGOUT, "POST")

    assert (response.status_code, response.json) == (200, {"message": "Successfully logged out"})


def test_nobody_cannot_log_out(api):
    response = api.post(LOGOUT)

    assert (response.status_code, response.json) == (401, UNAUTHENTICATED)


@pytest.mark.parametrize("path", [LOGOUT, REFRESH])
@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_another_page_can_neither_log_out_nor_refresh(app, api, path, headers):
    cookies = cookies_of(log_in(app, create_site_owner()))
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    response = api.post(path, headers={**headers, "Cookie": cookie})

    assert response.status_code == 403
    assert response.json["detail"].startswith("CSRF Failed: ")
    assert alive(app, cookies)


def _block(user):
    db.session.execute(update(User).where(User.id == user.id).values(is_active=False))
    db.session.commit()


@pytest.mark.parametrize("blocked", ["teacher", "assistant", "the assistant's teacher"])
def test_blocking_an_account_bites_at_the_next_request(app, blocked):
    teacher = create_teacher()
    assistant = create_assistant(teacher)
    cookies = cookies_of(log_in(app, teacher if blocked == "teacher" else assistant))
    allowed = alive(app, cookies)
    _block(assistant.user if blocked == "assistant" else teacher.user)

    shown, refreshed = with_cookies(app, ME, "GET", **cookies), refresh(app, cookies)

    assert allowed
    assert (shown.status_code, shown.json) == (403, BLOCKED)
    assert (refreshed.status_code, refreshed.json) == (403, BLOCKED)
    assert "Set-Cookie" not in refreshed.headers


@pytest.mark.parametrize("status", ["pending", "declined", "suspended_temporary", "suspended_permanent"])
def test_a_student_who_may_not_use_courses_still_sees_who_they_are(app, status):
    student = create_student(status=status)
    cookies = cookies_of(log_in(app, student))

    shown, refreshed = with_cookies(app, ME, "GET", **cookies), refresh(app, cookies)

    assert (shown.status_code, shown.json["is_active"]) == (200, False)
    assert refreshed.json == {"role": "student", "name": student.name_ar, "is_active": False}
