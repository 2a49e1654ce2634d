"""Security headers of every response."""

import pytest

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz", 200), ("/api/trial/users/5/", 200), ("/api/accounts/me/", 401), ("/api/x/", 404), ("/x", 404)],
)
def test_every_response_carries_the_headers(api, path, status):
    response = api.get(path)

    assert response.status_code == status
    assert {name: response.headers[name] for name in EXPECTED} == EXPECTED


def test_a_failure_carries_the_headers(api, in_view):
    in_view(lambda: 1 / 0)

    response = api.get("/api/trial/run/")

    assert response.status_code == 500
    assert {name: response.headers[name] for name in EXPECTED} == EXPECTED


def test_nothing_under_api_is_kept_by_caches(api):
    assert api.get("/api/trial/users/5/").headers["Cache-Control"] == "no-store"


def test_what_a_view_says_itself_stands(api, in_view):
    in_view(lambda: ({}, {"Cache-Control": "public, max-age=60", "X-Frame-Options": "SAMEORIGIN"}))

    response = api.get("/api/trial/run/")

    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(("scheme", "expected"), [("https", "max-age=31536000"), ("http", None)])
def test_https_is_remembered_where_it_was_used(api, scheme, expected):
    response = api.get("/healthz", base_url=f"{scheme}://localhost")

    assert response.headers.get("Strict-Transport-Security") == expected
