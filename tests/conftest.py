"""Fixtures: a real PostgreSQL with the real migrations, an application on it, and every test rolled back."""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from flask_migrate import upgrade
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from edutrack import EduTrack, create_app
from edutrack.core.embedded import temporary_cluster
from edutrack.core.extensions import db
from edutrack.core.sealing import check_key
from tests.api import Api
from tests.renewing import RenewedApp, application, renewed_app
from tests.serving import serving

# A run allocates much and leaves little that refers to itself: looking for that less often saves a tenth of its time.
gc.set_threshold(50_000, 20, 50)

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
    engine = create_engine(cluster_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _drop(connection, name):
    """Drop a database, whoever is connected to it; PostgreSQL's own vacuuming is not ours to end, and waited for."""
    deadline = time.monotonic() + 30
    while True:
        try:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        except ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="session")
def make_database(cluster_url, test_environment):
    """Return a function that clones the migrated template and returns the clone's URL.

    With a name it takes the place of what was made by that name before, whoever is connected to it.
    """
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

    def make(name=None):
        name = f"{_TEMPLATE}_{os.getpid()}_{name}" if name else next(names)
        with _maintenance(cluster_url) as connection:
            _drop(connection, name)
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY wal_log')
        return url_of(name)

    return make


@pytest.fixture(scope="session")
def database_url(make_database):
    """URL of the database that rolled-back tests share."""
    return make_database()


@pytest.fixture(scope="session")
def shared_app(database_url, test_environment) -> Iterator[EduTrack]:
    """The application that rolled-back tests share; tests ask for `app`."""
    with application({**test_environment, "DATABASE_URL": database_url}) as app:
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


@pytest.fixture(scope="session")
def lone_app(make_database, test_environment) -> Iterator[RenewedApp]:
    """What `committing_app` yields where nothing is served."""
    with renewed_app(application, test_environment, make_database, "alone") as app:
        yield app


@pytest.fixture(scope="session")
def served_app(make_database, test_environment) -> Iterator[RenewedApp]:
    """What `committing_app` yields where `served` is asked for."""
    with renewed_app(application, test_environment, make_database, "served") as app:
        yield app


@pytest.fixture
def committing_app(request) -> Iterator[EduTrack]:
    """An application on a database of its own, where commits are real: for tests with many connections."""
    # The chores of a served process are to change nothing under tests that did not ask for one.
    shared = request.getfixturevalue("served_app" if "served" in request.fixturenames else "lone_app")
    with shared.anew() as app:
        yield app


@pytest.fixture(scope="session")
def server_address(served_app, test_environment) -> Iterator[str]:
    """The address of a served process (two workers) that all tests share."""
    with serving({**test_environment, "DATABASE_URL": served_app.url}, workers=2) as server:
        yield server.url


@pytest.fixture
def served(committing_app, server_address) -> Iterator[httpx.Client]:
    """A client of a served process on the database of `committing_app`."""
    with httpx.Client(base_url=server_address, timeout=30) as client:
        yield client
