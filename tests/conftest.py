"""Fixtures: a real PostgreSQL with the real migrations, an application on it, and every test rolled back."""

import gc
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from flask_migrate import upgrade
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from edutrack import EduTrack, create_app
from edutrack.core.embedded import temporary_cluster
from edutrack.core.extensions import db
from edutrack.core.sealing import check_key
from tests.api import Api

_TEMPLATE = "edutrack_template"
_SECRETS = {"SECRET_KEY": "s" * 64, "JWT_SECRET_KEY": "j" * 64, "CODE_KEY": "0123456789abcdef" * 4}


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """URL of a maintenance database whose role may create databases: TEST_DATABASE_URL, else a throwaway cluster."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    else:
        with temporary_cluster() as url:
            yield url


@pytest.fixture(scope="session")
def test_environment(tmp_path_factory):
    """The settings of every application of a test run, but for its database."""
    folder = tmp_path_factory.mktemp("data")
    return {
        **_SECRETS,
        "EDUTRACK_DATA_DIR": str(folder),
        "RATELIMIT_ENABLED": "false",
        "CSRF_TRUSTED_ORIGINS": "http://localhost:3000",
        "LOG_FORMAT": "json",
        # TEST_DATABASE_URL may lead through a pooler.
        "DATABASE_PREPARED_STATEMENTS": os.environ.get("DATABASE_PREPARED_STATEMENTS", "true"),
    }


@contextmanager
def _maintenance(cluster_url):
    engine = create_engine(cluster_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def make_database(cluster_url, test_environment):
    """Return a function that clones the migrated template under a new name and returns the clone's URL."""
    names = (f"{_TEMPLATE}_{os.getpid()}_{number}" for number in range(10_000))
    template = next(names)

    def url_of(name):
        return make_url(cluster_url).set(database=name).render_as_string(hide_password=False)

    with _maintenance(cluster_url) as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{template}"')
    app = create_app({**test_environment, "DATABASE_URL": url_of(template)})
    with app.app_context():
        upgrade()
        check_key()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()

    def clone():
        name = next(names)
        with _maintenance(cluster_url) as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY wal_log')
        return url_of(name)

    return clone


@pytest.fixture(scope="session")
def database_url(make_database):
    """URL of the database that rolled-back tests share."""
    return make_database()


@contextmanager
def _application(environment):
    app = create_app(environment)
    # A hash as cheap as argon2 allows: what it costs is no test's business but one.
    app.config["PASSWORD_HASH_COST"] = (1, 8)
    app.testing = True
    yield app
    db._app_engines[app][None].dispose()


@pytest.fixture(scope="session")
def shared_app(database_url, test_environment) -> Iterator[EduTrack]:
    """The application that rolled-back tests share; tests ask for `app`."""
    with _application({**test_environment, "DATABASE_URL": database_url}) as app:
        # What lives as long as the run need not be looked through at each collection.
        gc.freeze()
        yield app


@pytest.fixture
def app(shared_app) -> Iterator[EduTrack]:
    """The application inside one transaction that is rolled back after the test, with an app context for arranging.

    Commits of the application and of factories release savepoints only.
    """
    engines = db._app_engines[shared_app]
    engine = engines[None]
    with shared_app.app_context(), engine.connect() as connection:
        transaction = connection.begin()
        engines[None] = connection
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield shared_app
        finally:
            db.session.remove()
            transaction.rollback()
            engines[None] = engine


@pytest.fixture
def api(app) -> Api:
    """A client that nobody has signed in with; `api.as_(user)` signs in."""
    return Api(app)


@pytest.fixture
def committing_app(make_database, test_environment) -> Iterator[EduTrack]:
    """An application on a database of its own, where commits are real: for tests with many connections."""
    with _application({**test_environment, "DATABASE_URL": make_database()}) as app, app.app_context():
        db.session.configure(join_transaction_mode="conditional_savepoint")
        yield app
        db.session.remove()


@pytest.fixture
def served(committing_app, test_environment) -> Iterator[httpx.Client]:
    """A client of a served process (two workers) on the database of `committing_app`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **test_environment,
        "DATABASE_URL": committing_app.config["DATABASE_URL"],
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "edutrack", "serve", "--port", str(port), "--workers", "2"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                _wait_until_ready(client, process)
                yield client
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_ready(client, process):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("The served process did not become ready.")
