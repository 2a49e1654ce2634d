"""The applications of these tests have the trial routes as well."""

import pytest

from tests.renewing import renewed_app
from tests.trial import trial_application


@pytest.fixture(scope="session")
def shared_app(database_url, test_environment):
    """The application that rolled-back tests share, with the trial routes."""
    with trial_application({**test_environment, "DATABASE_URL": database_url}) as app:
        yield app


@pytest.fixture(scope="session")
def lone_app(make_database, test_environment):
    """What `committing_app` yields, with the trial routes."""
    with renewed_app(trial_application, test_environment, make_database, "trial") as app:
        yield app


@pytest.fixture
def in_view(app):
    """Return a function that sets what the view at /api/trial/run/ does."""
    return lambda work: app.config.update(TRIAL=work)
