"""The embedded PostgreSQL: a real server for every checkout, without anybody installing one.

A process that needs the database calls `attach` and holds one connection to a *keeper*, a small detached process
that runs `postgres` as its child. The keeper serves every process attached to the same data directory, and stops
the server cleanly once the last of them is gone, however it went. Nothing here imports more than the standard
library, because the keeper loads this package without the rest of the application.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EmbeddedDatabaseError
from .wheel import binary

__all__ = ["EmbeddedDatabaseError", "attach", "binary", "temporary_cluster"]


def attach(data_dir: Path) -> str:
    """Make sure the embedded database of this data directory runs for as long as this process lives.

    The first call creates the cluster with the role and the database `edutrack`. Further calls, also from other
    processes at the same time, share the running server. A forked child shares its parent's hold.

    Args:
        data_dir: where the cluster (`pg`) and its log (`pg.log`) live; made if missing.

    Returns:
        The SQLAlchemy URL of the database `edutrack`.

    Raises:
        EmbeddedDatabaseError: the database cannot run here; the message says why in one line.
    """
    _require_linux()
    # Imported late, because the modules behind it need fcntl, which Windows lacks: there DATABASE_URL is the way.
    from .attachment import hold_server

    return hold_server(data_dir)


@contextmanager
def temporary_cluster() -> Iterator[str]:
    """Run a throwaway cluster for tests; it is fast, not durable, and gone with this process at the latest.

    Yields:
        The SQLAlchemy URL of its maintenance database `postgres`, as a role that may create databases.

    Raises:
        EmbeddedDatabaseError: the database cannot run here; the message says why in one line.
    """
    _require_linux()
    from .attachment import run_temporary_server

    with run_temporary_server() as url:
        yield url


def _require_linux() -> None:
    """Refuse a platform on which the keeper cannot tie the server's life to its own.

    Raises:
        EmbeddedDatabaseError: this is not Linux.
    """
    if not sys.platform.startswith("linux"):
        raise EmbeddedDatabaseError(
            "The embedded database runs on Linux only: set DATABASE_URL to a PostgreSQL 18 database."
        )
