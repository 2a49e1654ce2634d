"""The served process on the embedded database: shared with commands, and gone without a trace however it ends."""

import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest

from edutrack.cli import cli
from tests.serving import is_ready, serving, until

CREATE_OWNER = ["create-owner", "--username", "mona", "--password", "fine-words", "--gmail", "m@e.org"]


def environment_of(data):
    unset = dict.fromkeys(("DATABASE_URL", "SECRET_KEY", "JWT_SECRET_KEY", "CODE_KEY"), "")
    return {**os.environ, **unset, "EDUTRACK_DATA_DIR": str(data), "LOG_FORMAT": "json"}


@pytest.fixture
def environment(tmp_path):
    return environment_of(tmp_path / "data")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with a migrated database, in which one owner has an account; nothing runs there."""
    data = tmp_path_factory.mktemp("prepared") / "data"
    for arguments in (["db", "upgrade"], CREATE_OWNER):
        assert command(environment_of(data), *arguments).returncode == 0
    until(lambda: processes_of(data) == [])
    return data


@pytest.fixture
def migrated(environment, prepared):
    """The settings of a school of one's own, migrated, with an owner."""
    # With its owners: PostgreSQL takes a folder that is its own alone.
    subprocess.run(["cp", "-a", str(prepared), environment["EDUTRACK_DATA_DIR"]], check=True)  # noqa: S607
    return environment


@pytest.fixture
def server(migrated):
    with serving(migrated) as running:
        yield running


def processes_of(tmp_path):
    """Return the pids of keeper, database and workers that name a folder, or were told of it."""
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
    made = command(environment, "create-owner", "--username", "nada", "--password", "fine-words", "--gmail", "n@e.org")
    assert (made.returncode, made.stdout) == (0, "Site owner nada can sign in.\n")

    signed_in = httpx.post(f"{server.url}/api/accounts/login/", json={"username": "nada", "password": "fine-words"})

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


def test_a_database_with_users_gets_no_demo_school(migrated, tmp_path):
    with serving(migrated, "--prepare", log=tmp_path / "serve.log") as server:
        assert "demo" not in (tmp_path / "serve.log").read_text()
        signed_in = httpx.post(f"{server.url}/api/accounts/login/", json={"username": "demo-owner", "password": "x"})
        assert signed_in.status_code == 401


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_server_ends(server, tmp_path, end):
    assert len(processes_of(tmp_path)) >= 3

    server.process.send_signal(end)

    server.process.wait(timeout=20)
    until(lambda: processes_of(tmp_path) == [], seconds=15)


def test_the_owner_command_says_what_is_wrong_in_one_line(app):
    run = app.test_cli_runner()
    assert run.invoke(cli, CREATE_OWNER).exit_code == 0

    taken = run.invoke(cli, [*CREATE_OWNER[:-1], "other@e.org"])
    weak = run.invoke(cli, [*CREATE_OWNER[:2], "nada", "--password", "123", "--gmail", "n@e.org"])

    assert (taken.exit_code, taken.stderr) == (1, "Error: username: Username already exists.\n")
    assert weak.exit_code == 1
    assert re.fullmatch(r"Error: password: This password is too short\. .*entirely numeric\.\n", weak.stderr)


def test_a_database_of_ones_own_demands_the_secrets(environment):
    refused = command({**environment, "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}, "settings")

    assert refused.returncode == 1
    assert refused.stderr == (
        "Error: DATABASE_URL is set, so these must be set too: SECRET_KEY, JWT_SECRET_KEY, CODE_KEY.\n"
    )


def test_the_wrong_code_key_stops_server_and_commands_with_one_line(migrated):
    for refused in (["serve", "--port", "9"], CREATE_OWNER):
        finished = command({**migrated, "CODE_KEY": "ab" * 32}, *refused)
        assert finished.returncode == 1
        assert finished.stderr == "Error: CODE_KEY is not the key that this database was sealed with.\n"


def test_an_unmigrated_database_is_named_in_one_line(environment):
    refused = command(environment, "serve", "--port", "9")

    assert refused.returncode == 1
    assert refused.stderr == "Error: The database's schema is not up to date: run edutrack db upgrade.\n"
