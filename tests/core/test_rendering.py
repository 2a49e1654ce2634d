"""What callers and logs see when something unexpected happens."""

import pytest
from flask import abort
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from edutrack.accounts.models import User
from edutrack.core import errors
from edutrack.core.extensions import db
from tests.factories import create_site_owner

RUN = "/api/trial/run/"


def _raising(error):
    def raise_error():
        raise error

    return raise_error


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (errors.Rejected("No."), 400, {"detail": "No."}),
        (errors.Rejected("No.", key="error"), 400, {"error": "No."}),
        (errors.Invalid({"name": ["Bad."]}), 400, {"name": ["Bad."]}),
        (errors.invalid_pk("course", 7), 400, {"course": ['Invalid pk "7" - object does not exist.']}),
        (errors.NotSignedIn(), 401, {"detail": "Authentication credentials were not provided."}),
        (errors.Forbidden(), 403, {"detail": "You do not have permission to perform this action."}),
        (errors.NotFound(), 404, {"detail": "Not found."}),
        (errors.InUse("Still needed."), 409, {"detail": "Still needed."}),
        (errors.TooLarge("Too large."), 413, {"detail": "Too large."}),
        (errors.UnsupportedBody("What?"), 415, {"detail": "What?"}),
        (errors.KeyReused("Again."), 422, {"detail": "Again."}),
        (errors.Throttled(7), 429, {"detail": "Request was throttled. Expected available in 7 seconds."}),
        (errors.Unavailable(), 503, {"detail": "Service temporarily unavailable, try again later."}),
    ],
)
def test_each_domain_error_has_its_status(api, in_view, error, status, body):
    in_view(_raising(error))

    response = api.get(RUN)

    assert (response.status_code, response.json) == (status, body)
    assert response.headers["Content-Type"] == "application/json"


def test_throttled_says_when_to_come_back(api, in_view):
    in_view(_raising(errors.Throttled(0)))

    assert api.get(RUN).headers["Retry-After"] == "1"


def test_an_unexpected_failure_says_nothing_about_itself(api, in_view):
    in_view(_raising(RuntimeError("the secret is 42")))

    response = api.get(RUN)

    assert response.status_code == 500
    assert response.data == b'{"detail":"Internal server error"}'
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT", {}, Exception("gone")), PoolTimeout("QueuePool limit")], ids=["gone", "busy"]
)
def test_a_database_that_does_not_answer_is_an_outage_and_no_mistake(api, in_view, error):
    in_view(_raising(error))

    response = api.get(RUN)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.json == {"detail": "Service temporarily unavailable, try again later."}


@pytest.mark.parametrize("status", [400, 403, 405, 408, 410, 418, 429, 500, 503])
def test_no_http_error_is_html_under_api(api, in_view, status):
    in_view(lambda: abort(status))

    response = api.get(RUN)

    assert response.status_code == status
    assert list(response.json) == ["detail"]
    assert response.headers["Content-Type"] == "application/json"


def test_a_value_that_fits_no_column_is_the_requests_fault(api, in_view):
    in_view(lambda: db.session.execute(text("SELECT 1 / 0")))

    response = api.get(RUN)

    assert (response.status_code, response.json) == (400, {"detail": "A value in the request is out of range."})


def test_neither_parameters_nor_rows_reach_the_log(api, in_view, capsys):
    values = {"username": "canary-name", "gmail": "canary@example.org", "password_hash": "canary-hash", "role": "king"}
    in_view(lambda: (db.session.add(User(**values)), db.session.flush()))

    response = api.get(RUN)

    logged = capsys.readouterr().out
    assert (response.status_code, response.json) == (500, {"detail": "Internal server error"})
    assert "ck_users_role_known" in logged
    assert "canary" not in logged


def test_a_duplicate_that_nobody_declared_stays_out_of_the_log(api, in_view, capsys):
    owner = create_site_owner(username="canary-name")
    statement = text(
        "INSERT INTO users (id, username, gmail, password_hash, role, is_active, created_at) "
        "SELECT id, 'canary-other', 'canary@example.org', 'x', role, true, now() FROM users WHERE id = :id"
    )
    in_view(lambda: db.session.execute(statement, {"id": owner.id}))

    response = api.get(RUN)

    logged = capsys.readouterr().out
    assert response.status_code == 500
    assert "pk_users" in logged
    assert "DETAIL" not in logged
