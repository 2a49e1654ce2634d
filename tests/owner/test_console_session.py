"""Signing in to the console and out of it, its cookie, its language and its headers."""

import re
from datetime import timedelta

import pytest
import time_machine

from edutrack.accounts.models import Session
from edutrack.accounts.service import set_password
from edutrack.core import clock
from edutrack.core.extensions import db
from tests.api import Api
from tests.factories import create_assistant, create_student, create_teacher, create_user
from tests.owner.console import LANGUAGE, LOGIN, LOGOUT, Console
from tests.signing_in import ME, UNAUTHENTICATED, log_in

WRONG = "اسم المستخدم أو كلمة المرور غير صحيحة."


@pytest.fixture
def console(app):
    return Console(app)


def sessions_of(user):
    db.session.expire_all()
    return db.session.query(Session).filter_by(user_id=getattr(user, "user_id", user.id)).all()


def is_signed_in(console):
    return console.get("/owner/").status_code == 200


def cookie_of(response):
    (cookie,) = [line for line in response.headers.getlist("Set-Cookie") if line.startswith("edutrack_console=")]
    return cookie


def test_a_site_owner_signs_in_and_comes_to_the_overview(console, owner):
    response = console.sign_in(owner)

    assert (response.status_code, response.location) == (303, "/owner/")
    assert is_signed_in(console)
    assert [session.ended_at for session in sessions_of(owner)] == [None]


def test_signing_in_leads_to_the_page_that_was_asked_for(console, owner):
    asked = console.get("/owner/audit/?verb=teacher")

    assert (asked.status_code, asked.location) == (303, "/owner/login/?next=/owner/audit/?verb%3Dteacher")
    assert console.sign_in(owner, path=asked.location).location == "/owner/audit/?verb=teacher"


@pytest.mark.parametrize(
    "target",
    [
        "https://example.org/",
        "//example.org/owner/",
        "/\\example.org",
        "/owner/\\\\example.org",
        "/api/",
        "javascript:1",
    ],
)
def test_signing_in_leads_nowhere_else(console, owner, target):
    response = console.post(LOGIN, {}, query_string={"next": target})
    assert response.status_code == 401

    signed_in = console.sign_in(owner, query_string={"next": target})

    assert (signed_in.status_code, signed_in.location) == (303, "/owner/")


def test_the_sign_in_page_sends_whoever_is_signed_in_on(console, owner):
    console.sign_in(owner)

    response = console.get(LOGIN)

    assert (response.status_code, response.location) == (303, "/owner/")


def test_a_wrong_password_is_refused_and_leaves_no_session(console, owner):
    response = console.sign_in(owner, "another-password")

    assert response.status_code == 401
    assert WRONG in response.text
    assert 'value="another-password"' not in response.text
    assert sessions_of(owner) == []
    assert not is_signed_in(console)


@pytest.mark.parametrize("create", [create_teacher, create_assistant, create_student])
def test_everybody_else_is_refused_with_the_same_words(console, create):
    person = create()

    response = console.sign_in(person)

    assert response.status_code == 401
    assert WRONG in response.text
    assert sessions_of(person) == []


def test_an_inactive_site_owner_is_refused(console):
    response = console.sign_in(create_user("siteowner", is_active=False))

    assert response.status_code == 401
    assert "حسابك غير مفعّل" in response.text


def test_failures_are_counted_together_with_those_of_the_api(app, console, owner):
    app.config["RATELIMIT_ENABLED"] = True
    try:
        for _ in range(5):
            assert log_in(app, owner, "wrong-password").status_code == 401
            assert console.sign_in(owner, "wrong-password").status_code == 401

        refused = console.sign_in(owner)

        assert refused.status_code == 429
        assert "محاولات كثيرة" in refused.text
        assert log_in(app, owner).status_code == 429
    finally:
        app.config["RATELIMIT_ENABLED"] = False


def test_signing_out_ends_the_session(console, owner):
    console.sign_in(owner)

    response = console.post(LOGOUT)

    assert (response.status_code, response.location) == (303, LOGIN)
    assert not is_signed_in(console)
    assert [session.ended_at is not None for session in sessions_of(owner)] == [True]


def test_a_cookie_from_before_signing_out_is_worth_nothing(app, console, owner):
    cookie = cookie_of(console.sign_in(owner)).split(";")[0]
    console.post(LOGOUT)

    response = app.test_client(use_cookies=False).get("/owner/", headers={"Cookie": cookie})

    assert response.status_code == 303


