"""Migrations of a school that is in use: down, up and down again, without a piastre or a code changing."""

import time
from functools import partial

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from edutrack.core.extensions import db, migrate
from edutrack.core.transaction import in_transaction
from edutrack.demo.school import build_demo_school
from edutrack.operations.checks import violations
from edutrack.operations.contents import table_contents
from tests.api import Api
from tests.factories import create_code, create_course, create_enrollment, create_student

MONEY = ("balance_transactions", "course_balances", "recharge_batches", "recharge_codes", "adjustments", "purchases")
#: Below are only the empty school's own: the structure that every school refers to, then the tables themselves.
LOWEST = "0004"


@pytest.fixture(scope="module")
def demo_database(make_database, application_on):
    """URL of a database with the demo school, which takes a while to build; every test leaves it migrated."""
    url = make_database()
    with application_on(url):
        assert in_transaction(lambda: build_demo_school("a decent password"))
    return url


@pytest.fixture
def school(demo_database, application_on):
    """An application on the demo school."""
    with application_on(demo_database) as app:
        yield app


def money():
    db.session.remove()
    with db.engine.connect() as connection:
        found = table_contents(connection)
    return {name: found.get(name) for name in MONEY}


def revisions():
    """Return the migrations from the newest down to the lowest."""
    found = [revision.revision for revision in ScriptDirectory.from_config(migrate.get_config()).walk_revisions()]
    return found[: found.index(LOWEST) + 1]


@pytest.mark.usefixtures("school")
def test_every_step_down_and_up_leaves_the_money_alone():
    before = money()
    assert before["balance_transactions"].rows > 100
    down = [partial(downgrade, revision=revision) for revision in revisions()[1:]]
    up = [partial(upgrade, revision=revision) for revision in reversed(revisions()[:-1])]

    for step in [*down, *up, *down, *up]:
        step()
        assert money() == before, step

    assert violations() == {}


def test_afterwards_the_school_goes_on(school):
    course, student = create_course(), create_student()
    create_enrollment(student, course)
    code, _ = create_code(course)
    db.session.commit()
    downgrade(revision=LOWEST)
    upgrade()

    redeemed = Api(school).as_(student).post("/api/wallet/redeem/", {"code": code, "course": course.id})

    assert redeemed.status_code == 200
    with pytest.raises(Exception, match="balance_transactions only grows"):
        db.session.execute(text("DELETE FROM balance_transactions"))


@pytest.mark.usefixtures("school")
def test_below_that_a_school_in_use_cannot_go():
    downgrade(revision=LOWEST)
    before = money()

    with pytest.raises(IntegrityError, match="violates foreign key constraint"):
        downgrade(revision="base")

    assert (money(), version()) == (before, LOWEST)
    upgrade()


@pytest.mark.usefixtures("school")
def test_a_migration_that_has_to_wait_for_a_table_gives_up_and_changes_nothing():
    newest = revisions()[0]
    downgrade(revision=LOWEST)
    before = money()
    reader = create_engine(db.engine.url)
    with reader.connect() as connection:
        connection.execute(text("SELECT count(*) FROM users"))
        started = time.monotonic()

        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade()

        waited = time.monotonic() - started
    reader.dispose()
    assert 2 <= waited < 8
    assert (money(), version()) == (before, LOWEST)
    upgrade()
    assert (money(), version()) == (before, newest)


def version():
    db.session.rollback()
    return db.session.scalar(text("SELECT version_num FROM alembic_version"))
