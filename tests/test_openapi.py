"""The OpenAPI document is valid, names every route with everything it answers, and is shown without outside help."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from flask import Flask
from openapi_spec_validator import validate

from edutrack.core import errors
from edutrack.core.blueprint import Blueprint
from edutrack.core.idempotency import idempotent
from edutrack.core.openapi import describe
from edutrack.core.openapi.route import path_of
from tests.authorisation import ROUTES
from tests.described import Undescribed, hold_against_description
from tests.factories import create_site_owner, create_student

ASSETS = Path("edutrack/core/openapi/assets")
DESCRIBED = [(method, rule) for method, rule in ROUTES if rule.startswith("/api/") and "docs" not in rule]
DESCRIBED.remove(("GET", "/api/openapi.json"))


@pytest.fixture(scope="module")
def document(shared_app):
    with shared_app.app_context():
        return describe()


@pytest.fixture(scope="module")
def operations(document):
    """The document's operations by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def operation_of(operations, name):
    return next(operation for operation in operations.values() if operation["operationId"] == name)


def test_the_document_is_valid_openapi(document):
    validate(document)

    assert document["openapi"] == "3.1.0"


def test_the_document_names_every_route_and_no_other(shared_app, operations):
    paths = {rule.rule: path_of(rule) for rule in shared_app.url_map.iter_rules()}

    assert set(operations) == {(method, paths[rule]) for method, rule in DESCRIBED}


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(operations):
    names = [operation["operationId"] for operation in operations.values()]

    assert sorted(set(names)) == sorted(names)
    assert [key for key, operation in operations.items() if not operation.get("summary")] == []


def test_every_tag_is_described(document, operations):
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}

    assert all(tags.values())
    assert {tag for operation in operations.values() for tag in operation["tags"]} == set(tags)


def test_what_is_no_id_is_described_as_not_found_whatever_a_view_says_of_missing_objects(operations):
    examples = {
        key: [
            example["value"]
            for example in operation["responses"]["404"]["content"]["application/json"]["examples"].values()
        ]
        for key, operation in operations.items()
        if "{" in key[1]
    }

    assert [key for key, bodies in examples.items() if {"detail": "Not found."} not in bodies] == []


def test_every_refusal_has_a_body_and_an_example_that_fits_it(document, operations):
    wrong = []
    for key, operation in operations.items():
        for status, answer in operation["responses"].items():
            if status < "400" or status == "416":
                continue
            content = answer["content"]["application/json"]
            validator = jsonschema_rs.Draft202012Validator({**content["schema"], "components": document["components"]})
            wrong += [
                (key, status, name)
                for name, example in content["examples"].items()
                if not validator.is_valid(example["value"])
            ]
            assert content["examples"], (key, status)

    assert wrong == []


def test_every_success_has_a_body_with_exact_keys(document, operations):
    for key, operation in operations.items():
        for status, answer in operation["responses"].items():
            if status == "204" or status >= "300" or "application/json" not in answer.get("content", {}):
                continue
            for name in re.findall(r"schemas/(\w+)", json.dumps(answer)):
                schema = document["components"]["schemas"][name]
                assert schema["additionalProperties"] is False, (key, name)


def test_every_example_of_a_body_fits_it(document):
    schemas = document["components"]["schemas"]
    examples = {name: schema["examples"] for name, schema in schemas.items() if "examples" in schema}

    assert examples
    for name, values in examples.items():
        validator = jsonschema_rs.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        )
        for value in values:
            validator.validate(value)


def test_each_operation_says_who_may_call_it(operations, shared_app):
    """Public routes ask for nothing; the others for a token, and refuse without one."""
    paths = {rule.rule: path_of(rule) for rule in shared_app.url_map.iter_rules()}
    for method, rule in DESCRIBED:
        operation = operations[method, paths[rule]]
        stranger = ROUTES[method, rule].split()[0]
        assert (operation["security"] == []) == (stranger != "401"), (method, rule)
        if stranger == "401":
            assert "401" in operation["responses"], (method, rule)


