"""The client side of the keeper: finding or starting it, and holding a connection to it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .cluster import DATABASE, PORT, ROLE
from .errors import EmbeddedDatabaseError
from .keeper import LOCK_NAME, RECORD_NAME, SOCKET_NAME
from .wheel import binaries_directory

PATIENCE_SECONDS = 180.0
RETRY_SECONDS = 0.05

# The package is loaded by its last name, with its parent directory at the *end* of the path: the application around
# it stays out, which makes the keeper start in a few hundredths of a second and keeps it at a few megabytes.
KEEPER_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from embedded.keeper import main; main(sys.argv[2:])  # EduTrack keeper"
)


@dataclass(frozen=True)
class Hold:
    """A connection to a keeper, kept open by its bare number so that nothing ever closes it but the kernel."""

    descriptor: int
    url: str

    def is_alive(self) -> bool:
        """Tell whether the keeper is still there; it never sends anything, so any event is its end."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return not poll.poll(0)


_holds: dict[Path, Hold] = {}
_holds_guard = threading.Lock()


def hold_server(data_dir: Path) -> str:
    """Attach this process to the server of a data directory, starting it if need be.

    Returns:
        The SQLAlchemy URL of the application's database.

    Raises:
        EmbeddedDatabaseError: the server cannot run or be reached.
    """
    directory = data_dir.expanduser().resolve()
    with _holds_guard:
        hold = _holds.get(directory)
        if hold is None or not hold.is_alive():
            if hold is not None:
                os.close(hold.descriptor)
                del _holds[directory]
            connection, greeting = _attach(directory)
            hold = Hold(connection.detach(), database_url(greeting, DATABASE))
            _holds[directory] = hold
        return hold.url


@contextmanager
def run_temporary_server() -> Iterator[str]:
    """Run a throwaway server for the length of the context.

    Yields:
        The SQLAlchemy URL of its maintenance database.

    Raises:
        EmbeddedDatabaseError: the server cannot run.
    """
    with _start_keeper(None, None) as connection:
        greeting = _receive_greeting(connection)
        if greeting is None:
            raise EmbeddedDatabaseError("The process that keeps the temporary database ended early.")
        try:
            yield database_url(greeting, "postgres")
        finally:
            # Said aloud, because a forked child may hold the same connection; then wait until everything is gone.
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)


def database_url(socket_directory: str, database: str) -> str:
    """Return the SQLAlchemy URL of a database behind this socket directory."""
    # The port is named because the variable PGPORT would otherwise change the socket's name.
    return f"postgresql+psycopg://{ROLE}@/{database}?host={quote(socket_directory)}&port={PORT}"


def _attach(directory: Path) -> tuple[socket.socket, str]:
    """Connect to the running keeper, or start one.

    A keeper may be about to end just as it is found: it then closes without a greeting, and the next round starts
    its successor as soon as it has let go of the lock.

    Returns:
        The connection to hold, and the server's socket directory.

    Raises:
        EmbeddedDatabaseError: the server cannot run or be reached.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedDatabaseError(f"The data directory {directory} cannot be made: {error.strerror}.") from error
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        refusal: OSError | None = None
        try:
            connection = _connect(directory)
            if (greeting := _receive_greeting(connection)) is not None:
                return connection, greeting
            connection.close()
        except OSError as error:
            refusal = error
        lock = _lock(directory)
        if lock is not None:
            try:
                connection = _start_keeper(directory, lock)
            finally:
                os.close(lock)
            if (greeting := _receive_greeting(connection)) is not None:
                return connection, greeting
            connection.close()
            raise EmbeddedDatabaseError(
                f"The process that keeps the embedded database ended early (see {directory / 'pg.log'})."
            )
        if isinstance(refusal, PermissionError):
            raise EmbeddedDatabaseError(
                f"The embedded database in {directory} is being run by another user: continue as that user, "
                "or set EDUTRACK_DATA_DIR to another directory."
            )
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"The embedded database in {directory} is locked by a process that cannot be reached, perhaps in "
                "another container: end that one, or set EDUTRACK_DATA_DIR to another directory."
            )
        time.sleep(RETRY_SECONDS)


def _connect(directory: Path) -> socket.socket:
    """Connect to the keeper that the data directory's record names.

    Raises:
        OSError: there is no record, or nobody behind it.
    """
    try:
        record = json.loads((directory / RECORD_NAME).read_text())
        address = str(Path(record["runtime_directory"]) / SOCKET_NAME)
    except (ValueError, KeyError, TypeError) as error:
        raise FileNotFoundError("unreadable record") from error
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE_SECONDS)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _lock(directory: Path) -> int | None:
    """Take the data directory's lock if it is free.

    Returns:
        The locked file's descriptor, or None where a keeper, perhaps one just starting or ending, has it.

    Raises:
        EmbeddedDatabaseError: the file cannot be opened or locked.
    """
    path = directory / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedDatabaseError(
            f"{path} cannot be opened ({error.strerror}): continue as the user who owns it, "
            "or set EDUTRACK_DATA_DIR to another directory."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise EmbeddedDatabaseError(f"{path} cannot be locked: {error.strerror}.") from error
    return descriptor


def _start_keeper(data_dir: Path | None, lock: int | None) -> socket.socket:
    """Start a keeper, which inherits the lock with its descriptor, so that no moment is without an owner.

    Returns:
        This process's connection to it.

    Raises:
        EmbeddedDatabaseError: it cannot be started.
    """
    binaries = binaries_directory()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.settimeout(PATIENCE_SECONDS)
    descriptors = [theirs.fileno()] if lock is None else [theirs.fileno(), lock]
    log = Path(os.devnull) if data_dir is None else data_dir / "pg.log"
    with theirs:
        try:
            if data_dir is not None:
                log.touch(mode=0o600)
            # A lost traceback helps nobody; the keeper's own goes where the server's messages go.
            with log.open("ab") as errors:
                finished = subprocess.run(  # noqa: S603 - our own command, no shell
                    [
                        sys.executable,
                        "-I",
                        "-S",
                        "-c",
                        KEEPER_PROGRAM,
                        str(Path(__file__).resolve().parents[1]),
                        "" if data_dir is None else str(data_dir),
                        str(binaries),
                        *map(str, descriptors),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    pass_fds=descriptors,
                    # In a session of its own the keys that interrupt a terminal's programs do not reach it.
                    start_new_session=True,
                    cwd="/",
                    check=False,
                )
        except OSError as error:
            ours.close()
            raise EmbeddedDatabaseError(f"The embedded database cannot be started: {error}.") from error
    if finished.returncode != 0:
        ours.close()
        raise EmbeddedDatabaseError(f"The process that keeps the embedded database did not start (see {log}).")
    return ours


def _receive_greeting(connection: socket.socket) -> str | None:
    """Wait until the keeper says that the server is ready.

    Returns:
        The server's socket directory, or None where the keeper ended without a word.

    Raises:
        EmbeddedDatabaseError: the server cannot run, or did not answer in time.
    """
    received = b""
    try:
        while not received.endswith(b"\n"):
            part = connection.recv(4096)
            if not part:
                return None
            received += part
    except TimeoutError as error:
        connection.close()
        raise EmbeddedDatabaseError("The embedded database did not get ready in time.") from error
    except ConnectionError:
        return None
    message = json.loads(received)
    if "error" in message:
        connection.close()
        raise EmbeddedDatabaseError(message["error"])
    return str(message["socket_directory"])
