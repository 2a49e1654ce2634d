"""Connections that the server has ended are replaced before a request gets them."""

from sqlalchemy import NullPool, create_engine, text

from edutrack.core.extensions import db
from tests.api import Api
from tests.factories import create_site_owner

END_ALL_OTHERS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


def test_a_connection_that_was_ended_while_idle_fails_no_request(committing_app):
    owner = Api(committing_app, create_site_owner())
    assert owner.get("/api/accounts/me/").status_code == 200
    db.session.rollback()
    held = [db.engine.connect() for _ in range(3)]
    for connection in held:
        connection.close()
    with create_engine(db.engine.url, poolclass=NullPool).connect() as outsider:
        assert outsider.scalar(END_ALL_OTHERS) >= 3

    answers = [owner.get("/api/accounts/me/").status_code for _ in range(4)]

    assert answers == [200] * 4