def test_the_refresh_cookie_is_asked_for_where_it_counts(operations):
    assert operation_of(operations, "refresh")["security"] == [{"refresh_cookie": []}]
    assert operation_of(operations, "log_out")["security"] == [{"cookie": []}, {"bearer": []}, {"refresh_cookie": []}]


def test_a_list_has_its_filters_beside_the_parameters_of_pages(operations):
    parameters = {item["name"]: item["schema"] for item in operation_of(operations, "list_courses")["parameters"]}

    assert list(parameters) == [
        "teacher",
        "search",
        "ordering",
        "grade",
        "subject",
        "is_active",
        "page",
        "page_size",
        "all",
    ]
    assert parameters["ordering"]["enum"] == ["created_at", "-created_at", "name", "-name"]


def test_a_body_with_a_file_is_described_as_form_and_as_json(document, operations):
    content = operation_of(operations, "create_course")["requestBody"]["content"]
    schemas = document["components"]["schemas"]

    assert content == {
        "application/json": {"schema": {"$ref": "#/components/schemas/NewCourseJson"}},
        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/NewCourse"}},
    }
    assert schemas["NewCourse"]["properties"]["cover_picture"]["format"] == "binary"
    assert schemas["NewCourseJson"]["properties"]["cover_picture"]["type"] == "null"
    assert schemas["NewCourse"]["required"] == ["grade", "name", "teacher"]


def test_a_required_file_cannot_come_as_json(operations):
    assert list(operation_of(operations, "create_material")["requestBody"]["content"]) == ["multipart/form-data"]


def test_decimals_come_in_leniently_and_go_out_with_two_places(document):
    schemas = document["components"]["schemas"]

    assert schemas["NewLecture"]["properties"]["price"]["type"] == ["string", "number"]
    assert schemas["Lecture"]["properties"]["price"]["type"] == "string"
    assert schemas["Lecture"]["properties"]["price"]["pattern"] == r"^-?[0-9]+\.[0-9]{2}$"


def test_bounds_of_fields_are_described(document):
    properties = document["components"]["schemas"]["NewLecture"]["properties"]

    assert properties["name"] == {"type": "string", "minLength": 1, "maxLength": 255}
    assert (properties["available_days"]["minimum"], "maximum" in properties["available_days"]) == (1, True)
    assert properties["description"]["type"] == ["string", "null"]


@pytest.mark.parametrize("name", ["redeem", "buy", "make_code", "make_batch"])
def test_idempotent_operations_describe_the_key_and_its_refusal(operations, name):
    operation = operation_of(operations, name)

    assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
    assert "422" in operation["responses"]
    assert [
        status
        for status, answer in operation["responses"].items()
        if "Idempotency-Replayed" in answer.get("headers", {})
    ] == [status for status in operation["responses"] if status < "300"]


@pytest.mark.parametrize("name", ["log_in", "register", "redeem"])
def test_limited_operations_describe_how_long_to_wait(operations, name):
    assert operation_of(operations, name)["responses"]["429"]["headers"]["Retry-After"]["required"] is True


def test_redeeming_shows_the_documented_refusals(operations):
    responses = operation_of(operations, "redeem")["responses"]
    texts = {
        status: [
            example["value"]["detail"]
            for example in responses[status]["content"]["application/json"]["examples"].values()
            if "detail" in example["value"]
        ]
        for status in ("400", "403", "404")
    }

    assert "This code has already been used." in texts["400"]
    assert "This code has expired." in texts["400"]
    assert "This code cannot be used for this course." in texts["400"]
    assert "You must be enrolled and approved in this course before redeeming codes." in texts["403"]
    assert "Your account is not verified yet." in texts["403"]
    assert texts["404"] == ["Invalid code."]


