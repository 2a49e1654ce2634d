"""Which pages may use the API with cookies, and what CORS tells browsers."""

import json

import pytest

from tests.api import access_token
from tests.factories import PASSWORD, create_site_owner

MAILS = "/api/trial/mails/"
TRUSTED = "http://localhost:3000"
NO_ORIGIN = {"detail": "CSRF Failed: Origin checking failed - no Origin header."}
FOREIGN = {"detail": "CSRF Failed: Origin checking failed - the origin does not match any trusted origins."}


@pytest.fixture
def cookie(app):
    return {"Cookie": f"access_token={access_token(create_site_owner())}"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": TRUSTED},
        {"Origin": "http://localhost"},
        {"Referer": f"{TRUSTED}/login?next=/"},
        {"Referer": "http://localhost/api/docs/"},
        {"Origin": TRUSTED, "Referer": "http://evil.example/"},
    ],
)
def test_a_trusted_page_may_write_with_cookies(api, cookie, headers):
    response = api.post(MAILS, {"name": "a"}, headers={**cookie, **headers})

    assert (response.status_code, response.json) == (201, {"subject": "a"})


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, NO_ORIGIN),
        ({"Referer": ""}, NO_ORIGIN),
        ({"Referer": "nonsense"}, NO_ORIGIN),
        ({"Referer": "http://[broken"}, NO_ORIGIN),
        ({"Origin": "null"}, FOREIGN),
        ({"Origin": "http://evil.example"}, FOREIGN),
        ({"Origin": f"{TRUSTED}.evil.example"}, FOREIGN),
        ({"Origin": f"{TRUSTED}1"}, FOREIGN),
        ({"Origin": "http://localhost.evil.example"}, FOREIGN),
        ({"Origin": "https://localhost:3000"}, FOREIGN),
        ({"Origin": "http://localhost:3001"}, FOREIGN),
        ({"Origin": f"{TRUSTED}/"}, FOREIGN),
        ({"Referer": f"http://evil.example/{TRUSTED}/"}, FOREIGN),
        ({"Referer": "http://localhost:3000@evil.example/"}, FOREIGN),
        ({"Origin": "http://evil.example", "Referer": f"{TRUSTED}/"}, FOREIGN),
    ],
)
def test_another_page_may_not_write_with_cookies(api, cookie, headers, body):
    response = api.post(MAILS, {"name": "a"}, headers={**cookie, **headers})

    assert (response.status_code, response.json) == (403, body)


def test_the_public_url_is_the_own_origin_where_it_is_set(api, app, cookie, monkeypatch):
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://api.example.org/")

    own = api.post(MAILS, {"name": "a"}, headers={**cookie, "Origin": "https://api.example.org"})
    by_host = api.post(MAILS, {"name": "a"}, headers={**cookie, "Origin": "http://localhost"})

    assert (own.status_code, by_host.status_code) == (201, 403)


def test_reading_with_cookies_needs_no_origin(api, cookie):
    assert api.get("/api/accounts/me/", headers=cookie).status_code == 200


def test_a_bearer_needs_no_origin(api):
    response = api.as_(create_site_owner()).post(MAILS, {"name": "a"}, headers={"Origin": "http://evil.example"})

    assert response.status_code == 201


def test_a_form_from_another_page_is_stopped_before_its_type_is_looked_at(api, cookie):
    headers = {**cookie, "Origin": "http://evil.example", "Content-Type": "text/plain"}

    response = api.post(MAILS, data=b'{"name": "a"}', headers=headers)

    assert (response.status_code, response.json) == (403, FOREIGN)


def test_a_public_route_ignores_credentials_and_their_origin(api, cookie):
    response = api.post("/api/trial/echo/", {}, headers={**cookie, "Origin": "http://evil.example"})

    assert (response.status_code, response.json) == (200, {})


FORMS = {
    "JSON": lambda values: {"json": values},
    "JSON that does not say so": lambda values: {"data": json.dumps(values)},
    "a form": lambda values: {"data": values},
    "a form in parts": lambda values: {"data": values, "content_type": "multipart/form-data"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{TRUSTED}.evil.example"},
        {"Referer": "http://evil.example/"},
    ],
)
def test_a_foreign_page_signs_nobody_in(app, headers, form):
    """Whoever is put into an account of somebody else's redeems their codes there."""
    credentials = {"username": create_site_owner().username, "password": PASSWORD}

    response = app.test_client().post("/api/accounts/login/", headers=headers, **form(credentials))

    assert (response.status_code, response.json) == (403, FOREIGN)
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("headers", [{}, {"Origin": TRUSTED}, {"Referer": f"{TRUSTED}/login"}])
def test_a_trusted_page_and_what_is_no_browser_sign_in(app, headers, form):
    credentials = {"username": create_site_owner().username, "password": PASSWORD}

    response = app.test_client().post("/api/accounts/login/", headers=headers, **form(credentials))

    assert response.status_code == 200


def test_a_stale_cookie_does_not_close_a_public_route(api):
    assert api.post("/api/trial/echo/", {}, headers={"Cookie": "access_token=stale"}).status_code == 200


def test_a_preflight_of_a_trusted_page_is_answered(api):
    headers = {"Origin": TRUSTED, "Access-Control-Request-Method": "POST"}

    response = api.request("OPTIONS", "/api/accounts/login/", headers=headers)

    assert (response.status_code, response.data) == (204, b"")
    cors = {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")}
    assert cors == {
        "Access-Control-Allow-Origin": TRUSTED,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "Retry-After, Idempotency-Replayed, X-Request-ID, Content-Disposition",
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Accept-Language",
        "Access-Control-Max-Age": "600",
    }
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"{TRUSTED}.evil.example", "*", "http://localhost"])
@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
def test_another_page_gets_no_cors(api, origin, method):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    response = api.request(method, "/api/accounts/me/", headers=headers)

    assert [name for name, _ in response.headers if name.startswith("Access-Control-")] == []
    assert response.headers["Vary"] == "Origin"


def test_errors_carry_cors_too(api):
    response = api.get("/api/accounts/me/", headers={"Origin": TRUSTED})

    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == TRUSTED
