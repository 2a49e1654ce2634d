"""Signed tokens: what they carry, for what, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from edutrack.core.signing import read_signed, sign

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(app):
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_a_token_carries_its_payload_and_its_end():
    end = NOON + timedelta(hours=1)

    assert read_signed(sign({"name": "ملف", "id": 5}, "file", end), "file") == {"name": "ملف", "id": 5, "until": end}


@pytest.mark.parametrize(("passed", "is_good"), [(59, True), (60, False), (61, False)])
def test_a_token_ends_with_its_time(at_noon, passed, is_good):
    token = sign({"id": 5}, "file", NOON + timedelta(seconds=60))
    at_noon.shift(timedelta(seconds=passed))

    assert (read_signed(token, "file") is not None) == is_good


def test_a_token_is_for_one_purpose():
    assert read_signed(sign({"id": 5}, "file", NOON + timedelta(hours=1)), "playback") is None


def test_a_token_of_another_key_is_worth_nothing(app, monkeypatch):
    token = sign({"id": 5}, "file", NOON + timedelta(hours=1))
    monkeypatch.setitem(app.config, "SECRET_KEY", "another key")

    assert read_signed(token, "file") is None


@pytest.mark.parametrize("token", ["", ".", "x", "e30.e30", "منى", "\0", "a" * 10_000, "e30.\ud800"])
def test_nonsense_is_no_token(token):
    assert read_signed(token, "file") is None


def test_a_changed_payload_is_worth_nothing():
    payload, signature = sign({"id": 5}, "file", NOON + timedelta(hours=1)).rsplit(".", 1)
    other, _ = sign({"id": 6}, "file", NOON + timedelta(hours=1)).rsplit(".", 1)

    assert read_signed(f"{payload}.{signature}", "file") is not None
    assert read_signed(f"{other}.{signature}", "file") is None