def test_the_document_is_public_and_answered_again_only_when_it_changed(api):
    first = api.get("/api/openapi.json", headers={"Authorization": "Bearer stale"})
    second = api.get("/api/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.status_code == 200
    assert first.mimetype == "application/json"
    assert first.json["info"]["title"] == "EduTrack"
    assert (second.status_code, second.data) == (304, b"")


def test_the_page_and_its_assets_come_from_the_application_alone(api):
    page = api.get("/api/docs/")
    assets = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)

    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert re.findall(r"""["'(]https?://""", page.text) == []
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "default-src 'none';" in page.headers["Content-Security-Policy"]
    assert len(assets) == 5
    for asset in assets:
        assert api.get(asset).status_code == 200


def test_the_pages_styles_load_nothing_from_elsewhere(api):
    for name in ("swagger-ui.css", "docs.css"):
        assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", api.get(f"/api/docs/{name}").text) == []


@pytest.mark.parametrize("name", ["nothing.js", "..%2fviews.py", "%2e%2e/views.py"])
def test_nothing_but_assets_is_served(api, name):
    assert api.get(f"/api/docs/{name}").status_code == 404


def test_the_library_of_the_page_comes_with_its_licence():
    text = (ASSETS / "LICENSE.txt").read_text(encoding="utf-8")

    assert "Apache License" in text
    assert "SmartBear Software" in text


def test_the_command_prints_the_document(document, test_environment, database_url):
    finished = subprocess.run(
        [sys.executable, "-m", "edutrack", "openapi"],
        env={**test_environment, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert json.loads(finished.stdout) == document


class TestHoldingResponses:
    """The recorder that every request of the suite goes through would notice."""

    @pytest.fixture
    def room(self, shared_app):
        return shared_app

    @staticmethod
    def answer(status, body, mimetype="application/json", headers=None):
        return Flask("other").response_class(json.dumps(body), status, headers=headers, mimetype=mimetype)

    @pytest.mark.parametrize(
        ("method", "path", "status", "body"),
        [
            ("GET", "/api/structure/grades/", 200, [{"id": 1, "name": "x"}]),
            ("GET", "/api/structure/grades/", 200, [{"id": 1, "name": "x", "order": 1, "secret": 1}]),
            ("GET", "/api/structure/grades/", 200, [{"id": 1, "name": None, "order": 1}]),
            ("GET", "/api/structure/grades/", 418, {"detail": "x"}),
            ("GET", "/api/structure/grades/1/", 404, {"error": "Not found."}),
            ("POST", "/api/wallet/redeem/", 429, {"detail": "Request was throttled."}),
            ("POST", "/api/wallet/redeem/", 200, {"detail": "x", "new_balance": "1.00", "transaction_id": 1}),
            ("GET", "/api/nowhere/", 404, {"error": "x"}),
        ],
    )
    def test_what_is_not_described_is_noticed(self, room, method, path, status, body):
        with pytest.raises(Undescribed):
            hold_against_description(room, method, path, self.answer(status, body))

    def test_html_is_noticed(self, room):
        with pytest.raises(Undescribed, match="instead of JSON"):
            hold_against_description(room, "GET", "/api/structure/grades/", self.answer(200, [], mimetype="text/html"))

    def test_what_is_described_passes(self, room):
        body = [{"id": 1, "name": "x", "order": 1}]

        hold_against_description(room, "GET", "/api/structure/grades/?x=1", self.answer(200, body))


def test_decorators_can_stand_in_any_room():
    """Every mark that the description reads survives the decorators around it."""
    blueprint = Blueprint("trial", __name__)

    @blueprint.post("/trial/")
    @idempotent
    @blueprint.response(204)
    @blueprint.localised
    @blueprint.refusals(errors.Rejected("No."))
    def refuse():
        """Refuse."""

    assert (refuse.idempotent, refuse.localised, [str(error) for error in refuse.refusals]) == (True, True, ["No."])


def test_whole_lists_and_pages_are_both_described(api, app):
    owner = api.as_(create_site_owner())
    create_student()

    assert set(owner.get("/api/accounts/students/").json) == {"count", "next", "previous", "results"}
    assert set(owner.get("/api/accounts/students/?all=true").json) == {"count", "results"}
