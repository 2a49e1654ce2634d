"""Whether the process is up, and whether it may be sent traffic."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from edutrack.core.extensions import db


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_sound_process_is_ok(api, path):
    response = api.get(path)

    assert (response.status_code, response.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("statement", ["UPDATE alembic_version SET version_num = '0'", "DELETE FROM alembic_version"])
def test_a_schema_of_another_version_takes_no_traffic(api, statement):
    db.session.execute(text(statement))
    db.session.commit()

    response = api.get("/readyz")

    assert (response.status_code, response.json) == (503, {"status": "unavailable", "reason": "migrations"})


def test_a_database_without_a_schema_takes_no_traffic(api):
    db.session.execute(text("DROP TABLE alembic_version"))
    db.session.commit()

    response = api.get("/readyz")

    assert (response.status_code, response.json) == (503, {"status": "unavailable", "reason": "database"})


def test_without_its_database_the_process_is_up_but_not_ready(api, monkeypatch):
    def fail(*_):
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    monkeypatch.setattr(db.session, "scalars", fail)

    assert api.get("/healthz").status_code == 200
    response = api.get("/readyz")
    assert (response.status_code, response.json) == (503, {"status": "unavailable", "reason": "database"})
