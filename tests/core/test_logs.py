"""One line a request, with its id, and with nothing that is secret."""

import json
import re

import pytest
from flask import g

from tests.factories import PASSWORD, create_site_owner


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(api, capsys):
    response = api.get("/api/trial/users/5/")

    (line,) = lines(capsys)
    assert line.pop("milliseconds") >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", line.pop("timestamp"))
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "path": "/api/trial/users/5/",
        "status": 200,
        "request_id": response.headers["X-Request-ID"],
        "user_id": None,
    }


def test_the_line_names_who_asked(api, capsys):
    owner = create_site_owner()

    api.as_(owner).get("/api/accounts/me/")
    g.pop("caller")

    assert lines(capsys)[-1]["user_id"] == owner.id


def test_a_request_id_that_comes_along_is_kept(api, capsys):
    response = api.get("/healthz", headers={"X-Request-ID": "abc-12345"})

    assert response.headers["X-Request-ID"] == "abc-12345"
    assert lines(capsys)[-1]["request_id"] == "abc-12345"


@pytest.mark.parametrize("claimed", ["", "short", "x" * 65, "has space in it", "<script>alert</script>", "١٢٣٤٥٦٧٨٩"])
def test_another_request_id_is_replaced(api, claimed):
    response = api.get("/healthz", headers={"X-Request-ID": claimed.encode().decode("latin-1")})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_each_request_has_its_own_id(api):
    assert api.get("/healthz").headers["X-Request-ID"] != api.get("/healthz").headers["X-Request-ID"]


def test_a_failure_is_logged_under_the_id_that_the_caller_sees(api, in_view, capsys):
    in_view(lambda: 1 / 0)

    response = api.get("/api/trial/run/")

    failure, request = lines(capsys)
    assert failure["event"] == "request_failed"
    assert "ZeroDivisionError" in failure["exception"]
    assert failure["request_id"] == request["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/api/trial/users/5/?token=canary", "/files/canary-token/", "/readyz?x=canary"])
def test_no_link_leaves_its_token_in_the_log(api, capsys, path):
    api.get(path)

    assert "canary" not in capsys.readouterr().out


def test_no_password_or_token_is_logged(api, capsys):
    create_site_owner(username="mona")
    wrong = api.post("/api/accounts/login/", {"username": "mona", "password": "canary-password"})
    right = api.post("/api/accounts/login/", {"username": "mona", "password": PASSWORD})

    logged = capsys.readouterr().out
    assert (wrong.status_code, right.status_code) == (401, 200)
    assert "canary" not in logged
    assert PASSWORD not in logged
    assert "eyJ" not in logged
