"""What /metrics says, and to whom."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from edutrack.core import clock, metrics
from edutrack.core.extensions import db
from edutrack.core.mail import queue_mail
from edutrack.core.mail.outbox import Mail
from tests.api import Api
from tests.factories import create_code, create_course, create_enrollment, create_student
from tests.serving import serving
from tests.trial import trial_application

LOCAL = {"environ_base": {"REMOTE_ADDR": "127.0.0.1"}}
AWAY = {"environ_base": {"REMOTE_ADDR": "10.0.0.9"}}
TOKEN = {"Authorization": "Bearer open-sesame"}


@pytest.fixture
def counting(make_database, test_environment):
    """Return a context in which an application counts, on a database of its own."""

    @contextmanager
    def run(**settings):
        environment = {**test_environment, "DATABASE_URL": make_database(), "METRICS_ENABLED": "true", **settings}
        with trial_application(environment) as app, app.app_context():
            db.session.configure(join_transaction_mode="conditional_savepoint")
            yield app
            db.session.remove()

    return run


def read(app, **options):
    """Return the samples as numbers, by name and labels as they are written."""
    response = Api(app).get("/metrics", **{**LOCAL, **options})
    assert response.status_code == 200
    return samples(response.text)


def samples(text):
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


def test_by_default_nothing_is_there(api):
    response = api.get("/metrics", **LOCAL)

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    ("settings", "options", "status"),
    [
        ({}, LOCAL, 200),
        ({}, AWAY, 404),
        ({}, {**LOCAL, "headers": {"X-Forwarded-For": "10.0.0.9"}}, 404),
        ({}, {**LOCAL, "headers": {"Forwarded": "for=10.0.0.9"}}, 404),
        ({}, {**AWAY, "headers": {"X-Forwarded-For": "127.0.0.1"}}, 404),
        ({"PROXY_COUNT": "1"}, {**LOCAL, "headers": {"X-Forwarded-For": "127.0.0.1"}}, 404),
        ({"PROXY_COUNT": "1"}, LOCAL, 200),
        ({}, {**AWAY, "headers": {"Authorization": "Bearer "}}, 404),
        ({"METRICS_TOKEN": "open-sesame"}, {**AWAY, "headers": TOKEN}, 200),
        ({"METRICS_TOKEN": "open-sesame"}, {**AWAY, "headers": {"Authorization": "Bearer open-sesam"}}, 404),
        (
            {"METRICS_TOKEN": "open-sesame"},
            {**AWAY, "headers": {"Authorization": "Bearer سمسم".encode().decode("latin-1")}},
            404,
        ),
        ({"METRICS_TOKEN": "open-sesame", "METRICS_ENABLED": "false"}, {**AWAY, "headers": TOKEN}, 404),
    ],
)
def test_only_this_machine_and_the_token_read_them(counting, settings, options, status):
    with counting(**settings) as app:
        assert Api(app).get("/metrics", **options).status_code == status


def test_requests_are_counted_by_route_and_status_and_timed(counting):
    with counting() as app:
        for path in ("/healthz", "/healthz", "/api/trial/users/7/", "/api/no/such/path/"):
            Api(app).get(path)
        Api(app).request("BREW", "/healthz")

        found = read(app)

    assert found['edutrack_requests_total{method="GET",route="/healthz",status="200"}'] == 2
    assert found['edutrack_requests_total{method="GET",route="/api/trial/users/<int:user_id>/",status="200"}'] == 1
    assert found['edutrack_requests_total{method="GET",route="none",status="404"}'] == 1
    assert found['edutrack_requests_total{method="other",route="none",status="405"}'] == 1
    assert found['edutrack_request_seconds_count{method="GET",route="/healthz"}'] == 2
    assert found['edutrack_request_seconds_bucket{le="+Inf",method="GET",route="/healthz"}'] == 2


def test_redeeming_and_buying_are_counted_by_what_became_of_them(counting):
    with counting() as app:
        course, student = create_course(), create_student()
        create_enrollment(student, course)
        code, _ = create_code(course)
        client, body = Api(app).as_(student), {"code": code, "course": course.id}
        for _ in range(2):
            client.post("/api/wallet/redeem/", body, headers={"Idempotency-Key": "once"})
        client.post("/api/wallet/redeem/", body)
        client.post("/api/purchases/", {"lecture": 1})

        found = read(app)

    assert {name: value for name, value in found.items() if name.startswith("edutrack_deeds_total")} == {
        'edutrack_deeds_total{deed="redeem",outcome="done"}': 1,
        'edutrack_deeds_total{deed="redeem",outcome="replayed"}': 1,
        'edutrack_deeds_total{deed="redeem",outcome="refused"}': 1,
        'edutrack_deeds_total{deed="buy",outcome="refused"}': 1,
    }


def test_what_lags_behind_is_said_in_seconds(counting):
    with counting() as app:
        before = read(app)
        with app.test_request_context():
            queue_mail("somebody@example.org", "subject", "text")
        db.session.flush()
        db.session.query(Mail).update({"next_attempt_at": clock.now() - timedelta(minutes=5)})
        db.session.commit()

        with db.engine.connect():
            after = read(app)

    assert (before["edutrack_outbox_lag_seconds"], before["edutrack_sweeper_lag_seconds"]) == (0, 0)
    assert 300 <= after["edutrack_outbox_lag_seconds"] < 330
    assert after["edutrack_roll_up_lag_seconds"] > 0
    assert (after["edutrack_database_up"], after["edutrack_database_connections_limit"]) == (1, 15)
    assert after["edutrack_database_connections"] == 1


def test_without_the_database_the_metrics_say_so(counting, monkeypatch):
    def fail():
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    monkeypatch.setattr(metrics, "_measures", [metrics.Measure("edutrack_lag", "A lag.", fail)])

    with counting() as app:
        found = read(app)

    assert found["edutrack_database_up"] == 0
    assert "edutrack_lag" not in found


@pytest.mark.concurrency
def test_whichever_worker_is_asked_answers_for_all(make_database, test_environment):
    environment = {**test_environment, "DATABASE_URL": make_database(), "METRICS_ENABLED": "true"}
    with serving(environment, workers=2) as server:
        for _ in range(40):
            # A connection of its own each time, so that both workers get some.
            server.client.get("/healthz", headers={"Connection": "close"})

        read = [samples(server.client.get("/metrics", headers={"Connection": "close"}).text) for _ in range(6)]

    counted = {found['edutrack_requests_total{method="GET",route="/healthz",status="200"}'] for found in read}
    assert counted == {40}
    assert all(found["edutrack_database_connections_limit"] in (15, 30) for found in read)
