"""The served process on the embedded database: shared with commands, and gone without a trace however it ends."""

import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.serving import is_ready, serving, until


@pytest.fixture
def environment(tmp_path):
    unset = dict.fromkeys(("DATABASE_URL", "SECRET_KEY", "JWT_SECRET_KEY", "CODE_KEY"), "")
    return {**os.environ, **unset, "EDUTRACK_DATA_DIR": str(tmp_path / "data"), "LOG_FORMAT": "json"}


@pytest.fixture
def server(environment, tmp_path):
    command(environment, "db", "upgrade")
    with serving(environment) as running:
        yield running


def processes_of(tmp_path):
    """Return the pids of keeper, database and workers that name the test's folder, or were told of it."""
    found = []
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as line, open(f"/proc/{entry}/environ", "rb") as variables:
                if str(tmp_path).encode() in line.read() + variables.read():
                    found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def command(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "edutrack", *arguments], env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_command_beside_the_server_shares_its_database_and_leaves_it_running(server, environment):
    made = command(environment, "create-owner", "--username", "mona", "--password", "fine-words", "--gmail", "m@e.org")
    assert (made.returncode, made.stdout) == (0, "Site owner mona can sign in.\n")

    signed_in = httpx.post(f"{server.url}/api/accounts/login/", json={"username": "mona", "password": "fine-words"})

    assert (signed_in.status_code, signed_in.json()["role"]) == (200, "siteowner")
    time.sleep(2)
    assert is_ready(server.url)


def test_a_new_embedded_database_gets_a_demo_school_whose_logins_every_start_shows(environment, tmp_path):
    shown = []
    for start in ("first", "second"):
        with serving(environment, "--prepare", log=tmp_path / start) as server:
            found = re.search(r"all with the password (\S+)\n  (demo-owner) ", (tmp_path / start).read_text())
            password, username = found.groups()
            signed_in = httpx.post(
                f"{server.url}/api/accounts/login/", json={"username": username, "password": password}
            )
            assert (signed_in.status_code, signed_in.json()["role"]) == (200, "siteowner")
            shown.append(password)

    assert shown[0] == shown[1]
    assert ((tmp_path / "data" / "demo-password").stat().st_mode & 0o777) == 0o600


def test_a_database_with_users_gets_no_demo_school(environment, tmp_path):
    command(environment, "db", "upgrade")
    command(environment, "create-owner", "--username", "mona", "--password", "fine-words", "--gmail", "m@e.org")

    with serving(environment, "--prepare", log=tmp_path / "serve.log") as server:
        assert "demo" not in (tmp_path / "serve.log").read_text()
        signed_in = httpx.post(f"{server.url}/api/accounts/login/", json={"username": "demo-owner", "password": "x"})
        assert signed_in.status_code == 401


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_server_ends(server, tmp_path, end):
    assert len(processes_of(tmp_path)) >= 3

    server.process.send_signal(end)

    server.process.wait(timeout=20)
    until(lambda: processes_of(tmp_path) == [], seconds=15)


def test_the_owner_command_says_what_is_wrong_in_one_line(environment):
    command(environment, "db", "upgrade")
    good = ["create-owner", "--username", "mona", "--password", "fine-words", "--gmail", "m@e.org"]
    command(environment, *good)

    taken = command(environment, *good[:-1], "other@e.org")
    weak = command(environment, *good[:2], "nada", "--password", "123", "--gmail", "n@e.org")

    assert (taken.returncode, taken.stderr) == (1, "Error: username: Username already exists.\n")
    assert weak.returncode == 1
    assert re.fullmatch(r"Error: password: This password is too short\. .*entirely numeric\.\n", weak.stderr)


def test_a_database_of_ones_own_demands_the_secrets(environment):
    refused = command({**environment, "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}, "settings")

    assert refused.returncode == 1
    assert refused.stderr == (
        "Error: DATABASE_URL is set, so these must be set too: SECRET_KEY, JWT_SECRET_KEY, CODE_KEY.\n"
    )


def test_the_wrong_code_key_stops_server_and_commands_with_one_line(environment):
    command(environment, "db", "upgrade")
    owner = ["create-owner", "--username", "mona", "--password", "fine-words", "--gmail", "m@e.org"]
    assert command(environment, *owner).returncode == 0

    for refused in (["serve", "--port", "9"], owner):
        finished = command({**environment, "CODE_KEY": "ab" * 32}, *refused)
        assert finished.returncode == 1
        assert finished.stderr == "Error: CODE_KEY is not the key that this database was sealed with.\n"


def test_an_unmigrated_database_is_named_in_one_line(environment):
    refused = command(environment, "serve", "--port", "9")

    assert refused.returncode == 1
    assert refused.stderr == "Error: The database's schema is not up to date: run edutrack db upgrade.\n"
