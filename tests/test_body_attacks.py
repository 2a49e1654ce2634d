"""Attacks by the body of a request, on every route that takes one: columns that are nobody's to set, ids of others."""

from dataclasses import replace
from typing import Any

import pytest
from flask import request
from flask_jwt_extended import create_refresh_token
from jwt import decode
from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, Numeric, String, select

from edutrack.core.extensions import db
from edutrack.core.openapi import describe
from edutrack.courses.service import topics
from edutrack.quizzes.models import Question
from tests.authorisation import ACTORS, PUBLIC, ROUTES
from tests.deeds import Deed, Deeds, Fields, documented_fields, leaves, path_in_document, send, with_leaf
from tests.tables import flags_set, table_states, tables_with, undone

#: What columns are set to that a request has no business with; and what shows that one was.
PLANTED = {
    Integer: 7654321,
    Numeric: "7654321.09",
    DateTime: "2033-03-03T03:03:03Z",
    Date: "2033-03-03",
    JSON: {"zqxplanted": 1},
    String: "zqxplanted",
}
SHOWS = "zqxplanted|7654321|2033-03-03"


@pytest.fixture
def school(app):
    return Deeds()


def planted(flag: bool) -> dict[str, Any]:
    """Return a value for each column that there is, and for each key that any answer has."""
    schemas = describe()["components"]["schemas"].values()
    values: dict[str, Any] = {key: PLANTED[Integer] for schema in schemas for key in schema.get("properties", {})}
    for table in db.metadata.tables.values():
        for column in table.columns:
            kind = next((kind for kind in PLANTED if isinstance(column.type, kind)), String)
            values[column.name] = flag if isinstance(column.type, Boolean) else PLANTED[kind]
    return values


def attacked(body: Any, fields: Fields, extras: dict[str, Any]) -> Any:
    """Return a body with the extras in it and in each object that nests, but for what is documented at that place."""
    if isinstance(body, list):
        return [attacked(item, fields, extras) for item in body]
    if not fields or not isinstance(body, dict):
        return body
    inner = {key: attacked(value, fields[key], extras) for key, value in body.items()}
    return {key: value for key, value in extras.items() if key not in fields} | inner


def set_by_attacks(app, school, routes):
    """Return the routes on which something became of what an attack planted beside the body of a deed."""
    fields, found = documented_fields(), {}
    # Both as JSON and as a form, with either value for each flag.
    attacks = [(planted(True), False), (planted(False), True)]
    for route in routes:
        deed, known = school.deeds[route], fields[route[0], path_in_document(route[1])]
        with undone(app):
            plain = send(app, school, route, deed)
            expected = plain.status_code, flags_set(), set()
        for values, as_form in attacks:
            attack = replace(deed, body=attacked(deed.body, known, values))
            with undone(app):
                response = send(app, school, route, attack, form=as_form)
                if (response.status_code, flags_set(), tables_with(SHOWS)) != expected:
                    found[route] = response.text[:300]
    return found


def test_no_body_sets_a_column_that_its_route_does_not_document(app, school):
    """Status, role, balance, ids, dates, flags: each of them on every route, beside everything that it does take."""
    assert set_by_attacks(app, school, school.deeds) == {}


def test_a_service_that_takes_whatever_comes_is_found(app, school, monkeypatch):
    """The broken twin: a change that writes what the request says, and not what the schema let through."""

    def change(_caller, topic, **_values):
        for name, value in (request.get_json(silent=True) or request.form).items():
            if name in ("order", "is_active"):
                continue
            if name in topic.__table__.columns:
                setattr(topic, name, value)
        db.session.flush()
        return topic

    monkeypatch.setattr(topics, "change_topic", change)
    route = ("PATCH", "/api/topics/<int:topic_id>/")

    assert list(set_by_attacks(app, school, [route])) == [route]


OTHERS = "belongs-to-others"
#: What a student may do with a course that is somebody else's as well: ask to be let into it.
OPEN_TO_OTHERS = {(("POST", "/api/enrollments/"), "course")}
#: Says for which teacher a site owner does it; from a teacher it counts for nothing.
FOR_OWNERS = {
    (("POST", "/api/questions/"), "teacher"),
    (("PATCH", "/api/questions/<int:question_id>/"), "teacher"),
    (("POST", "/api/questions/import/"), "teacher"),
}
#: Passes over what is not the caller's, and says how many were answered.
PASSES_OVER = ("POST", "/api/enrollments/bulk_respond/")


