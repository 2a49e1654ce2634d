"""Refresh tokens that rotate, and tokens that are none."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from flask_jwt_extended import create_access_token, create_refresh_token
from jwt import decode, encode
from sqlalchemy import func, select, update

from edutrack.accounts import service
from edutrack.accounts.models import RotatedToken, Session
from edutrack.accounts.service import sessions
from edutrack.core.extensions import db
from tests.api import Api, access_token
from tests.factories import create_site_owner, create_teacher
from tests.signing_in import (
    BAD_REFRESH,
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


def test_refreshing_gives_a_new_pair_and_uses_up_the_old_token(app):
    teacher = create_teacher()
    first = cookies_of(log_in(app, teacher))

    response = refresh(app, first)

    second = cookies_of(response)
    assert response.status_code == 200
    assert response.json == {"role": "teacher", "name": teacher.name, "is_active": True}
    assert second["refresh_token"] != first["refresh_token"]
    assert alive(app, second)
    assert refresh(app, second).status_code == 200


def test_a_refresh_token_used_again_at_once_is_refused_and_the_session_lives(app):
    with time_machine.travel(NOON, tick=False) as clock:
        first = cookies_of(log_in(app, create_site_owner()))
        second = cookies_of(refresh(app, first))
        clock.shift(timedelta(seconds=10))

        replay = refresh(app, first)

        assert (replay.status_code, replay.json) == (401, BAD_REFRESH)
        assert "Set-Cookie" not in replay.headers
        assert alive(app, second)
        assert refresh(app, second).status_code == 200


def test_a_refresh_token_used_again_later_ends_its_whole_family(app):
    with time_machine.travel(NOON, tick=False) as clock:
        owner = create_site_owner()
        elsewhere = cookies_of(log_in(app, owner))
        first = cookies_of(log_in(app, owner))
        second = cookies_of(refresh(app, first))
        clock.shift(timedelta(seconds=11))

        replay = refresh(app, first)

        assert (replay.status_code, replay.json) == (401, BAD_REFRESH)
        assert not alive(app, second)
        assert refresh(app, second).status_code == 401
        assert alive(app, elsewhere)


def test_the_oldest_token_of_a_long_family_ends_it_too(app):
    with time_machine.travel(NOON, tick=False) as clock:
        first = last = cookies_of(log_in(app, create_site_owner()))
        for _ in range(3):
            clock.shift(timedelta(minutes=20))
            last = cookies_of(refresh(app, last))

        refresh(app, first)

        assert not alive(app, last)


@pytest.mark.parametrize(("days", "status"), [(6, 200), (7, 401), (8, 401)])
def test_a_refresh_token_lives_for_a_week(app, days, status):
    with time_machine.travel(NOON, tick=False) as clock:
        cookies = cookies_of(log_in(app, create_site_owner()))
        clock.shift(timedelta(days=days))

        assert refresh(app, cookies).status_code == status


@pytest.mark.parametrize(("seconds", "lives"), [(1799, True), (1800, False), (1801, False)])
def test_an_access_token_lives_for_half_an_hour(app, seconds, lives):
    with time_machine.travel(NOON, tick=False) as clock:
        cookies = cookies_of(log_in(app, create_site_owner()))
        clock.shift(timedelta(seconds=seconds))

        assert alive(app, cookies) is lives


def test_refreshing_needs_the_cookie(app):
    cookies = cookies_of(log_in(app, create_site_owner()))

    response = bearer(app, cookies["refresh_token"], REFRESH, "POST")

    assert (response.status_code, response.json) == (401, BAD_REFRESH)


def _claims(app, token):
    return decode(token, app.config["JWT_SECRET_KEY"], ["HS256"], audience="edutrack-api", issuer="edutrack")


def _forged(change):
    """Return a function that signs a token's claims anew, changed, with the right key."""

    def forge(app, token):
        return encode({**_claims(app, token), **change}, app.config["JWT_SECRET_KEY"], "HS256")

    return forge


def _edited_payload(_app, token):
    header, payload, signature = token.split(".")
    return f"{header}.{payload[:-2]}{'AA' if payload[-2:] != 'AA' else 'BB'}.{signature}"


BAD_TOKENS = {
    "nonsense": lambda app, token: "nonsense",
    "empty": lambda app, token: "",
    "not ASCII": lambda app, token: "é.é.é",
    "without a signature": lambda app, token: token.rsplit(".", 1)[0] + ".",
    "edited payload": _edited_payload,
    "algorithm none": lambda app, token: encode(_claims(app, token), None, "none"),
    "algorithm HS384": lambda app, token: encode(_claims(app, token), app.config["JWT_SECRET_KEY"], "HS384"),
    "algorithm HS512": lambda app, token: encode(_claims(app, token), app.config["JWT_SECRET_KEY"], "HS512"),
    "another key": lambda app, token: encode(_claims(app, token), "k" * 64, "HS256"),
    "expired": _forged({"exp": 1}),
    "not yet valid": _forged({"nbf": 2**33}),
    "another audience": _forged({"aud": "somebody"}),
    "another issuer": _forged({"iss": "somebody"}),
    "another user": _forged({"sub": "999999999"}),
    "no number for a user": _forged({"sub": "x"}),
    "another session": _forged({"sid": 999999999}),
    "no number for a session": _forged({"sid": "x"}),
    "nothing for a session": _forged({"sid": None}),
}


