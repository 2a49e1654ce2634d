"""Signing in over HTTP, as the tests of sessions and tokens do it."""

from tests.api import Api
from tests.factories import PASSWORD

LOGIN, LOGOUT, REFRESH, ME = (f"/api/accounts/{path}/" for path in ("login", "logout", "token/refresh", "me"))
TRUSTED = {"Origin": "http://localhost:3000"}
NOON = "2026-03-01T12:00:00Z"

UNAUTHENTICATED = {"detail": "Authentication credentials were not provided."}
BAD_REFRESH = {"error": "Invalid or expired refresh token"}
WRONG = {"error": "No active account found with the given credentials"}
INACTIVE = {"error": "Your account is inactive. Please contact an administrator."}
TEACHER_INACTIVE = {"error": "Your assigned teacher's account is inactive. Please contact an administrator."}
BLOCKED = {"detail": "Your account is inactive. Please contact an administrator."}
MISSING = {"error": "Username and password are required"}


def cookies_of(response):
    """Return what a response sets, by name."""
    parts = (cookie.split(";")[0].split("=", 1) for cookie in response.headers.getlist("Set-Cookie"))
    return dict(parts)


def log_in(app, person, password=PASSWORD):
    user = getattr(person, "user", person)
    return Api(app).post(LOGIN, {"username": user.username, "password": password})


def with_cookies(app, path, method="POST", **cookies):
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Api(app).request(method, path, headers={**TRUSTED, "Cookie": cookie})


def refresh(app, cookies):
    return with_cookies(app, REFRESH, refresh_token=cookies["refresh_token"])


def alive(app, cookies):
    """Return whether an access token still lets its holder in."""
    return with_cookies(app, ME, "GET", access_token=cookies["access_token"]).status_code == 200


def bearer(app, token, path=ME, method="GET"):
    return Api(app).request(method, path, headers={"Authorization": f"Bearer {token}"})
