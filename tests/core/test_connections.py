"""A connection that the server ends costs no request anything, as long as its commit was not yet on its way."""

from contextlib import contextmanager
from io import BytesIO

import pytest
from sqlalchemy import NullPool, create_engine, event, text

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.files import read_stored, save_file
from edutrack.core.mail import Mail
from edutrack.wallet.models import BalanceTransaction
from tests.api import Api
from tests.factories import create_code, create_course, create_enrollment, create_site_owner, create_student
from tests.serving import until

# Not the database's own workers, such as a vacuum.
OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)
END_ALL_OTHERS = text(f"SELECT count(pg_terminate_backend(pid)) {OTHERS}")
COUNT_OTHERS = text(f"SELECT count(*) {OTHERS}")

REDEEM = "/api/wallet/redeem/"


def end_all_connections():
    """End every connection to the test's database, and return how many there were once none is left."""
    with create_engine(db.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as outsider:
        ended = outsider.scalar(END_ALL_OTHERS)
        until(lambda: outsider.scalar(COUNT_OTHERS) == 0)
    return ended


@contextmanager
def ending_connections(moment, times, says=lambda _arguments: True):
    """End all connections at the first `times` of an engine's event, and yield the list of how many ended."""
    ended = []

    def end(*arguments):
        if len(ended) < times and says(arguments):
            ended.append(end_all_connections())

    event.listen(db.engine, moment, end)
    try:
        yield ended
    finally:
        event.remove(db.engine, moment, end)


def writing_the_ledger(arguments):
    statement = arguments[2]
    return "INSERT INTO balance_transactions" in statement


@pytest.fixture
def redeem(committing_app):
    student, course = create_student(), create_course()
    create_enrollment(student, course)
    printed, _ = create_code(course)
    api = Api(committing_app, student)
    db.session.commit()
    body = {"code": printed, "course": course.id}
    return lambda: api.post(REDEEM, body, headers={"Idempotency-Key": "once"})


def entries():
    return db.session.query(BalanceTransaction).count()


def test_what_a_request_left_to_be_written_before_its_commit_is_written_again(committing_app):
    def work():
        db.session.add(Mail(recipient="a@example.org", subject="x", text="", created_at=clock.now()))
        return {}

    committing_app.config.update(TRIAL=work)

    with ending_connections("before_cursor_execute", 1, lambda arguments: "INSERT INTO mails" in arguments[2]) as ended:
        response = Api(committing_app).post("/api/trial/run/")

    assert (response.status_code, len(ended)) == (200, 1)
    assert db.session.query(Mail).count() == 1


def test_a_file_stays_whose_row_may_have_been_committed(committing_app):
    names = []

    def work():
        db.session.add(Mail(recipient="a@example.org", subject="x", text="", created_at=clock.now()))
        names.append(save_file(BytesIO(b"content"), "materials", "pdf"))
        return {}

    committing_app.config.update(TRIAL=work)

    with ending_connections("commit", 1):
        response = Api(committing_app).post("/api/trial/run/")

    assert (response.status_code, len(names)) == (503, 1)
    assert read_stored(names[0]) == b"content"


def test_a_connection_that_was_ended_while_idle_fails_no_request(committing_app):
    owner = Api(committing_app, create_site_owner())
    assert owner.get("/api/accounts/me/").status_code == 200
    db.session.rollback()
    held = [db.engine.connect() for _ in range(3)]
    for connection in held:
        connection.close()
    assert end_all_connections() >= 3

    answers = [owner.get("/api/accounts/me/").status_code for _ in range(4)]

    assert answers == [200] * 4


def test_a_request_whose_connection_ended_before_its_commit_runs_again(redeem):
    with ending_connections("before_cursor_execute", 2, writing_the_ledger) as ended:
        response = redeem()

    assert response.status_code == 200
    assert [count > 0 for count in ended] == [True, True]
    assert entries() == 1


def test_a_request_that_loses_every_connection_is_told_to_come_back(redeem):
    with ending_connections("before_cursor_execute", 9, writing_the_ledger) as ended:
        response = redeem()

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert len(ended) == 4
    assert entries() == 0
    assert redeem().status_code == 200
    assert entries() == 1


def test_a_request_whose_connection_ended_in_its_commit_does_not_run_again(redeem):
    with ending_connections("commit", 9) as ended:
        response = redeem()

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert len(ended) == 1
    assert entries() == 0
    assert redeem().status_code == 200
    assert entries() == 1
