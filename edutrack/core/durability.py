"""Whether the database keeps what it has confirmed, also when a server or the whole machine falls over."""

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from edutrack.core.extensions import db

#: What is lost where PostgreSQL's setting of that name is off.
_LOSSES = {
    "fsync": "a crash of the machine may destroy the database",
    "full_page_writes": "a crash of the machine may leave pages that are half old and half new",
    "synchronous_commit": "a crash of the database forgets payments that were already confirmed",
}
_OFF = text("SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = 'off'")
_log = structlog.get_logger()


def warn_of_losses() -> list[str]:
    """Log each setting under which the database may lose what it has confirmed, and return a line for each.

    A database that cannot be asked yet stops nothing: that too is logged, and `/readyz` says more (rules.md,
    "Durability").
    """
    try:
        settings = _settings_off()
    except OperationalError as error:
        _log.error("durability_unknown", reason=str(error))
        return []
    for name in settings:
        _log.error("database_not_durable", setting=name, loss=_LOSSES[name])
    return [f"PostgreSQL runs with {name} off: {_LOSSES[name]}." for name in settings]


def _settings_off() -> list[str]:
    with db.engine.connect() as connection:
        # Out of the pool, because a server that forks once the application is loaded must not share it.
        connection.detach()
        found = set(connection.scalars(_OFF, {"names": list(_LOSSES)}))
    return [name for name in _LOSSES if name in found]
