"""Signing in and out, refreshing, and who is signed in."""

from tests.factories import PASSWORD, create_site_owner


def test_login_answers_who_signed_in_and_sets_both_cookies(api):
    owner = create_site_owner(username="Mona")

    response = api.post("/api/accounts/login/", {"username": "mona", "password": PASSWORD})

    assert response.status_code == 200
    assert response.json == {"role": "siteowner", "name": owner.username, "is_active": True}
    cookies = response.headers.getlist("Set-Cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["access_token", "refresh_token"]
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie for cookie in cookies)
    assert "Path=/api/accounts" in cookies[1]


def test_me_answers_the_caller(api):
    owner = create_site_owner()

    response = api.as_(owner).get("/api/accounts/me/")

    assert response.status_code == 200
    assert response.json == {
        "id": owner.id,
        "username": owner.username,
        "role": "siteowner",
        "name": owner.username,
        "is_active": True,
        "profile_id": None,
    }
