"""`Idempotency-Key`: one effect, one answer, however often a request is sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from edutrack.core import clock, idempotency
from edutrack.core.extensions import db
from edutrack.core.idempotency import IdempotencyKey
from edutrack.core.mail import Mail
from tests.api import Api
from tests.factories import create_site_owner

MAILS = "/api/trial/mails/"
KEY = {"Idempotency-Key": "7f0c"}


def mails():
    return db.session.scalar(select(func.count()).select_from(Mail))


def test_the_same_request_is_answered_again_and_has_no_second_effect(api):
    client = api.as_(create_site_owner())

    first = client.post(MAILS, {"name": "a"}, headers=KEY)
    second = client.post(MAILS, {"name": "a"}, headers=KEY)

    assert (first.status_code, first.json, "Idempotency-Replayed" in first.headers) == (201, {"subject": "a"}, False)
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == "application/json"
    assert mails() == 1


def test_the_key_with_another_body_is_refused(api):
    client = api.as_(create_site_owner())
    client.post(MAILS, {"name": "a"}, headers=KEY)

    response = client.post(MAILS, {"name": "b"}, headers=KEY)

    assert response.status_code == 422
    assert response.json == {"detail": "This Idempotency-Key was already used with another request."}
    assert mails() == 1


def test_the_same_request_in_another_spelling_is_the_same(api):
    client = api.as_(create_site_owner())
    first = client.post(MAILS, data=b'{"name": "a", "note": 1}', content_type="application/json", headers=KEY)

    again = client.post(MAILS.rstrip("/"), data=b'{"note":1,"name":"a"}', content_type="application/json", headers=KEY)

    assert (again.status_code, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    assert mails() == 1


@pytest.mark.parametrize(
    "body",
    [b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}", b"[" * 5000, b'{"name": 1e999}', b'{"name": "\\ud800"}', b"\xff"],
)
def test_a_body_that_no_view_takes_is_refused_with_a_key_as_well(api, body):
    client = api.as_(create_site_owner())

    answers = [client.post(MAILS, data=body, content_type="application/json", headers=KEY) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 400]


def test_another_users_key_is_another_key(api):
    api.as_(create_site_owner()).post(MAILS, {"name": "a"}, headers=KEY)

    response = api.as_(create_site_owner()).post(MAILS, {"name": "b"}, headers=KEY)

    assert (response.status_code, response.json) == (201, {"subject": "b"})


def test_requests_without_a_key_each_have_their_effect(api):
    client = api.as_(create_site_owner())

    for _ in range(2):
        client.post(MAILS, {"name": "a"}, headers={"Idempotency-Key": " "})

    assert mails() == 2


@pytest.mark.parametrize("body", [{"name": "refused"}, {}])
def test_a_refusal_is_not_kept(api, body):
    client = api.as_(create_site_owner())
    refused = client.post(MAILS, body, headers=KEY)

    response = client.post(MAILS, {"name": "a"}, headers=KEY)

    assert refused.status_code == 400
    assert (response.status_code, response.json) == (201, {"subject": "a"})


def test_a_key_that_is_too_long_is_refused(api):
    response = api.as_(create_site_owner()).post(MAILS, {"name": "a"}, headers={"Idempotency-Key": "k" * 256})

    assert response.status_code == 400
    assert response.json == {"Idempotency-Key": ["Ensure this field has no more than 255 characters."]}
    assert mails() == 0


def test_the_guard_answers_before_the_key(api):
    assert api.post(MAILS, {"name": "a"}, headers=KEY).status_code == 401
    assert db.session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0


@pytest.mark.parametrize(
    ("age", "subject", "count"), [(timedelta(hours=23, minutes=59), "a", 1), (timedelta(hours=24, minutes=1), "b", 2)]
)
def test_a_key_is_kept_for_a_day(api, monkeypatch, age, subject, count):
    owner = create_site_owner()
    api.as_(owner).post(MAILS, {"name": "a"}, headers=KEY)
    later = clock.now() + age
    monkeypatch.setattr(idempotency.clock, "now", lambda: later)

    response = api.as_(owner).post(MAILS, {"name": subject}, headers=KEY)

    assert (response.status_code, response.json) == (201, {"subject": subject})
    assert mails() == count


def _post_at_once(app, threads):
    client = Api(app, create_site_owner())
    barrier = Barrier(threads)

    def post(_):
        barrier.wait()
        return client.post(MAILS, {"name": "a"}, headers=KEY)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(post, range(threads)))


@pytest.mark.concurrency
def test_thirty_requests_at_once_have_one_effect_and_one_answer(committing_app):
    responses = _post_at_once(committing_app, 30)

    assert [(response.status_code, response.data) for response in responses] == [(201, b'{"subject":"a"}')] * 30
    assert sum("Idempotency-Replayed" in response.headers for response in responses) == 29
    assert mails() == 1


@pytest.mark.concurrency
def test_a_key_that_is_read_before_it_is_written_lets_requests_through(committing_app, monkeypatch):
    """The broken twin: looking for the key first and writing it afterwards."""
    everybody_has_looked = Barrier(5)

    def look_then_run(key, run):
        found = db.session.scalar(select(IdempotencyKey.sealed_body).where(IdempotencyKey.key == key))
        db.session.rollback()
        everybody_has_looked.wait()
        return idempotency.current_app.response_class(found) if found else run()

    monkeypatch.setattr(idempotency, "_run_once", look_then_run)

    _post_at_once(committing_app, 5)

    assert mails() == 5
