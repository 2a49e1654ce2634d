"""Paths: slashes, ids, methods, and what is not there."""

import pytest

from tests.factories import create_site_owner

NOT_FOUND = {"detail": "Not found."}


@pytest.mark.parametrize("path", ["/api/trial/users/5/", "/api/trial/users/5"])
def test_a_path_answers_the_same_with_and_without_its_slash(api, path):
    response = api.get(path)

    assert (response.status_code, response.json) == (200, {"id": 5})


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/nothing/",
        "/api//trial/users/5/",
        "/api/trial//users/5/",
        "/api/trial/users/-5/",
        "/api/trial/users/x/",
        "/api/trial/users/٥/",
        "/api/trial/users/5.0/",
        "/api/trial/users/%00/",
        "/api/trial/users/%ff/",
        "/api/../etc/",
    ],
)
def test_an_unknown_path_is_not_found_and_never_a_redirect(api, path):
    response = api.get(path)

    assert response.status_code == 404
    assert response.json == NOT_FOUND


def test_no_route_under_api_redirects_to_another_spelling(app, api):
    paths = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/") and "<" not in rule.rule]

    spellings = [spelling for path in paths for spelling in (path, path.rstrip("/"), path.replace("/api/", "/api//"))]

    assert [path for path in spellings if 300 <= api.get(path).status_code < 400] == []


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64, int("9" * 30), int("9" * 4000), 0])
def test_an_id_that_nothing_can_have_is_not_found(api, number):
    owner = create_site_owner()

    response = api.as_(owner).post(f"/api/trial/users/{'9' * 4000 if number > 10**40 else number}/", {"name": ""})

    assert response.status_code == 404
    assert response.json == NOT_FOUND


def test_the_guard_answers_before_an_id_that_is_too_long(api):
    response = api.post(f"/api/trial/users/{'9' * 30}/", {})

    assert response.status_code == 401
    assert response.json == {"detail": "Authentication credentials were not provided."}


def test_the_object_of_the_path_answers_before_the_body(api):
    owner = create_site_owner()

    response = api.as_(owner).post(f"/api/trial/users/{owner.id + 1000}/", data=b"{", content_type="application/json")

    assert (response.status_code, response.json) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_not_allowed(api, method):
    response = api.request(method, "/api/trial/users/5/")

    assert response.status_code == 405
    assert response.json == {"detail": f'Method "{method}" not allowed.'}
    assert set(response.headers["Allow"].split(", ")) >= {"GET", "HEAD", "OPTIONS"}


def test_head_answers_as_get_without_a_body(api):
    response = api.request("HEAD", "/api/trial/users/5/")

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Type"] == "application/json"


def test_options_names_the_methods(api):
    response = api.request("OPTIONS", "/api/trial/echo/")

    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