def test_a_changed_password_ends_the_consoles_sessions_too(console, owner):
    console.sign_in(owner)
    set_password(owner, "another-decent-one")
    db.session.commit()

    assert not is_signed_in(console)


def test_a_blocked_site_owner_is_out_at_the_next_request(console, owner):
    console.sign_in(owner)
    owner.is_active = False
    db.session.commit()

    assert not is_signed_in(console)


def test_the_cookie_is_for_the_console_alone_and_not_for_scripts(console, owner):
    cookie = cookie_of(console.sign_in(owner))

    assert {part.strip() for part in cookie.split(";")[1:] if not part.strip().startswith("Expires=")} == {
        "HttpOnly",
        "Path=/owner/",
        "SameSite=Strict",
    }


def test_the_cookie_is_secure_where_the_request_was(app, owner):
    console = Console(app)
    page = console.get(LOGIN, base_url="https://localhost")

    assert "Secure" in cookie_of(page)


def test_twelve_idle_hours_end_the_visit_and_use_prolongs_it(console, owner):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        console.sign_in(owner)
    with time_machine.travel(start + timedelta(hours=11), tick=False):
        assert is_signed_in(console)
    with time_machine.travel(start + timedelta(hours=22), tick=False):
        assert is_signed_in(console)
    with time_machine.travel(start + timedelta(hours=34, seconds=2), tick=False):
        assert not is_signed_in(console)


def test_no_visit_lasts_longer_than_seven_days(console, owner):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        console.sign_in(owner)
    for hours in range(10, 168, 10):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            assert is_signed_in(console)
    with time_machine.travel(start + timedelta(days=7, seconds=1), tick=False):
        assert not is_signed_in(console)


def test_the_consoles_session_never_counts_for_the_api(app, console, owner):
    cookie = cookie_of(console.sign_in(owner)).split(";")[0]

    response = Api(app).get(ME, headers={"Cookie": cookie})

    assert (response.status_code, response.json) == (401, UNAUTHENTICATED)


def test_the_console_is_arabic_until_english_is_chosen(console):
    first = console.get(LOGIN)
    assert '<html lang="ar" dir="rtl">' in first.text
    assert "تسجيل الدخول" in first.text

    response = console.post(LANGUAGE, {"language": "en", "next": LOGIN})
    second = console.get(LOGIN)

    assert (response.status_code, response.location) == (303, LOGIN)
    assert '<html lang="en" dir="ltr">' in second.text
    assert "Sign in" in second.text


def test_the_chosen_language_outlives_signing_in_and_out(console, owner):
    console.post(LANGUAGE, {"language": "en"})
    console.sign_in(owner)
    assert 'lang="en"' in console.get("/owner/").text

    console.post(LOGOUT)

    assert '<html lang="en"' in console.get(LOGIN).text


@pytest.mark.parametrize("language", ["fr", "", "ar\0", "<script>"])
def test_an_unknown_language_changes_nothing(console, language):
    response = console.post(LANGUAGE, {"language": language})

    assert response.status_code == 303
    assert '<html lang="ar"' in console.get(LOGIN).text


def test_pages_are_neither_kept_nor_open_to_foreign_scripts(console, owner):
    console.sign_in(owner)
    page = console.get("/owner/")
    policy = page.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))

    assert page.headers["Cache-Control"] == "no-store"
    assert policy == (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert nonce not in console.get("/owner/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/owner/", "/owner/audit/", "/owner/nowhere/"])
def test_no_page_holds_what_its_policy_refuses_or_names_another_host(console, owner, path):
    console.sign_in(owner)
    text = console.get(path).text

    assert re.findall(r"\s(?:on\w+|style)=", text) == []
    assert re.findall(r"<(?:script|style)\b(?![^>]*nonce=)", text) == []
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', text) == []
    assert "javascript:" not in text


def test_static_files_are_kept_for_ever_under_the_name_of_their_content(console):
    (address,) = re.findall(r'href="([^"]+console\.css[^"]*)"', console.get(LOGIN).text)

    named = console.get(address.replace("&amp;", "&"))
    unnamed = console.get("/owner/static/console.css")

    assert re.fullmatch(r"/owner/static/console\.css\?v=[0-9a-f]{16}", address)
    assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert unnamed.headers["Cache-Control"] == "no-cache"
    assert console.get("/owner/static/nothing.css").status_code == 404
    assert console.get("/owner/static/../console/console.css").status_code in (303, 404)
