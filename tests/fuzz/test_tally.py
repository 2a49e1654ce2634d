"""What `make fuzz` looks for is found where it is there; the fuzzing itself is no part of the suite."""

import json

import pytest
import schemathesis
from werkzeug.test import Client
from werkzeug.wrappers import Response

from edutrack.core.openapi import describe
from edutrack.core.rendering import UNSTORABLE
from fuzz.tally import Tally, print_tallies

PATH = "/api/structure/grades/"
GRADE = {"id": 1, "name": "الصف الأول", "order": 1}
SOUND = {"student": "Every invariant holds."}


@pytest.fixture(scope="module")
def operation(shared_app):
    with shared_app.app_context():
        return schemathesis.openapi.from_dict(describe())[PATH]["GET"]


@pytest.fixture
def tally():
    return Tally("student")


def judge(tally, operation, status, body, mimetype="application/json"):
    response = Client(Response(json.dumps(body), status, mimetype=mimetype)).get(PATH)
    tally.judge("GET grades", operation.Case(), response)


def is_clean(tally, *, operations=1, ledgers=SOUND, least_share=0.95):
    return print_tallies([tally], operations, ledgers, seconds=1, least_share=least_share)


def test_what_is_described_is_clean(tally, operation):
    judge(tally, operation, 200, [GRADE])

    assert tally.findings == {}
    assert is_clean(tally)


@pytest.mark.parametrize(
    ("status", "body", "mimetype", "found"),
    [
        (500, {"detail": "Internal server error"}, "application/json", "500 Server error"),
        (502, {"detail": "Not now."}, "application/json", "502 Undocumented status code"),
        (418, {"detail": "A teapot."}, "application/json", "418 Undocumented status code"),
        (200, [GRADE | {"secret": 1}], "application/json", "200 Response violates schema: Additional properties"),
        (200, [{"id": 1}], "application/json", "200 Response violates schema: "),
        (200, [GRADE], "text/html", "200 Undocumented Content-Type"),
    ],
)
def test_what_is_not_described_is_found(tally, operation, status, body, mimetype, found, capsys):
    judge(tally, operation, 200, [GRADE])
    judge(tally, operation, status, body, mimetype)

    assert any(what.startswith(found) for _, what in tally.findings), tally.findings
    assert not is_clean(tally)
    assert found in capsys.readouterr().out


def test_a_value_that_only_the_database_refuses_is_found(tally, shared_app):
    with shared_app.app_context():
        operation = schemathesis.openapi.from_dict(describe())[PATH]["POST"]
    judge(tally, operation, 201, GRADE)
    judge(tally, operation, 400, {"detail": UNSTORABLE})

    assert [what for _, what in tally.findings] == ["400 A value that no schema bounds"]
    assert not is_clean(tally)


def test_a_run_in_which_too_little_succeeds_is_not_clean(tally, operation):
    judge(tally, operation, 200, [GRADE])

    assert not is_clean(tally, operations=2)
    assert is_clean(tally, operations=2, least_share=0.5)


def test_a_broken_ledger_is_found(tally, operation, capsys):
    judge(tally, operation, 200, [GRADE])

    assert not is_clean(tally, ledgers={"student": "1 violation"})
    assert "1 violation" in capsys.readouterr().out
