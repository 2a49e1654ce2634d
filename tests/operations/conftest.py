"""Databases without a schema, and applications on databases of one's own."""

import itertools
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from edutrack.core.extensions import db
from tests.renewing import application

_numbers = itertools.count(1)


def empty_database_of(cluster_url):
    """Make a database with nothing in it and return its URL."""
    name = f"edutrack_empty_{next(_numbers)}"
    engine = create_engine(cluster_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    engine.dispose()
    return make_url(cluster_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def empty_database(cluster_url):
    """URL of a database with nothing in it."""
    return empty_database_of(cluster_url)


@pytest.fixture(scope="session")
def application_on(test_environment):
    """Return a context in which an application runs on the database of a URL, with real commits."""

    @contextmanager
    def on(url, **settings):
        environment = {**test_environment, "DATABASE_URL": url, **settings}
        with application(environment) as app, app.test_request_context():
            db.session.configure(join_transaction_mode="conditional_savepoint")
            yield app
            db.session.remove()

    return on
