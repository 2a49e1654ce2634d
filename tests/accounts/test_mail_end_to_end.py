"""Mailed links from a served process through a real SMTP server to the reader, and back over HTTP."""

import re
import time

import pytest
from aiosmtpd.controller import Controller

from tests.core.test_mail import Inbox, free_port
from tests.factories import PASSWORD, create_site_owner, registration_form
from tests.renewing import application, renewed_app
from tests.serving import serving

NEW = "another-decent-one"
TRUSTED = {"Origin": "http://localhost:3000"}


@pytest.fixture(scope="module")
def mailing_app(test_environment, make_database):
    """The application beside the served process that mails, which alone is to find what is to be sent."""
    with renewed_app(application, test_environment, make_database, "mailing") as app:
        yield app


@pytest.fixture(scope="module")
def server(mailing_app, test_environment):
    """A client of a served process whose courier sends to a real SMTP server, and what that took."""
    taken, port = Inbox(), free_port()
    taking = Controller(taken, "127.0.0.1", port)
    taking.start()
    settings = {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_TLS": "none"}
    settings |= {"DATABASE_URL": mailing_app.url, "FRONTEND_URL": "https://www.example.org"}
    with serving({**test_environment, **settings}) as running:
        yield running.client, taken
    taking.stop()


@pytest.fixture
def inbox(server):
    """What was mailed in this test."""
    _client, taken = server
    taken.messages.clear()
    return taken


@pytest.fixture
def school(mailing_app, server):
    """A client of the served process."""
    client, _inbox = server
    client.cookies.clear()
    with mailing_app.anew():
        yield client


def mailed_link(inbox, recipient):
    """Return page and token of the link that was mailed to an address, waiting for it a while."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in inbox.messages:
            if message["To"] == recipient:
                (link,) = re.findall(r"(https\S+)\?token=(\S+)", message.get_content())
                return link
        time.sleep(0.05)
    raise AssertionError(f"No mail to {recipient} arrived.")


def log_in(school, username, password=PASSWORD):
    return school.post("/api/accounts/login/", json={"username": username, "password": password})


def me(school, session):
    cookies = f"access_token={session.cookies['access_token']}"
    return school.get("/api/accounts/me/", headers={"Cookie": cookies})


def refresh(school, token):
    return school.post("/api/accounts/token/refresh/", headers=TRUSTED | {"Cookie": f"refresh_token={token}"})


def test_a_reset_link_ends_the_old_sessions_and_gives_a_new_password(school, inbox):
    owner = create_site_owner()
    here, there = log_in(school, owner.username), log_in(school, owner.username)
    school.cookies.clear()

    assert school.post("/api/accounts/password/reset/", json={"gmail": owner.gmail}).status_code == 200
    page, token = mailed_link(inbox, owner.gmail)
    form = {"token": token, "new_password": NEW, "new_password_confirm": NEW}
    first, second = (school.post("/api/accounts/password/reset/confirm/", json=form) for _ in range(2))

    assert page == "https://www.example.org/reset-password"
    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json() == {"error": "Invalid or expired token"}
    assert [me(school, session).status_code for session in (here, there)] == [401, 401]
    assert refresh(school, here.cookies["refresh_token"]).status_code == 401
    assert [log_in(school, owner.username, password).status_code for password in (PASSWORD, NEW)] == [401, 200]


def test_a_registration_is_verified_by_its_mail(school, inbox):
    form = registration_form()

    assert school.post("/api/accounts/students/register/", json=form).status_code == 201
    page, token = mailed_link(inbox, form["gmail"])
    first, second = (school.post("/api/accounts/email/verify/", json={"token": token}) for _ in range(2))

    assert page == "https://www.example.org/verify-email"
    assert (first.status_code, second.status_code) == (200, 400)


def test_a_refresh_token_is_exchanged_for_the_next_over_http(school):
    owner = create_site_owner()
    session = log_in(school, owner.username)
    school.cookies.clear()

    first = refresh(school, session.cookies["refresh_token"])
    school.cookies.clear()
    replayed = refresh(school, session.cookies["refresh_token"])
    second = refresh(school, first.cookies["refresh_token"])

    assert (first.status_code, replayed.status_code, second.status_code) == (200, 401, 200)
