"""PostgreSQL's own programs: finding the ones whose version fits a server, and running them on the database."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from psycopg.conninfo import make_conninfo

from edutrack.core.embedded import EmbeddedDatabaseError, binary
from edutrack.core.extensions import db
from edutrack.operations.errors import OperationError

#: Where Debian and Ubuntu put the programs of each version.
_SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
_LAST_WORDS = 600


@dataclass(frozen=True)
class Program:
    """One of PostgreSQL's programs of some version."""

    path: Path
    major: int


def dumping_program(server_major: int) -> Program:
    """Return the pg_dump to dump a server with: never older than the server, and as near to it as there is.

    Raises OperationError where there is none.
    """
    return _nearest("pg_dump", server_major, server_major)


def restoring_program(server_major: int, dumped_by: int) -> Program:
    """Return the pg_restore that reads what pg_dump of version `dumped_by` wrote, as near to the server as there is.

    A newer one sets what an older server does not know. Raises OperationError where there is none.
    """
    return _nearest("pg_restore", dumped_by, max(server_major, dumped_by))


def run_on_database(program: Program, *options: str, sent: IO[bytes] | None = None) -> None:
    """Run a program on the application's database, with `sent` as its input; raises OperationError where it fails."""
    connection, environment = _how_to_connect()
    # A file, because a program that waits for its complaints to be read would not read what it is sent.
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(  # noqa: S603 - our own command, no shell
            [str(program.path), *options, f"--dbname={connection}"],
            env=environment,
            stdin=subprocess.DEVNULL if sent is None else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        ) as process:
            if process.stdin is not None and sent is not None:
                _send(sent, process.stdin)
        complaints.seek(0)
        lines = [line.strip() for line in complaints.read().decode(errors="replace").splitlines() if line.strip()]
    if process.returncode != 0:
        raise OperationError(f"{program.path.name} failed: {'; '.join(lines)[:_LAST_WORDS] or 'it said nothing'}")


def _send(content: IO[bytes], pipe: IO[bytes]) -> None:
    try:
        with pipe:
            shutil.copyfileobj(content, pipe, 1024 * 1024)
    except BrokenPipeError:
        # It has given up, and says why itself.
        return


def _how_to_connect() -> tuple[str, dict[str, str]]:
    """Return the connection string for PostgreSQL's programs, and their environment: every user sees arguments."""
    url = db.engine.url
    # A query may name several hosts.
    asked = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    parameters = url.translate_connect_args(username="user", database="dbname") | asked
    password = parameters.pop("password", None)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    return make_conninfo(**parameters), environment


def _nearest(name: str, oldest: int, wanted: int) -> Program:
    found = [program for program in _installed(name) if program.major >= oldest]
    if not found:
        raise OperationError(
            f"No {name} of version {oldest} or later is here: install PostgreSQL's client programs of version {wanted}."
        )
    return min(found, key=lambda program: (program.major < wanted, abs(program.major - wanted)))


def _installed(name: str) -> Iterator[Program]:
    paths = [Path(on_path)] if (on_path := shutil.which(name)) else []
    paths += _SYSTEM_FOLDERS.glob(f"*/bin/{name}")
    try:
        paths.append(binary(name))
    except EmbeddedDatabaseError:
        # Only the embedded database needs that package.
        paths = list(paths)
    for path in paths:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        version = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
        if version:
            yield Program(path, int(version[1]))
