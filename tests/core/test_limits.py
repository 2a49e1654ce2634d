"""Too many attempts: exact counts of failed logins, loose ones per address."""

from datetime import timedelta

import pytest
import time_machine

from edutrack.core.extensions import db
from tests.api import Api
from tests.factories import PASSWORD, create_course, create_enrollment, create_site_owner, create_student
from tests.trial import trial_application

LOGIN = "/api/accounts/login/"


@pytest.fixture
def limited(make_database, test_environment):
    """Return a function that makes an application with limits switched on; all share one fresh database."""
    url, entered = make_database(), []

    def make(**settings):
        environment = {**test_environment, "DATABASE_URL": url, "RATELIMIT_ENABLED": "true", **settings}
        application = trial_application(environment)
        app = application.__enter__()
        context = app.app_context()
        context.push()
        db.session.configure(join_transaction_mode="conditional_savepoint")
        entered.append((application, context))
        return app

    yield make
    for application, context in reversed(entered):
        db.session.remove()
        context.pop()
        application.__exit__(None, None, None)


def log_in(app, username, password=None, address="10.0.0.1", **headers):
    body = {"username": username, "password": password or "wrong"}
    return Api(app).post(LOGIN, body, environ_base={"REMOTE_ADDR": address}, headers=headers)


def test_the_eleventh_wrong_password_is_throttled(limited):
    app = limited()
    create_site_owner(username="Mona")
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        failures = [log_in(app, "mona").status_code for _ in range(10)]

        response = log_in(app, "MONA")

    assert failures == [401] * 10
    assert response.status_code == 429
    assert response.json == {"detail": "Request was throttled. Expected available in 901 seconds."}
    assert response.headers["Retry-After"] == "901"


def test_even_the_right_password_waits(limited):
    app = limited()
    create_site_owner(username="mona")
    for _ in range(10):
        log_in(app, "mona")

    assert log_in(app, "mona", PASSWORD).status_code == 429


def test_the_window_passes(limited):
    app = limited()
    create_site_owner(username="mona")
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        for _ in range(10):
            log_in(app, "mona")
        clock.shift(timedelta(minutes=15))

        response = log_in(app, "mona", PASSWORD)

    assert response.status_code == 200


def test_throttled_attempts_do_not_lengthen_the_wait(limited):
    app = limited()
    create_site_owner(username="mona")
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        for _ in range(10):
            log_in(app, "mona")
        clock.shift(timedelta(minutes=14))
        throttled = log_in(app, "mona")
        clock.shift(timedelta(minutes=1))

        response = log_in(app, "mona", PASSWORD)

    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "61")
    assert response.status_code == 200


def test_an_unknown_account_is_throttled_like_a_known_one(limited):
    app = limited()

    statuses = [log_in(app, "nobody").status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]


def test_another_account_and_another_address_are_not_concerned(limited):
    app = limited()
    create_site_owner(username="mona")
    create_site_owner(username="samy")
    for _ in range(10):
        log_in(app, "mona")

    assert log_in(app, "samy", PASSWORD).status_code == 200
    assert log_in(app, "mona", PASSWORD, address="10.0.0.2").status_code == 200


def test_successes_never_count(limited):
    app = limited(LOGIN_FAILURES_PER_ACCOUNT="3", LOGIN_FAILURES_PER_ADDRESS="3")
    create_site_owner(username="mona")

    statuses = [log_in(app, "mona", PASSWORD).status_code for _ in range(8)]

    assert statuses == [200] * 8


def test_an_address_that_fails_too_often_is_throttled_whatever_the_account(limited):
    app = limited(LOGIN_FAILURES_PER_ADDRESS="3")
    create_site_owner(username="mona")
    failures = [log_in(app, f"user-{number}").status_code for number in range(3)]

    response = log_in(app, "mona", PASSWORD)

    assert failures == [401] * 3
    assert response.status_code == 429
    wait = int(response.headers["Retry-After"])
    assert response.json == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
    assert 3590 <= wait <= 3601
    assert log_in(app, "mona", PASSWORD, address="10.0.0.2").status_code == 200


def test_a_forged_forwarded_address_does_not_help(limited):
    app = limited()
    for number in range(10):
        log_in(app, "mona", **{"X-Forwarded-For": f"1.1.1.{number}"})

    assert log_in(app, "mona", **{"X-Forwarded-For": "1.1.1.99"}).status_code == 429


def test_behind_a_proxy_only_what_the_proxy_added_counts(limited):
    app = limited(PROXY_COUNT="1")
    create_site_owner(username="mona")
    for number in range(10):
        log_in(app, "mona", **{"X-Forwarded-For": f"1.1.1.{number}, 2.2.2.2"})

    forged = log_in(app, "mona", PASSWORD, **{"X-Forwarded-For": "9.9.9.9, 2.2.2.2"})
    somebody_else = log_in(app, "mona", PASSWORD, **{"X-Forwarded-For": "2.2.2.2, 3.3.3.3"})

    assert (forged.status_code, somebody_else.status_code) == (429, 200)


def test_failures_count_across_workers(limited):
    for _ in range(5):
        log_in(limited(), "mona")
    workers = [limited(), limited()]
    for number in range(5):
        log_in(workers[number % 2], "mona")

    assert log_in(workers[0], "mona").status_code == 429
    assert log_in(workers[1], "mona").status_code == 429


REDEEM = "/api/wallet/redeem/"


def test_unknown_codes_count_across_workers_whatever_address_is_claimed(limited):
    workers = [limited(), limited()]
    course, student = create_course(), create_student()
    create_enrollment(student, course)
    body = {"code": "AAAA-AAAA-AAAA-AAAA", "course": course.id}

    statuses = [
        Api(workers[number % 2], student.user)
        .post(
            REDEEM,
            body,
            headers={"X-Forwarded-For": f"1.1.1.{number}"},
            environ_base={"REMOTE_ADDR": f"10.0.0.{number}"},
        )
        .status_code
        for number in range(11)
    ]

    assert statuses == [404] * 10 + [429]
