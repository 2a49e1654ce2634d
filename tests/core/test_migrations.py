"""The migrations make the schema that the models describe, and go down and up again."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from edutrack.core.database import Base
from edutrack.core.extensions import db


def differences():
    db.session.remove()
    with db.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)


@pytest.mark.usefixtures("committing_app")
class TestMigrations:
    def test_models_and_migrations_agree(self):
        assert differences() == []

    def test_they_go_down_and_up_again(self):
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}

        upgrade()

        assert differences() == []
        assert db.session.scalar(text("SELECT count(*) FROM governorates")) == 27
