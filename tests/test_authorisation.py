"""Every cell of the table of who may do what, over HTTP; and that the table and the routes name each other."""

import re
from pathlib import Path

import pytest

from edutrack.core.extensions import db
from edutrack.owner.console.access import is_console_path
from tests.api import Api
from tests.authorisation import ACTORS, HOLDERS, PUBLIC, READERS, ROUTES, STAFF, STUDENTS, TEACHING
from tests.world import CANARY, World

OUTCOMES = {
    (401, '{"detail":"Authentication credentials were not provided."}'): "401",
    (401, '{"error":"Invalid or expired refresh token"}'): "401",
    (403, '{"detail":"You do not have permission to perform this action."}'): "role",
    (403, '{"detail":"Your account is not verified yet."}'): "wait",
    (403, '{"detail":"Your account is inactive. Please contact an administrator."}'): "off",
    (403, '{"detail":"You must purchase this lecture."}'): "buy",
    (403, '{"error":"You can only cancel your own enrollments"}'): "own",
    (403, '{"error":"You are not enrolled in this course"}'): "enrol",
    (403, '{"detail":"This link is no longer valid."}'): "link",
    (404, '{"detail":"Not found."}'): "404",
    (404, '{"error":"Notification not found"}'): "404",
}
LET_THROUGH = (200, 201, 204, 302, 400, 409)
CELLS = [
    pytest.param(method, rule, actor, expected, id=f"{method} {rule} {actor}")
    for (method, rule), row in ROUTES.items()
    for actor, expected in zip(ACTORS, row.split(), strict=True)
]


@pytest.fixture(scope="module")
def school(shared_app):
    """The world of the table, built once, and the connection that its changes are rolled back on."""
    engines = db._app_engines[shared_app]
    engine = engines[None]
    with shared_app.app_context(), engine.connect() as connection:
        transaction = connection.begin()
        engines[None] = connection
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            world = World()
            picture = Path(shared_app.config["MEDIA_DIR"]) / "public" / "nothing"
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.touch()
            db.session.remove()
            yield world, connection
        finally:
            db.session.remove()
            transaction.rollback()
            engines[None] = engine


@pytest.fixture
def world(school):
    """The world as it was built, whatever the tests before have done to it."""
    built, connection = school
    savepoint = connection.begin_nested()
    yield built
    db.session.remove()
    savepoint.rollback()


def outcome(response):
    """Return the table's word for a response."""
    if response.status_code in LET_THROUGH:
        return "ok"
    return OUTCOMES.get((response.status_code, response.text), f"{response.status_code} {response.text}")


def call(app, method, path, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {} if method in ("POST", "PUT", "PATCH") else None
    response = Api(app).request(method, path, body, headers=headers)
    response.get_data()
    response.close()
    return response


@pytest.mark.parametrize(("method", "rule", "actor", "expected"), CELLS)
def test_the_actor_is_answered_as_the_table_says(shared_app, world, method, rule, actor, expected):
    response = call(shared_app, method, world.path(rule), world.tokens[actor])

    assert outcome(response) == expected


def _declared(app):
    # The console's routes are walked over in owner/test_console_access.py.
    rules = [rule for rule in app.url_map.iter_rules() if not is_console_path(rule.rule)]
    return {(method, rule.rule) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_the_table_names_every_route_and_no_other(shared_app):
    assert sorted(_declared(shared_app) ^ set(ROUTES)) == []


#: What is answered to whoever may not know whether the object is there.
TELLING_NOTHING = ("401", "role", "wait", "off", "404", "link")


@pytest.mark.parametrize(("method", "rule"), [route for route in ROUTES if "<" in route[1]])
def test_what_is_hidden_is_answered_like_what_is_missing(shared_app, world, method, rule):
    cells = zip(ACTORS, ROUTES[method, rule].split(), strict=True)
    kept_out = [actor for actor, expected in cells if expected in TELLING_NOTHING]

    def answers(path):
        called = {actor: call(shared_app, method, path, world.tokens[actor]) for actor in kept_out}
        return {actor: (response.status_code, response.data) for actor, response in called.items()}

    assert answers(world.path(rule)) == answers(re.sub("<[^>]+>", str(2**62), rule))


#: The column that a person's answers move to when the site owner deactivates the teacher.
BLOCKED_WITH_THE_TEACHER = {
    "teacher": "inactive teacher",
    "assistant": "assistant of the inactive",
    "other teacher": "other teacher",
    "student": "student",
}


def test_deactivating_a_teacher_blocks_teacher_and_assistants_everywhere_and_nobody_else(shared_app, world):
    """From the very next request on, with tokens from before; activating lets them in again."""
    signing_out = ("POST", "/api/accounts/logout/")

    def cells(actor, column):
        """Return what the actor is answered on every route, and what the table says of the column."""
        # What goes through is only read, so that the school stays as it is.
        asked = {
            route: dict(zip(ACTORS, row.split(), strict=True))[column]
            for route, row in ROUTES.items()
            if route != signing_out and row != PUBLIC
        }
        asked = {route: cell for route, cell in asked.items() if route[0] == "GET" or cell == "off"}
        found = {
            (method, rule): outcome(call(shared_app, method, world.path(rule), world.tokens[actor]))
            for method, rule in asked
        }
        return found, asked

    def set_active(is_active):
        path = f"/api/accounts/teachers/{world.ids['teacher_id']}/"
        headers = {"Authorization": f"Bearer {world.tokens['site owner']}"}
        assert Api(shared_app).patch(path, {"is_active": is_active}, headers=headers).status_code == 200

    set_active(False)
    for actor, column in BLOCKED_WITH_THE_TEACHER.items():
        found, expected = cells(actor, column)
        assert found == expected
    set_active(True)
    for actor in ("teacher", "assistant"):
        found, expected = cells(actor, actor)
        assert found == expected


LISTS = {rule: row for (method, rule), row in ROUTES.items() if method == "GET"}
#: Answers figures that name nothing.
del LISTS["/api/teacher/dashboard/"]
SCOPED_LISTS = [rule for rule, row in LISTS.items() if row in (STAFF, TEACHING, READERS)]
OWN_LISTS = [rule for rule, row in LISTS.items() if row in (STUDENTS, HOLDERS, READERS)]


@pytest.mark.parametrize(
    ("rule", "actor"),
    [
        *((rule, actor) for rule in SCOPED_LISTS for actor in ("other teacher", "other assistant")),
        *((rule, "other student") for rule in OWN_LISTS),
    ],
)
@pytest.mark.parametrize("query", ["", "?all=true", "?course={course_id}&lecture={lecture_id}&student={student_id}"])
def test_no_list_shows_what_belongs_to_others(shared_app, world, rule, actor, query):
    response = call(shared_app, "GET", rule + query.format(**world.ids), world.tokens[actor])

    assert outcome(response) in ("ok", "buy")
    assert CANARY not in response.text


@pytest.mark.parametrize(
    ("rule", "actor"), [*((rule, "teacher") for rule in SCOPED_LISTS), *((rule, "student") for rule in OWN_LISTS)]
)
def test_the_list_shows_it_to_whom_it_belongs(shared_app, world, rule, actor):
    response = call(shared_app, "GET", rule, world.tokens[actor])

    assert response.status_code == 200
    assert CANARY in response.text
