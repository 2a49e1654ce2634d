"""Injected statements: whatever text comes in stays text, in each parameter of a list and each field of a body."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from edutrack.core.arabic import fold, words
from edutrack.core.openapi import describe
from tests.api import Api
from tests.authorisation import ACTORS, ROUTES
from tests.deeds import Deeds, leaves, path_in_document, send, with_leaf
from tests.tables import undone

ROOT = Path(__file__).resolve().parent.parent
PAYLOADS = (
    "'",
    '"',
    "''",
    "\\",
    "\\'",
    "%",
    "_",
    "%%",
    "100%",
    "\\%",
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR ""="',
    "') OR ('1'='1",
    "1 OR 1=1",
    "1; DROP TABLE users; --",
    "'; DELETE FROM users; --",
    "' UNION SELECT NULL --",
    "' UNION SELECT password_hash FROM users --",
    "admin'--",
    "' AND pg_sleep(5) IS NULL --",
    "'||pg_sleep(5)||'",
    "1 AND (SELECT 1 FROM pg_sleep(5)) IS NULL",
    "'||(SELECT version())||'",
    "' AND 1=CAST((SELECT version()) AS int) --",
    "$$; SELECT 1; $$",
    "/**/OR/**/1=1",
    "%27%20OR%201=1",
    ":name",
    "%(name)s",
    "{0}",
    "id); SELECT pg_terminate_backend(1",
    "created_at; --",
)
#: Names that hold what has a meaning in SQL, in patterns, and where values are put into texts.
SPECIAL = 'O\'Neill "100%" _x\\y; -- :name %(name)s {0} $$'
#: One of each way out of a literal; searches are asked for all of them below.
FEW = ("' OR 1=1 --", "1; DROP TABLE users; --", "\\'%_")


@pytest.fixture
def school(app):
    return Deeds(SPECIAL)


def lists(school):
    """Yield each GET with its parameters as the document has them, and a client that may call it."""
    document = describe()
    for (method, rule), row in ROUTES.items():
        if method != "GET" or not rule.startswith("/api/"):
            continue
        cells = dict(zip(ACTORS, row.split(), strict=True))
        actor = next((name for name in ("site owner", "teacher", "student", "anonymous") if cells[name] == "ok"), None)
        described = document["paths"].get(path_in_document(rule), {}).get("get", {})
        parameters = [item for item in described.get("parameters", []) if item["in"] == "query"]
        if actor and parameters:
            client = Api(school.app)
            client.headers = {"Authorization": f"Bearer {school.tokens[actor]}"} if school.tokens[actor] else {}
            yield rule, client, parameters


def test_no_parameter_of_a_list_is_part_of_a_statement(app, school):
    school.app = app
    asked, failed = 0, {}
    for rule, client, parameters in lists(school):
        for parameter in parameters:
            for payload in FEW:
                with client.get(f"{school.path(rule)}?{parameter['name']}={quote(payload)}") as response:
                    asked += 1
                    if response.status_code not in (200, 400, 403, 404):
                        failed[rule, parameter["name"], payload] = response.text[:200]

    assert failed == {}
    assert asked > 250


#: Finds codes and serials; and a file.
NOT_BY_NAME = ("/api/wallet/recharge-codes/", "/api/questions/export/")


def shown_texts(row):
    """Return all texts of a row that people wrote, folded as the search folds them."""
    return [fold(value) for path, value in leaves(row) if isinstance(value, str) and path[-1] not in ("type", "status")]


def test_a_search_finds_what_holds_the_text_and_nothing_else(app, school):
    """In every list with a search: the rows are those of the whole list in which each word stands, letter by letter."""
    school.app = app
    wrong, hits = {}, set()
    for rule, client, parameters in lists(school):
        if "search" not in [parameter["name"] for parameter in parameters] or rule in NOT_BY_NAME:
            continue
        path = school.path(rule)
        whole = client.get(f"{path}?page_size=200").json["results"]
        for payload in PAYLOADS:
            found = client.get(f"{path}?page_size=200&search={quote(payload)}").json["results"]
            expected = [
                row for row in whole if all(any(word in text for text in shown_texts(row)) for word in words(payload))
            ]
            if found != expected:
                wrong[rule, payload] = (len(found), len(expected), len(whole))
            if found and len(found) < len(whole):
                hits.add(rule)

    assert wrong == {}
    # Some rows and not all: neither that nothing is ever found nor that everything is would show anything.
    assert len(hits) >= 4


def test_no_text_of_a_body_is_part_of_a_statement(app, school):
    """Each text of each deed becomes an injected statement; what is taken is given back letter by letter."""
    failed, kept = {}, 0
    for route, deed in school.deeds.items():
        for path, value in leaves(deed.body):
            if not isinstance(value, str):
                continue
            for payload in ("x'); DROP TABLE users; --", "%' OR 1=1 \\ %(name)s :name"):
                body = with_leaf(deed.body, path, payload)
                with undone(app):
                    response = send(app, school, route, replace(deed, body=body))
                if response.status_code >= 500:
                    failed[(*route, path)] = response.text[:200]
                if response.status_code < 300 and response.is_json and payload in [v for _, v in leaves(response.json)]:
                    kept += 1

    assert failed == {}
    assert kept > 30


BUILT = """
from sqlalchemy import text
def found(db, name):
    return db.session.execute(text(f"SELECT * FROM users WHERE username = '{name}'"))
"""


def test_the_linter_refuses_statements_that_are_put_together():
    """Ruff's S608 is switched on for the application, and `make lint` fails with it."""
    command = [sys.executable, "-m", "ruff", "check", "--stdin-filename", "edutrack/core/built.py", "-"]

    refused = subprocess.run(command, cwd=ROOT, input=BUILT, capture_output=True, text=True)

    assert refused.returncode == 1
    assert "S608" in refused.stdout


#: Calls that hand text to the database as it is, and those of them whose text is no literal: all of it our own.
RAW = {"text", "literal_column", "exec_driver_sql"}
OURS = {
    "edutrack/core/invariants.py": 2,
    "edutrack/courses/queries/outline.py": 1,
    "edutrack/operations/contents.py": 1,
    "edutrack/quizzes/queries/places.py": 1,
}


def test_only_our_own_constants_are_handed_to_the_database_as_they_are():
    found = {}
    for path in sorted((ROOT / "edutrack").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
        built = [
            call
            for call in calls
            if getattr(call.func, "id", getattr(call.func, "attr", "")) in RAW
            and not isinstance(call.args[0], ast.Constant)
        ]
        if built:
            found[str(path.relative_to(ROOT))] = len(built)

    assert found == OURS