def test_no_id_of_others_works_in_a_path_or_a_body(app, school):
    """Each id in the deeds of staff and students, one at a time, becomes that of somebody else's."""
    others = Deeds(OTHERS)
    asked, wrong, bank = 0, {}, questions_of(others)
    for route, deed in school.deeds.items():
        if deed.actor in ("site owner", "anonymous"):
            continue
        for where, attempt in swapped(school, others, route, deed):
            with undone(app):
                before = table_states()
                response = attempt(app)
                asked += 1
                if (route, where) in OPEN_TO_OTHERS:
                    continue
                if (route, where) in FOR_OWNERS:
                    is_right = questions_of(others) == bank
                else:
                    passed_over = route == PASSES_OVER and response.json == {"updated": 0}
                    is_right = (400 <= response.status_code < 500 or passed_over) and table_states() == before
                if not is_right or OTHERS in response.text:
                    wrong[route, where] = (response.status_code, response.text[:300])

    assert wrong == {}
    assert asked > 50


def questions_of(school):
    teacher = school.ids["teacher_id"]
    return db.session.scalars(select(Question.id).where(Question.teacher_id == teacher).order_by(Question.id)).all()


def swapped(school, others, route, deed):
    """Yield what was swapped, and a function that sends the request with it."""
    if "<" in route[1]:
        yield "path", lambda app: send(app, _Elsewhere(school, others), route, deed)
    theirs = dict(leaves(others.deeds[route].body))
    for path, value in leaves(deed.body):
        other = theirs.get(path)
        # What belongs to nobody, such as a grade, is the same for both.
        if isinstance(value, int) and not isinstance(value, bool) and other is not None and other != value:
            body = with_leaf(deed.body, path, other)
            yield (
                path[-1] if len(path) == 1 else path,
                lambda app, body=body: send(app, school, route, replace(deed, body=body)),
            )


class _Elsewhere:
    """Whose tokens are one school's, and whose paths the other's."""

    def __init__(self, school, others):
        self.tokens, self.path = school.tokens, others.path


TRUSTED = "http://localhost:3000"
FOREIGN = [
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": f"{TRUSTED}.evil.example"},
    {"Referer": "https://evil.example/"},
]
UNSAFE = [route for route, row in ROUTES.items() if route[0] != "GET" and row != PUBLIC]


def test_no_foreign_page_changes_anything_with_a_cookie(app, school):
    """Every unsafe route, with a body and a cookie that would do, from five places that are not to be trusted."""
    wrong = {}
    before = table_states()
    for method, rule in UNSAFE:
        row = dict(zip(ACTORS, ROUTES[method, rule].split(), strict=True))
        deed = school.deeds.get((method, rule))
        actor = deed.actor if deed else next((name for name in reversed(ACTORS) if row[name] == "ok"), "student")
        cookie = {"Cookie": cookie_of(app, school, rule, actor)}
        for headers in FOREIGN:
            response = send(app, school, (method, rule), deed or Deed(actor, {}), headers={**cookie, **headers})
            if response.status_code != 403 or not response.json["detail"].startswith("CSRF Failed: "):
                wrong[method, rule, str(headers)] = (response.status_code, response.text[:200])
            if [name for name, _ in response.headers if name.startswith("Access-Control-")]:
                wrong[method, rule, str(headers)] = "CORS"

    assert wrong == {}
    assert table_states() == before


def cookie_of(app, school, rule, actor):
    token = school.tokens[actor]
    if not rule.endswith("/token/refresh/"):
        return f"access_token={token}"
    claims = decode(token, app.config["JWT_SECRET_KEY"], ["HS256"], audience="edutrack-api", issuer="edutrack")
    refreshing = create_refresh_token(claims["sub"], additional_claims={"sid": claims["sid"]})
    return f"refresh_token={refreshing}"


def test_the_same_requests_succeed_from_a_trusted_page(app, school):
    """Or else the walk above would show nothing."""
    wrong = {}
    for route in UNSAFE:
        if route not in school.deeds:
            continue
        deed = school.deeds[route]
        headers = {"Cookie": cookie_of(app, school, route[1], deed.actor), "Origin": TRUSTED}
        with undone(app):
            response = send(app, school, route, deed, headers=headers)
            if response.status_code not in (200, 201):
                wrong[route] = (response.status_code, response.text[:200])

    assert wrong == {}
