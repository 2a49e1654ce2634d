"""Tokens that somebody forged or should not hold any more, also where the server remembers having verified one."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256, sha384
from hmac import digest

import pytest
import time_machine
from jwt import decode
from sqlalchemy import update

from edutrack.accounts.models import Session
from edutrack.core import clock, extensions
from edutrack.core.extensions import db, jwt
from tests.api import Api
from tests.factories import PASSWORD, create_site_owner, create_teacher
from tests.signing_in import (
    BAD_REFRESH,
    BLOCKED,
    LOGOUT,
    ME,
    NOON,
    REFRESH,
    UNAUTHENTICATED,
    alive,
    bearer,
    cookies_of,
    log_in,
    refresh,
    with_cookies,
)

#: A key that an attacker has, and names or sends along in the token's header.
ATTACKERS = "a" * 64
_JWK = {"kty": "oct", "alg": "HS256", "k": urlsafe_b64encode(ATTACKERS.encode()).decode().rstrip("=")}


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    """A memory of this test's own."""
    monkeypatch.setattr(jwt, "_verified", {})


def _part(value):
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def _signed(claims, header, key, algorithm=sha256):
    """Return a token with whatever header, which no library would write."""
    content = _part({"typ": "JWT", "alg": "HS256"} | header) + b"." + _part(claims)
    signature = digest(key.encode(), content, algorithm) if key else b""
    return (content + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _claims(app, token):
    return decode(token, app.config["JWT_SECRET_KEY"], ["HS256"], audience="edutrack-api", issuer="edutrack")


#: Each makes a token of a genuine one's claims: the header, the key it is signed with, and how.
FORGERIES = {
    **{f"algorithm {name}": ({"alg": name}, "") for name in ("none", "None", "NONE", "nOnE", "")},
    "no algorithm": ({"alg": None}, ""),
    "an algorithm that is a list": ({"alg": ["HS256"]}, ATTACKERS),
    "algorithm none with a signature": ({"alg": "none"}, ATTACKERS),
    "empty signature": ({}, ""),
    "key of a file": ({"kid": "../../../../dev/null"}, ATTACKERS),
    "key by an injected statement": ({"kid": "x' UNION SELECT 'a"}, ATTACKERS),
    "key at an address": ({"jku": "http://127.0.0.1:9/keys.json", "kid": "1"}, ATTACKERS),
    "certificate at an address": ({"x5u": "http://127.0.0.1:9/cert.pem"}, ATTACKERS),
    "key sent along": ({"jwk": _JWK}, ATTACKERS),
    "certificate sent along": ({"x5c": [ATTACKERS]}, ATTACKERS),
    "a header that must be understood": ({"crit": ["exp"], "exp": 2**33}, ATTACKERS),
    "detached payload": ({"b64": False, "crit": ["b64"]}, ATTACKERS),
}


@pytest.mark.parametrize("is_remembered", [False, True], ids=["at first", "remembered"])
@pytest.mark.parametrize(("header", "key"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_no_token(app, header, key, is_remembered):
    cookies = cookies_of(log_in(app, create_site_owner()))
    if is_remembered:
        assert alive(app, cookies)
    known = dict(jwt._verified)
    access, refreshing = (
        _signed(_claims(app, cookies[f"{kind}_token"]), header, key) for kind in ("access", "refresh")
    )

    for response in (bearer(app, access), with_cookies(app, ME, "GET", access_token=access)):
        assert (response.status_code, response.json) == (401, UNAUTHENTICATED)
    response = with_cookies(app, REFRESH, refresh_token=refreshing)
    assert (response.status_code, response.json) == (401, BAD_REFRESH)
    assert jwt._verified == known
    assert alive(app, cookies)


def test_the_right_key_under_another_algorithm_is_no_token(app):
    cookies = cookies_of(log_in(app, create_site_owner()))
    claims = _claims(app, cookies["access_token"])
    token = _signed(claims, {"alg": "HS384"}, app.config["JWT_SECRET_KEY"], sha384)

    assert bearer(app, token).status_code == 401


@pytest.mark.parametrize("seconds", [1, 60])
def test_a_token_of_the_future_is_no_token_yet(app, seconds):
    with time_machine.travel(NOON, tick=False) as traveller:
        token = cookies_of(log_in(app, create_site_owner()))["access_token"]
        claims = _claims(app, token)
        claims["nbf"] = claims["iat"] + seconds
        later = _signed(claims, {}, app.config["JWT_SECRET_KEY"])

        before = bearer(app, later).status_code
        traveller.shift(timedelta(seconds=seconds))
        after = bearer(app, later).status_code

    assert (before, after) == (401, 200)


def test_a_signature_of_other_claims_is_no_signature_although_both_are_remembered(app):
    first, second = (cookies_of(log_in(app, create_site_owner())) for _ in range(2))
    assert alive(app, first)
    assert alive(app, second)
    mixed = first["access_token"].rpartition(".")[0] + "." + second["access_token"].rpartition(".")[2]

    assert bearer(app, mixed).status_code == 401


def test_a_memory_that_leaves_the_signature_out_lets_forgeries_in(app, monkeypatch):
    """The broken twin: remembering a token by what it says instead of by all of it."""
    genuine, remembered = jwt._decode_jwt_from_config, {}

    def by_content(token, *args, **kwargs):
        content = token.rpartition(".")[0]
        if content not in remembered:
            remembered[content] = genuine(token, *args, **kwargs)
        return dict(remembered[content])

    monkeypatch.setattr(jwt, "_decode_jwt_from_config", by_content)
    token = cookies_of(log_in(app, create_site_owner()))["access_token"]
    assert bearer(app, token).status_code == 200

    assert bearer(app, token.rpartition(".")[0] + ".").status_code == 200


def _sign_out(app, cookies, _user):
    assert with_cookies(app, LOGOUT, access_token=cookies["access_token"]).status_code == 200


def _end_the_session(_app, _cookies, user):
    db.session.execute(update(Session).where(Session.user_id == user.id).values(ended_at=clock.now()))
    db.session.commit()


def _change_the_password(app, cookies, _user):
    form = {"old_password": PASSWORD, "new_password": "another-one", "new_password_confirm": "another-one"}
    headers = {"Authorization": f"Bearer {cookies['access_token']}"}
    assert Api(app).post("/api/accounts/password/change/", form, headers=headers).status_code == 200


def _delete(_app, _cookies, user):
    db.session.delete(user)
    db.session.commit()


def _change_the_key(app, _cookies, _user):
    app.config["JWT_SECRET_KEY"] = "n" * 64


@pytest.mark.parametrize("end", [_sign_out, _end_the_session, _change_the_password, _delete, _change_the_key])
def test_a_remembered_token_dies_with_what_it_stands_on(app, monkeypatch, end):
    monkeypatch.setitem(app.config, "JWT_SECRET_KEY", app.config["JWT_SECRET_KEY"])
    user = create_site_owner()
    cookies = cookies_of(log_in(app, user))
    assert alive(app, cookies)
    assert jwt._verified

    end(app, cookies, user)

    response = bearer(app, cookies["access_token"])
    assert (response.status_code, response.json) == (401, UNAUTHENTICATED)
    assert refresh(app, cookies).json == BAD_REFRESH


def test_a_remembered_token_of_a_blocked_account_is_answered_so(app):
    teacher = create_teacher()
    cookies = cookies_of(log_in(app, teacher))
    assert alive(app, cookies)
    teacher.user.is_active = False
    db.session.commit()

    response = bearer(app, cookies["access_token"])

    assert (response.status_code, response.json) == (403, BLOCKED)


@pytest.mark.parametrize(("seconds", "lives"), [(1799, True), (1800, False), (1801, False)])
def test_a_remembered_token_lives_no_longer(app, seconds, lives):
    with time_machine.travel(NOON, tick=False) as traveller:
        cookies = cookies_of(log_in(app, create_site_owner()))
        assert alive(app, cookies)
        traveller.shift(timedelta(seconds=seconds))

        assert alive(app, cookies) is lives


def test_a_remembered_token_is_of_its_own_kind_alone(app):
    cookies = cookies_of(log_in(app, create_site_owner()))
    assert alive(app, cookies)
    assert with_cookies(app, REFRESH, refresh_token=cookies["access_token"]).json == BAD_REFRESH
    following = cookies_of(refresh(app, cookies))
    assert cookies["refresh_token"] in {token for _, token in jwt._verified}

    assert bearer(app, cookies["refresh_token"]).status_code == 401
    assert with_cookies(app, ME, "GET", access_token=cookies["refresh_token"]).status_code == 401
    assert alive(app, following)


def test_the_memory_is_bounded_and_what_it_forgot_is_verified_again(app, monkeypatch):
    monkeypatch.setattr(extensions, "_REMEMBERED_TOKENS", 3)
    people = [cookies_of(log_in(app, create_site_owner())) for _ in range(8)]

    for _ in range(2):
        for cookies in people:
            assert alive(app, cookies)
            assert len(jwt._verified) <= 3
            assert bearer(app, _signed(_claims(app, cookies["access_token"]), {}, ATTACKERS)).status_code == 401


def test_who_changes_the_claims_of_a_request_does_not_change_the_memory(app):
    token = cookies_of(log_in(app, create_site_owner()))["access_token"]
    with app.test_request_context():
        jwt._decode_jwt_from_config(token)["sub"] = "1"

        assert jwt._decode_jwt_from_config(token) == _claims(app, token)
