"""Runs migrations on the application's database, one transaction for all of them."""

from alembic import context
from flask import current_app

from edutrack.core.database import Base

# Two processes that start at once must not migrate at once.
_MIGRATION_LOCK = 4_205_001


def run_migrations() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
        with context.begin_transaction():
            # The other process may have much to migrate; nobody waits for those who wait here.
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10min'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            # For a table's lock every later request would wait in line behind us.
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            context.run_migrations()


run_migrations()