@pytest.mark.parametrize("spoil", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_bad_access_token_is_no_token(app, spoil):
    cookies = cookies_of(log_in(app, create_site_owner()))
    token = spoil(app, cookies["access_token"])

    for response in (bearer(app, token), with_cookies(app, ME, "GET", access_token=token)):
        assert (response.status_code, response.json) == (401, UNAUTHENTICATED)


@pytest.mark.parametrize("spoil", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_bad_refresh_token_is_no_token(app, spoil):
    cookies = cookies_of(log_in(app, create_site_owner()))
    token = spoil(app, cookies["refresh_token"])

    response = with_cookies(app, REFRESH, refresh_token=token)

    assert (response.status_code, response.json) == (401, BAD_REFRESH)
    assert alive(app, cookies)


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer", ""])
def test_another_scheme_is_no_bearer(app, scheme):
    token = access_token(create_site_owner())

    response = Api(app).get(ME, headers={"Authorization": f"{scheme} {token}"})

    assert (response.status_code, response.json) == (401, UNAUTHENTICATED)


def test_a_refresh_token_is_no_access_token(app):
    cookies = cookies_of(log_in(app, create_site_owner()))

    for response in (
        bearer(app, cookies["refresh_token"]),
        with_cookies(app, ME, "GET", access_token=cookies["refresh_token"]),
    ):
        assert (response.status_code, response.json) == (401, UNAUTHENTICATED)


def test_an_access_token_is_no_refresh_token(app):
    cookies = cookies_of(log_in(app, create_site_owner()))

    response = with_cookies(app, REFRESH, refresh_token=cookies["access_token"])

    assert (response.status_code, response.json) == (401, BAD_REFRESH)


def test_refreshing_without_a_token_is_refused(api):
    response = api.post(REFRESH)

    assert (response.status_code, response.json) == (401, BAD_REFRESH)


def test_the_session_of_one_user_does_not_open_for_another(app):
    session_id = _claims(app, cookies_of(log_in(app, create_site_owner()))["access_token"])["sid"]
    token = create_access_token(str(create_site_owner().id), additional_claims={"sid": session_id})

    assert bearer(app, token).status_code == 401


def test_a_refresh_token_that_was_never_issued_ends_the_session_it_names(app):
    owner = create_site_owner()
    cookies = cookies_of(log_in(app, owner))
    session_id = _claims(app, cookies["access_token"])["sid"]
    token = create_refresh_token(str(owner.id), additional_claims={"sid": session_id, "jti": "never-issued"})

    response = with_cookies(app, REFRESH, refresh_token=token)

    assert (response.status_code, response.json) == (401, BAD_REFRESH)
    assert not alive(app, cookies)


def test_the_tokens_of_a_deleted_user_are_dead(app):
    owner = create_site_owner()
    cookies = cookies_of(log_in(app, owner))
    db.session.delete(owner)
    db.session.commit()

    assert not alive(app, cookies)
    assert refresh(app, cookies).json == BAD_REFRESH


def _refresh_at_once(app, cookies, threads=8):
    barrier = Barrier(threads)

    def ask(_):
        barrier.wait()
        return refresh(app, cookies)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, range(threads)))


@pytest.mark.concurrency
def test_parallel_refreshes_give_one_new_pair_and_the_session_lives(committing_app):
    cookies = cookies_of(log_in(committing_app, create_site_owner()))

    responses = _refresh_at_once(committing_app, cookies)

    answered = [response for response in responses if response.status_code == 200]
    refused = [response.json for response in responses if response.status_code == 401]
    assert (len(answered), refused) == (1, [BAD_REFRESH] * 7)
    assert alive(committing_app, cookies_of(answered[0]))
    assert refresh(committing_app, cookies_of(answered[0])).status_code == 200
    assert db.session.scalar(select(func.count()).select_from(RotatedToken)) == 2


@pytest.mark.concurrency
def test_a_token_that_is_looked_at_before_it_is_used_up_gives_many_pairs(committing_app, monkeypatch):
    """The broken twin: reading which token may be used, and writing its successor afterwards."""
    cookies = cookies_of(log_in(committing_app, create_site_owner()))
    everybody_has_looked = Barrier(4)

    def look_then_write(caller, jti):
        current = db.session.scalar(select(Session.refresh_jti).where(Session.id == caller.session_id))
        everybody_has_looked.wait()
        if current != jti:
            raise AssertionError("Nobody has written yet.")
        successor = sessions._new_jti()
        db.session.execute(update(Session).where(Session.id == caller.session_id).values(refresh_jti=successor))
        return sessions.SignedIn(caller, caller.session_id, successor)

    monkeypatch.setattr(service, "rotate_session", look_then_write)

    responses = _refresh_at_once(committing_app, cookies, threads=4)

    assert [response.status_code for response in responses] == [200] * 4
