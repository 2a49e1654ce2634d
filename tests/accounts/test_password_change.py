"""Changing one's own password."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from edutrack.accounts.models import Session, User
from edutrack.accounts.passwords import hash_password
from edutrack.accounts.service import passwords, sessions
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.limits import FailedAttempt
from tests.api import counted_statements
from tests.factories import PASSWORD, create_assistant, create_site_owner, create_student, create_teacher
from tests.signing_in import NOON, UNAUTHENTICATED, WRONG, alive, cookies_of, log_in, refresh, with_cookies

PATH = "/api/accounts/password/change/"
NEW = "another-decent-one"
FORM = {"old_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
CHANGED = {"message": "Password changed successfully. Please log in again."}
MISSING = {"error": "All password fields are required"}
DIFFERENT = {"error": "New passwords do not match"}
SHORT = {"error": "Password must be at least 8 characters"}
INCORRECT = {"error": "Current password is incorrect"}


def hash_of(user):
    return db.session.scalar(select(User.password_hash).where(User.id == user.id))


def verbs():
    return db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()


@pytest.mark.parametrize("create", [create_site_owner, create_teacher, create_assistant, create_student])
def test_everybody_changes_the_own_password(api, app, create):
    person = create()

    response = api.as_(person).post(PATH, FORM)

    assert (response.status_code, response.json) == (200, CHANGED)
    assert log_in(app, person, NEW).status_code == 200
    assert log_in(app, person, PASSWORD).json == WRONG
    assert verbs() == ["user.password.changed"]


@pytest.mark.parametrize("status", ["pending", "declined", "suspended_temporary", "suspended_permanent"])
def test_a_student_who_is_not_verified_changes_it_as_well(api, status):
    response = api.as_(create_student(status=status)).post(PATH, FORM)

    assert (response.status_code, response.json) == (200, CHANGED)


def test_a_change_ends_every_session_and_clears_both_cookies(app):
    owner, other = create_site_owner(), create_site_owner()
    here, there, others = (cookies_of(log_in(app, person)) for person in (owner, owner, other))

    response = app.test_client(use_cookies=False).post(
        PATH,
        json=FORM,
        headers={"Origin": "http://localhost:3000", "Cookie": f"access_token={here['access_token']}"},
    )

    assert cookies_of(response) == {"access_token": "", "refresh_token": ""}
    for cookies in (here, there):
        assert with_cookies(app, "/api/accounts/me/", "GET", **cookies).json == UNAUTHENTICATED
        assert refresh(app, cookies).status_code == 401
    assert alive(app, others)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"old_password": None}, MISSING),
        ({"old_password": ""}, MISSING),
        ({"new_password": ""}, MISSING),
        ({"new_password_confirm": ""}, MISSING),
        ({"old_password": 12345678}, MISSING),
        ({"new_password": ["x" * 8], "new_password_confirm": ["x" * 8]}, MISSING),
        ({"new_password": {"a": 1}, "new_password_confirm": {"a": 1}}, MISSING),
        ({"new_password": True, "new_password_confirm": True}, MISSING),
        ({"new_password_confirm": f"{NEW} "}, DIFFERENT),
        ({"new_password": "short", "new_password_confirm": "other"}, DIFFERENT),
        ({"new_password": "1234567", "new_password_confirm": "1234567"}, SHORT),
        ({"new_password": "sevenlt", "new_password_confirm": "sevenlt", "old_password": "wrong"}, SHORT),
        (
            {"new_password": "12345678", "new_password_confirm": "12345678"},
            {"error": "This password is entirely numeric."},
        ),
        (
            {"new_password": "monamona1", "new_password_confirm": "monamona1"},
            {"error": "The password is too similar to the username."},
        ),
        (
            {"new_password": "x" * 1025, "new_password_confirm": "x" * 1025},
            {"error": "Password must be at most 1024 characters"},
        ),
        ({"old_password": "wrong"}, INCORRECT),
        ({"old_password": f"{PASSWORD} "}, INCORRECT),
        ({"old_password": "x" * 100_000}, INCORRECT),
        ({"old_password": f"{PASSWORD}\0"}, INCORRECT),
    ],
)
def test_a_form_that_is_wrong_changes_nothing(api, app, change, answer):
    owner = create_site_owner(username="monamona")
    cookies = cookies_of(log_in(app, owner))
    before = hash_of(owner)

    response = api.as_(owner).post(PATH, FORM | change)

    assert (response.status_code, response.json) == (400, answer)
    assert "Set-Cookie" not in response.headers
    assert (hash_of(owner), verbs()) == (before, [])
    assert alive(app, cookies)


@pytest.mark.parametrize("missing", [*FORM, "all"])
def test_every_field_is_required(api, missing):
    form = {} if missing == "all" else {name: FORM[name] for name in FORM if name != missing}

    response = api.as_(create_site_owner()).post(PATH, form)

    assert (response.status_code, response.json) == (400, MISSING)


def test_eight_characters_are_enough(api):
    form = FORM | {"new_password": "8 كلمات!", "new_password_confirm": "8 كلمات!"}

    assert api.as_(create_site_owner()).post(PATH, form).status_code == 200


@pytest.fixture
def limits(app, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(app.config, "LOGIN_FAILURES_PER_ACCOUNT", 2)


@pytest.mark.usefixtures("limits")
def test_wrong_old_passwords_count_with_failed_logins(api, app):
    owner = create_site_owner(username="Mona")
    client = api.as_(owner)
    with time_machine.travel(NOON, tick=False) as clock:
        owner_client = api.as_(owner)
        assert owner_client.post(PATH, FORM | {"old_password": "wrong"}).json == INCORRECT
        assert log_in(app, owner, "wrong").json == WRONG

        refusals = [owner_client.post(PATH, FORM), log_in(app, owner)]

        for refusal in refusals:
            assert refusal.status_code == 429
            assert refusal.json == {"detail": "Request was throttled. Expected available in 901 seconds."}
            assert refusal.headers["Retry-After"] == "901"
        clock.shift(timedelta(minutes=16))
        assert owner_client.post(PATH, FORM).status_code == 200
    assert client.get("/api/accounts/me/").status_code == 401


@pytest.mark.usefixtures("limits")
def test_only_wrong_old_passwords_are_counted(api):
    client = api.as_(create_site_owner())

    for _ in range(3):
        assert client.post(PATH, FORM | {"new_password_confirm": "x"}).json == DIFFERENT

    assert db.session.scalar(select(func.count()).select_from(FailedAttempt)) == 0
    assert client.post(PATH, FORM).status_code == 200


def test_a_change_runs_four_statements(api):
    client = api.as_(create_student())

    with counted_statements() as statements:
        assert client.post(PATH, FORM).status_code == 200

    # The user, the hash, the sessions, the links that are still about.
    assert len(statements) == 4


def _replace_first(user):
    """Have another request replace the password of `user`."""
    db.session.execute(update(User).where(User.id == user.id).values(password_hash=hash_password("the other one")))


def test_a_password_that_was_replaced_meanwhile_is_not_replaced_again(api, app, monkeypatch):
    owner = create_site_owner()
    verify = passwords.verify_password

    def verify_late(*arguments):
        found = verify(*arguments)
        with db.session.no_autoflush:
            _replace_first(owner)
        return found

    monkeypatch.setattr(passwords, "verify_password", verify_late)

    response = api.as_(owner).post(PATH, FORM)

    assert (response.status_code, response.json) == (400, INCORRECT)


def test_a_login_under_way_while_the_password_is_replaced_opens_no_session(app, monkeypatch):
    owner = create_site_owner()
    verify = sessions.verify_password

    def verify_late(*arguments):
        found = verify(*arguments)
        _replace_first(owner)
        return found

    monkeypatch.setattr(sessions, "verify_password", verify_late)

    response = log_in(app, owner)

    assert (response.status_code, response.json) == (401, WRONG)
    assert db.session.scalar(select(func.count()).select_from(Session)) == 0
