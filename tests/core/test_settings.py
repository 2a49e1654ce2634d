"""Settings: their types, and when the application refuses to start."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from edutrack.core.settings import SETTINGS, SettingsError, half_set, load_settings

SECRETS = {"SECRET_KEY": "s", "JWT_SECRET_KEY": "j", "CODE_KEY": "c"}


@pytest.fixture
def load(tmp_path):
    """Return a function that loads settings from the given variables, with a data folder of its own."""
    return lambda **variables: load_settings({"EDUTRACK_DATA_DIR": str(tmp_path / "data"), **variables})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("PROXY_COUNT", " 2 ", 2),
        ("RATELIMIT_ENABLED", "false", False),
        ("RATELIMIT_ENABLED", "ON", True),
        ("COOKIE_SECURE", "yes", True),
        ("COOKIE_SECURE", "0", False),
        ("COOKIE_SECURE", " ", None),
        ("COOKIE_SAMESITE", "None", "None"),
        ("CSRF_TRUSTED_ORIGINS", "https://a.example/, ,http://b.example", ["https://a.example", "http://b.example"]),
        ("PUBLIC_URL", " https://api.example.org ", "https://api.example.org"),
        ("BUSINESS_TIME_ZONE", "Africa/Cairo", "Africa/Cairo"),
        ("VDOCIPHER_API_URL", " https://api.example/v3 ", "https://api.example/v3"),
        ("VDOCIPHER_API_URL", "http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api"),
        ("VDOCIPHER_API_URL", "http://localhost/api", "http://localhost/api"),
    ],
)
def test_a_setting_is_read_as_its_type(load, name, text, value):
    assert load(**{name: text})[name] == value


@pytest.mark.parametrize(
    "text",
    [
        "http://dev.vdocipher.com/api",
        "ftp://dev.vdocipher.com/api",
        "file:///etc/passwd",
        "dev.vdocipher.com/api",
        "https:///api",
        "https://user:word@dev.vdocipher.com/api",
        "https://dev.vdocipher.com/api?x=1",
        "https://dev.vdocipher.com/api#x",
        "https://dev.vdocipher.com:99999/api",
        "https://[::1/api",
        "http://127.0.0.1.evil.example/api",
        "http://localhost@evil.example/api",
    ],
)
def test_a_secret_goes_to_no_address_that_others_can_listen_on(load, text):
    with pytest.raises(SettingsError) as failure:
        load(VDOCIPHER_API_URL=text)

    assert str(failure.value) == f"VDOCIPHER_API_URL must be an https address without a query, not {text!r}."


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({}, []),
        ({"BUNNY_LIBRARY_ID": "759", "BUNNY_TOKEN_KEY": "k"}, []),
        (
            {"BUNNY_LIBRARY_ID": "759"},
            ["BUNNY_TOKEN_KEY is missing, so these count for nothing: BUNNY_LIBRARY_ID."],
        ),
        ({"BUNNY_TOKEN_KEY": "k"}, ["BUNNY_LIBRARY_ID is missing, so these count for nothing: BUNNY_TOKEN_KEY."]),
    ],
)
def test_settings_that_mean_something_only_together_are_named_when_half_of_them_are_missing(load, given, lines):
    assert half_set(load(**given)) == lines


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PROXY_COUNT", "-1", "PROXY_COUNT must be a whole number, not '-1'."),
        ("MAX_UPLOAD_MB", "1.5", "MAX_UPLOAD_MB must be a whole number, not '1.5'."),
        ("RATELIMIT_ENABLED", "maybe", "RATELIMIT_ENABLED must be true or false, not 'maybe'."),
        ("COOKIE_SECURE", "auto", "COOKIE_SECURE must be true or false, not 'auto'."),
        ("COOKIE_SAMESITE", "lax", "COOKIE_SAMESITE must be one of Lax, Strict, None, not 'lax'."),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be one of console, json, not 'xml'."),
        ("BUSINESS_TIME_ZONE", "Cairo", "BUSINESS_TIME_ZONE must be the name of a time zone, not 'Cairo'."),
        ("BUSINESS_TIME_ZONE", "../etc", "BUSINESS_TIME_ZONE must be the name of a time zone, not '../etc'."),
        ("BUSINESS_TIME_ZONE", "Africa", "BUSINESS_TIME_ZONE must be the name of a time zone, not 'Africa'."),
    ],
)
def test_a_value_that_cannot_be_read_is_named(load, name, text, message):
    with pytest.raises(SettingsError) as failure:
        load(**{name: text})

    assert str(failure.value) == message


def test_every_setting_has_its_default(load, tmp_path):
    values = load()

    changed = {"EDUTRACK_DATA_DIR", "MEDIA_DIR", "MAIL_DIR", "CSRF_TRUSTED_ORIGINS", *SECRETS}
    assert {s.name: values[s.name] for s in SETTINGS if s.name not in changed} == {
        s.name: s.default for s in SETTINGS if s.name not in changed
    }
    assert values["EDUTRACK_DATA_DIR"] == str(tmp_path / "data")
    assert values["MEDIA_DIR"] == str(tmp_path / "data" / "media")
    assert values["MAIL_DIR"] == str(tmp_path / "data" / "mail")


def test_the_embedded_database_trusts_the_frontend_of_development(load):
    assert load()["CSRF_TRUSTED_ORIGINS"] == ["http://localhost:3000"]


def test_another_database_trusts_nobody_by_default(load):
    assert load(DATABASE_URL="postgresql://x/y", **SECRETS)["CSRF_TRUSTED_ORIGINS"] == []


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], "SECRET_KEY, JWT_SECRET_KEY, CODE_KEY"),
        (["SECRET_KEY", "JWT_SECRET_KEY"], "CODE_KEY"),
        (["CODE_KEY", "JWT_SECRET_KEY"], "SECRET_KEY"),
    ],
)
def test_with_a_database_of_its_own_nothing_starts_without_secrets(load, tmp_path, given, missing):
    with pytest.raises(SettingsError) as failure:
        load(DATABASE_URL="postgresql://x/y", **{name: SECRETS[name] for name in given})

    assert str(failure.value) == f"DATABASE_URL is set, so these must be set too: {missing}."
    assert not (tmp_path / "data").exists()


def test_secrets_are_made_once_and_kept_for_their_owner_alone(load, tmp_path):
    first, second = load(), load()

    kept = tmp_path / "data" / "secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secrets.json"]
    assert {name: first[name] for name in SECRETS} == {name: second[name] for name in SECRETS}
    assert len({first[name] for name in SECRETS}) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", first[name]) for name in SECRETS)


def test_a_given_secret_stands_before_a_kept_one(load):
    assert load(SECRET_KEY="given")["SECRET_KEY"] == "given"


@pytest.mark.concurrency
def test_processes_that_start_at_once_agree_on_their_secrets(load, tmp_path):
    barrier = Barrier(12)

    def start(_):
        barrier.wait()
        return load()["CODE_KEY"]

    with ThreadPoolExecutor(12) as pool:
        keys = set(pool.map(start, range(12)))

    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secrets.json"]
