"""Whether the process is up (/healthz) and may be sent traffic (/readyz)."""

from functools import cache
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from edutrack.core.auth import public
from edutrack.core.extensions import db, migrate

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def process_is_up() -> Any:
    """Answer as long as the process serves."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def ready_for_traffic() -> Any:
    """Answer 200 where the database answers and its schema is the one this code was written for, else 503."""
    try:
        current = db.session.scalars(text("SELECT version_num FROM alembic_version")).all()
    except DBAPIError:
        db.session.rollback()
        return {"status": "unavailable", "reason": "database"}, 503
    if set(current) != _newest_revisions():
        return {"status": "unavailable", "reason": "migrations"}, 503
    return {"status": "ok"}


@cache
def _newest_revisions() -> set[str]:
    return set(ScriptDirectory.from_config(migrate.get_config()).get_heads())
