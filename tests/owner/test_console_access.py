"""A walk over the console's routes: who gets in, what a form needs, and that reading changes nothing."""

import re

import pytest
from sqlalchemy import inspect, text

from edutrack.core.extensions import db
from edutrack.owner.console.access import ConsoleGuard, is_console_path
from tests.api import Api, access_token, counted_statements
from tests.factories import (
    create_assistant,
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
)
from tests.owner.console import LANGUAGE, LOGIN, Console

#: What anybody reaches; everything else asks for a site owner's session.
OPEN = {"/owner/login/", "/owner/language/", "/owner/static/<path:name>"}
#: Tables that a GET may write to: exports and prints are audited.
TRAILS = {"audit_entries"}
#: More than any page needs.
MOST_STATEMENTS = 10


def console_rules(app):
    return [rule for rule in app.url_map.iter_rules() if is_console_path(rule.rule)]


def paths(app, method, ids=None):
    """Return an address for each of the console's routes that takes the method, but for the open ones."""
    found = [rule for rule in console_rules(app) if method in rule.methods and rule.rule not in OPEN]
    return [re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str((ids or {}).get(name[1], 1)), rule.rule) for rule in found]


def table_states():
    """Return for each table its row count and a hash over all of its rows."""
    tables = sorted(set(inspect(db.engine).get_table_names()) - TRAILS)
    states = {}
    for table in tables:
        rows = f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t"  # noqa: S608
        states[table] = tuple(db.session.execute(text(rows)).one())
    return states


@pytest.fixture
def school(app):
    """One of everything that paths can name, by the name of the path's part."""
    teacher = create_teacher()
    course = create_course(teacher)
    lecture = create_lecture(course)
    student = create_student()
    assistant = create_assistant(teacher)
    code = create_code(course)[1]
    return {
        "teacher_id": teacher.id,
        "assistant_id": assistant.id,
        "user_id": student.user_id,
        "student_id": student.id,
        "course_id": course.id,
        "lecture_id": lecture.id,
        "enrollment_id": create_enrollment(student, course).id,
        "purchase_id": create_purchase(student, lecture).id,
        "batch_id": code.batch_id,
        "code_id": code.id,
        "file_type": "xlsx",
    }


@pytest.fixture
def signed_in(app):
    console = Console(app)
    console.sign_in(create_site_owner())
    return console


def test_only_signing_in_language_and_stylesheets_are_open(shared_app):
    declared = {rule.rule: shared_app.view_functions[rule.endpoint].guard for rule in console_rules(shared_app)}

    assert {rule for rule, guard in declared.items() if guard.public} == OPEN
    assert {type(guard) for guard in declared.values()} == {ConsoleGuard}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_strangers_are_sent_to_the_sign_in_page_wherever_they_go(app, method):
    for path in [*paths(app, method), "/owner", "/owner/no/such/page", "/owner/login/more"]:
        response = Console(app).request(method, path)

        assert response.status_code == 303, path
        assert response.location.partition("?")[0] == LOGIN, path


@pytest.mark.parametrize("create", [create_site_owner, create_teacher, create_assistant, create_student])
def test_a_token_of_the_api_opens_nothing(app, create):
    person = create()
    token = access_token(getattr(person, "user", person))
    cookie = {"Cookie": f"access_token={token}; refresh_token={token}"}
    bearer = {"Authorization": f"Bearer {token}"}

    for path in paths(app, "GET"):
        for headers in (cookie, bearer):
            response = app.test_client(use_cookies=False).get(path, headers=headers)

            assert (response.status_code, response.location.partition("?")[0]) == (303, LOGIN), path


@pytest.mark.parametrize("create", [create_teacher, create_assistant, create_student])
def test_an_account_of_another_role_opens_nothing(app, create):
    console = Console(app)
    assert console.sign_in(create()).status_code == 401

    for path in paths(app, "GET"):
        assert console.get(path).status_code == 303, path


@pytest.mark.parametrize("token", ["", "made-up"])
def test_no_form_is_taken_without_the_token_of_its_page(app, school, signed_in, token):
    before = table_states()

    for path in [*paths(app, "POST", school), LOGIN, LANGUAGE]:
        response = signed_in.post(path, {"language": "en", "reason": "x", "status": "verified"}, token=token)

        assert response.status_code == 400, path
    assert table_states() == before
    assert '<html lang="ar"' in signed_in.get("/owner/").text


def test_a_token_of_another_visitor_is_not_taken(app, signed_in):
    foreign = Console(app).token()

    assert signed_in.post(LANGUAGE, {"language": "en"}, token=foreign).status_code == 400


def test_no_page_changes_anything_by_being_read(app, school, signed_in):
    before = table_states()

    for path in paths(app, "GET", school):
        assert signed_in.get(path).status_code < 500, path
    assert table_states() == before


def test_no_page_runs_more_than_ten_statements(app, school, signed_in):
    for path in paths(app, "GET", school):
        with counted_statements() as statements:
            signed_in.get(path)

        assert len(statements) <= MOST_STATEMENTS, path


@pytest.mark.parametrize("number", [str(2**63), "9" * 30, "0"])
def test_a_number_that_names_nothing_is_no_failure(app, signed_in, number):
    ids = dict.fromkeys(re.findall(r"<int:(\w+)>", " ".join(rule.rule for rule in console_rules(app))), number)

    for path in paths(app, "GET", ids):
        assert signed_in.get(path).status_code in (200, 303, 400, 404), path


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "page_size=7",
        "page_size=x",
        "sort=nothing",
        "sort=--id",
        "search=%00%ff",
        "search=%ED%A0%80",
        "status=junk&is_active=junk&grade=junk&course=junk&target_type=junk&target_id=junk",
        f"target_id={2**63}&grade={2**63}&course=-1&subject=1e400",
        "first=9999-12-31&last=9999-12-31",
        "first=0001-01-01&last=0001-01-01",
        "verb=%00&actor=%00&verb=%25",
    ],
)
def test_junk_in_an_address_is_no_failure(app, school, signed_in, query):
    for path in paths(app, "GET", school):
        # 409: what a print just before has had, too, is warned of.
        assert signed_in.get(f"{path}?{query}").status_code in (200, 303, 400, 404, 409), path


def test_the_api_takes_no_token_of_a_form_and_asks_for_none(app):
    teacher = create_teacher()

    response = Api(app).as_(teacher).post("/api/accounts/logout/")

    assert response.status_code == 200
