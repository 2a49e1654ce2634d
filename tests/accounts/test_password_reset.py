"""Choosing a new password with a mailed link."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from edutrack import create_app
from edutrack.accounts.models import MailToken, User
from edutrack.accounts.service.links import MOST_LINKS_AN_HOUR
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db, limiter
from edutrack.core.mail import deliver_mail
from tests.accounts.mailbox import delivered, link_in, queued, token_in
from tests.api import counted_statements
from tests.factories import PASSWORD, create_assistant, create_site_owner, create_student, create_teacher
from tests.signing_in import NOON, UNAUTHENTICATED, WRONG, cookies_of, log_in, refresh, with_cookies

PATH = "/api/accounts/password/reset/"
CONFIRM = f"{PATH}confirm/"
CHANGE = "/api/accounts/password/change/"
NEW = "another-decent-one"
ASKED = {"message": "If an account has this email address, a link to choose a new password has been sent to it."}
RESET = {"message": "Password reset successfully. Please log in."}
BAD_TOKEN = {"error": "Invalid or expired token"}


def ask(api, app, user):
    """Ask for a reset and return the token that arrived."""
    assert api.post(PATH, {"gmail": user.gmail}).json == ASKED
    return token_in(delivered(app)[-1])


def confirm(api, token, **changes):
    return api.post(CONFIRM, {"token": token, "new_password": NEW, "new_password_confirm": NEW} | changes)


@pytest.mark.parametrize("create", [create_site_owner, create_teacher, create_assistant, create_student])
def test_a_link_arrives_and_gives_a_new_password_once(api, app, create):
    person = create()
    user = getattr(person, "user", person)

    asked = api.post(PATH, {"gmail": user.gmail.upper()})
    (mail,) = delivered(app)
    page, token = link_in(mail)
    first, second = confirm(api, token), confirm(api, token, new_password="x" * 9, new_password_confirm="x" * 9)

    assert (asked.status_code, asked.json) == (200, ASKED)
    assert (mail["To"], page) == (user.gmail, "http://localhost:3000/reset-password")
    assert (first.status_code, first.json) == (200, RESET)
    assert (second.status_code, second.json) == (400, BAD_TOKEN)
    assert log_in(app, person, NEW).status_code == 200
    assert log_in(app, person, PASSWORD).json == WRONG


def test_the_mail_speaks_arabic_and_english_and_holds_nothing_of_the_user(api, app):
    user = create_student().user

    ask(api, app, user)

    text = delivered(app)[-1].get_content()
    assert "كلمة مرور جديدة" in text
    assert "a new password" in text
    assert user.username not in text


def test_an_address_that_nobody_has_is_answered_alike_and_gets_no_mail(api):
    response = api.post(PATH, {"gmail": "nobody@example.org"})

    assert (response.status_code, response.json) == (200, ASKED)
    assert queued() == []


def test_an_address_that_nobody_has_costs_the_request_the_same_statements(api, app, monkeypatch):
    user = create_site_owner()
    # Mail leaves after the answer, in another thread.
    monkeypatch.setitem(app.config, "MAIL_HOST", "mail.example.org")
    run = []
    for gmail in (user.gmail, "nobody@example.org"):
        with counted_statements() as statements:
            assert api.post(PATH, {"gmail": gmail}).json == ASKED
        run.append(list(statements))

    assert len(run[0]) == 1
    assert run[0] == run[1]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, ["This field is required."]),
        ({"gmail": None}, ["This field may not be null."]),
        ({"gmail": ""}, ["This field may not be blank."]),
        ({"gmail": "nobody"}, ["Enter a valid email address."]),
        ({"gmail": "a@example.org, b@example.org"}, ["Enter a valid email address."]),
        ({"gmail": "a@example.org\nBcc: b@example.org"}, ["Enter a valid email address."]),
        ({"gmail": "a@example.org\0"}, ["Null characters are not allowed."]),
        ({"gmail": ["a@example.org"]}, ["Not a valid string."]),
    ],
)
def test_what_is_no_address_is_refused(api, body, messages):
    response = api.post(PATH, body)

    assert (response.status_code, response.json) == (400, {"gmail": messages})
    assert queued() == []


def test_a_reset_ends_every_session_and_verifies_the_address(api, app):
    student = create_student()
    here, there = (cookies_of(log_in(app, student)) for _ in range(2))

    confirm(api, ask(api, app, student.user))

    for cookies in (here, there):
        assert with_cookies(app, "/api/accounts/me/", "GET", **cookies).json == UNAUTHENTICATED
        assert refresh(app, cookies).status_code == 401
    verified, verb = (
        db.session.scalar(select(User.email_verified_at).where(User.id == student.user_id)),
        db.session.scalars(select(AuditEntry.verb)).all(),
    )
    assert verified is not None
    assert verb == ["user.password.reset"]


@pytest.mark.parametrize("minutes", [59, 61])
def test_a_link_lives_one_hour(api, app, minutes):
    user = create_site_owner()
    with time_machine.travel(NOON, tick=False) as clock:
        token = ask(api, app, user)
        clock.shift(timedelta(minutes=minutes))

        response = confirm(api, token)

    assert response.status_code == (200 if minutes < 60 else 400)
    assert response.json == (RESET if minutes < 60 else BAD_TOKEN)


@pytest.mark.parametrize("token", [None, "", "x", 5, ["x"], {"a": 1}, True, "x" * 100_000, "ط", "\0"])
def test_a_token_that_is_none_is_refused(api, app, token):
    user = create_site_owner()
    ask(api, app, user)

    response = confirm(api, token)

    assert (response.status_code, response.json) == (400, BAD_TOKEN)
    assert log_in(app, user).status_code == 200


def test_a_verification_link_resets_no_password(api, app):
    user = create_site_owner()
    api.as_(user).post("/api/accounts/email/resend/")

    assert confirm(api, token_in(delivered(app)[-1])).json == BAD_TOKEN


def test_a_link_to_an_address_that_the_user_has_no_longer_is_dead(api, app):
    user = create_site_owner()
    token = ask(api, app, user)
    user.gmail = "other@example.org"
    db.session.commit()

    assert confirm(api, token).json == BAD_TOKEN


def test_a_password_that_was_changed_since_kills_the_link(api, app):
    user = create_site_owner()
    token = ask(api, app, user)
    form = {"old_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    assert api.as_(user).post(CHANGE, form).status_code == 200

    assert confirm(api, token, new_password="x" * 9, new_password_confirm="x" * 9).json == BAD_TOKEN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"new_password": None}, "All password fields are required"),
        ({"new_password": ""}, "All password fields are required"),
        ({"new_password_confirm": 5}, "All password fields are required"),
        ({"new_password_confirm": "different"}, "New passwords do not match"),
        ({"new_password": "1234567", "new_password_confirm": "1234567"}, "Password must be at least 8 characters"),
        ({"new_password": "12345678", "new_password_confirm": "12345678"}, "This password is entirely numeric."),
    ],
)
def test_the_passwords_are_judged_before_the_token_which_stays_good(api, app, change, message):
    token = ask(api, app, create_site_owner())

    for tried in (token, "none"):
        response = confirm(api, tried, **change)
        assert (response.status_code, response.json) == (400, {"error": message})

    assert confirm(api, token).json == RESET


def test_a_password_like_the_username_leaves_the_link_good(api, app):
    token = ask(api, app, create_site_owner(username="monamona"))

    refused = confirm(api, token, new_password="monamona1", new_password_confirm="monamona1")

    assert (refused.status_code, refused.json) == (400, {"error": "The password is too similar to the username."})
    assert confirm(api, token).json == RESET


def test_the_table_of_tokens_and_the_outbox_hold_no_token(api, app):
    token = ask(api, app, create_site_owner())

    stored = db.session.execute(select(MailToken.token_hash, MailToken.address, MailToken.purpose)).all()
    assert token not in repr([tuple(row) for row in stored])
    assert [token in mail.text for mail in queued()] == [False]


def test_one_mailbox_gets_five_links_an_hour(api, app):
    user = create_site_owner()
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(MOST_LINKS_AN_HOUR + 2):
            assert api.post(PATH, {"gmail": user.gmail}).json == ASKED
        assert len(delivered(app)) == 5
        clock.shift(timedelta(minutes=61))
        api.post(PATH, {"gmail": user.gmail})

    assert len(delivered(app)) == 6
    assert db.session.scalar(select(func.count()).select_from(MailToken)) == 6


@pytest.fixture
def limited_app(make_database, test_environment, monkeypatch):
    """An application that counts calls per address and takes two."""
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    limits = {
        "RATELIMIT_ENABLED": "true",
        "PASSWORD_RESETS_PER_ADDRESS": "2",
        "VERIFICATION_MAILS_PER_USER": "2",
    }
    app = create_app(test_environment | limits | {"DATABASE_URL": make_database()})
    app.config["PASSWORD_HASH_COST"] = (1, 8)
    with app.app_context():
        limiter.reset()
        yield app
        limiter.reset()
        db.session.remove()
        db.engine.dispose()


def test_every_call_of_an_address_counts_whatever_it_is_answered(limited_app):
    client = limited_app.test_client()
    user = create_site_owner()

    assert client.post(PATH, json={"gmail": user.gmail}).status_code == 200
    assert client.post(PATH, json={"gmail": "nobody@example.org"}).status_code == 200
    refusal = client.post(PATH, json={"gmail": user.gmail}, headers={"X-Forwarded-For": "192.0.2.9"})

    wait = refusal.headers["Retry-After"]
    assert refusal.status_code == 429
    assert refusal.json == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.post(PATH, json={"gmail": user.gmail}, environ_overrides=elsewhere).status_code == 200


def test_failed_confirmations_of_an_address_are_limited_too(limited_app):
    client = limited_app.test_client()
    form = {"token": "x", "new_password": NEW, "new_password_confirm": NEW}

    assert [client.post(CONFIRM, json=form).status_code for _ in range(3)] == [400, 400, 429]


def test_verification_mails_are_limited_for_each_user(limited_app):
    first, second = ({"Authorization": f"Bearer {_token(limited_app, create_site_owner())}"} for _ in range(2))
    client = limited_app.test_client()

    def resend(headers):
        return client.post("/api/accounts/email/resend/", headers=headers).status_code

    assert [resend(first) for _ in range(3)] == [200, 200, 429]
    assert resend(second) == 200
    assert client.post("/api/accounts/email/resend/").status_code == 401


def _token(app, user):
    return cookies_of(log_in(app, user))["access_token"]


def test_what_waits_for_the_courier_is_resolved_when_it_leaves(api, app, monkeypatch):
    user = create_site_owner()
    monkeypatch.setitem(app.config, "MAIL_HOST", "mail.example.org")
    api.post(PATH, {"gmail": user.gmail})
    api.post(PATH, {"gmail": "nobody@example.org"})
    monkeypatch.setitem(app.config, "MAIL_HOST", "")

    assert deliver_mail() == 1

    assert [mail.recipient for mail in queued()] == [user.gmail]
