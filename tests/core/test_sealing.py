"""Sealed values: equal ones have equal seals, and only this key and purpose opens them."""

import pytest
from sqlalchemy import func, select, update

from edutrack.core.extensions import db
from edutrack.core.sealing import KeyCheck, check_key, init_sealing, seal, unseal
from edutrack.core.settings import SettingsError

WRONG_KEY = "CODE_KEY is not the key that this database was sealed with."


@pytest.fixture
def with_key(app):
    """Return a function that gives the application another CODE_KEY until the test is over."""
    cipher, key = app.extensions["edutrack-seal"], app.config["CODE_KEY"]

    def change(other):
        app.config["CODE_KEY"] = other
        init_sealing(app)

    yield change
    app.config["CODE_KEY"] = key
    app.extensions["edutrack-seal"] = cipher


@pytest.mark.parametrize("text", ["ABCD-EFGH", "31101010100012", "نص", ""])
def test_a_sealed_value_opens_again(app, text):
    assert unseal(seal(text, "recharge-code"), "recharge-code") == text


def test_equal_values_have_equal_seals_and_no_trace_of_the_value(app):
    first, second, other = (seal(text, "recharge-code") for text in ("ABCDEFGH", "ABCDEFGH", "ABCDEFGI"))

    assert first == second
    assert first != other
    assert b"ABCD" not in first


def test_a_seal_does_not_open_for_another_purpose(app):
    with pytest.raises(SettingsError):
        unseal(seal("value", "recharge-code"), "national-id")


def test_each_purpose_has_seals_of_its_own(app):
    assert seal("value", "recharge-code") != seal("value", "national-id")


def test_a_changed_seal_does_not_open(app):
    sealed = bytearray(seal("value", "recharge-code"))
    sealed[-1] ^= 1

    with pytest.raises(SettingsError):
        unseal(bytes(sealed), "recharge-code")


def test_another_key_opens_nothing_and_says_so(app, with_key):
    sealed = seal("value", "recharge-code")
    with_key("f" * 64)

    with pytest.raises(SettingsError) as failure:
        unseal(sealed, "recharge-code")

    assert str(failure.value) == WRONG_KEY


@pytest.mark.parametrize("key", ["", "x" * 64, "f" * 63, "f" * 32, "not a key"])
def test_a_key_of_the_wrong_form_is_refused(with_key, key):
    with pytest.raises(SettingsError) as failure:
        with_key(key)

    assert str(failure.value) == "CODE_KEY must be 64 hexadecimal digits."


def test_the_key_of_this_database_passes(app):
    check_key()

    assert db.session.scalar(select(func.count()).select_from(KeyCheck)) == 1


def test_another_key_fails_loudly(app, with_key):
    with_key("f" * 64)

    with pytest.raises(SettingsError) as failure:
        check_key()

    assert str(failure.value) == WRONG_KEY


def test_a_witness_that_was_changed_fails_loudly(app):
    db.session.execute(update(KeyCheck).values(sealed=b"x" * 24))

    with pytest.raises(SettingsError):
        check_key()
