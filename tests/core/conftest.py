"""The applications of these tests have the trial routes as well."""

import pytest

from edutrack.core.extensions import db
from tests.trial import trial_application


@pytest.fixture(scope="session")
def shared_app(database_url, test_environment):
    """The application that rolled-back tests share, with the trial routes."""
    with trial_application({**test_environment, "DATABASE_URL": database_url}) as app:
        yield app


@pytest.fixture
def committing_app(make_database, test_environment):
    """An application with the trial routes on a database of its own, where commits are real."""
    with trial_application({**test_environment, "DATABASE_URL": make_database()}) as app, app.app_context():
        db.session.configure(join_transaction_mode="conditional_savepoint")
        yield app
        db.session.remove()


@pytest.fixture
def in_view(app):
    """Return a function that sets what the view at /api/trial/run/ does."""
    return lambda work: app.config.update(TRIAL=work)
