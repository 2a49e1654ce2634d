"""The keeper: a detached process that runs one server for as long as any process is connected to it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path

from .cluster import DURABLE_SETTINGS, THROWAWAY_SETTINGS, Cluster
from .errors import EmbeddedDatabaseError

LOCK_NAME = "pg.lock"
RECORD_NAME = "pg.keeper"
SOCKET_NAME = "keeper"
RUNTIME_PREFIX = "edutrack-postgres-"

GRACE_SECONDS = 1.0
TICK_SECONDS = 1.0
LOG_CHECK_SECONDS = 60.0
# A server that ends sooner than this after its start would only end again.
RESTART_AFTER_SECONDS = 2.0

# Linux allows 107 bytes for a socket's path; the longest name in the directory is `.s.PGSQL.5432.lock`.
LONGEST_RUNTIME_PATH = 107 - len("/.s.PGSQL.5432.lock")


class Keeper:
    """Serves the processes attached to one cluster."""

    def __init__(
        self, cluster: Cluster, listener: socket.socket | None, owner: socket.socket, lock: int | None
    ) -> None:
        """Take over a created cluster, the starter's connection and, for a lasting cluster, listener and lock."""
        self.cluster = cluster
        self.listener = listener
        self.owner = owner
        self.lock = lock
        self.connections = {owner}
        self.selector = selectors.DefaultSelector()
        self.selector.register(owner, selectors.EVENT_READ)
        if listener is not None:
            self.selector.register(listener, selectors.EVENT_READ)
        self.told_to_stop = False
        signal.signal(signal.SIGTERM, self._note_stop)

    def serve(self) -> None:
        """Run the server until the last connection is gone for a moment, or this process is told to stop.

        Raises:
            EmbeddedDatabaseError: the server does not start.
        """
        throwaway = self.listener is None
        server = self.cluster.start()
        started = time.monotonic()
        log_checked = started
        try:
            for connection in list(self.connections):
                self._greet(connection)
            alone_since: float | None = None
            while not self.told_to_stop:
                self._handle_events(TICK_SECONDS if alone_since is None else GRACE_SECONDS / 10)
                now = time.monotonic()
                alone_since = None if self.connections else (alone_since or now)
                if alone_since is not None and (throwaway or now - alone_since >= GRACE_SECONDS):
                    break
                if server.poll() is not None:
                    if now - started < RESTART_AFTER_SECONDS or not holds_lock(
                        self.lock, self.cluster.directory.parent
                    ):
                        break
                    server = self.cluster.start()
                    started = time.monotonic()
                if now - log_checked >= LOG_CHECK_SECONDS:
                    self.cluster.trim_log()
                    log_checked = now
        finally:
            # Before the server stops: whoever connects from here on is refused and starts the next keeper.
            if self.listener is not None:
                self.listener.close()
            self.cluster.stop(server, signal.SIGQUIT if throwaway else signal.SIGINT)

    def _handle_events(self, timeout: float) -> None:
        """Welcome newcomers and let go of the connections that have ended."""
        for key, _ in self.selector.select(timeout):
            if key.fileobj is self.listener:
                connection, _ = self.listener.accept()
                self.connections.add(connection)
                self.selector.register(connection, selectors.EVENT_READ)
                self._greet(connection)
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj)

    def _read(self, connection: socket.socket) -> None:
        """Forget a connection that has ended; attached processes never send anything."""
        with contextlib.suppress(ConnectionError):
            if connection.recv(1024):
                return
        self.selector.unregister(connection)
        self.connections.remove(connection)
        # The starter's end stays open until this process ends: a temporary cluster's owner waits for that.
        if connection is not self.owner:
            connection.close()

    def _greet(self, connection: socket.socket) -> None:
        """Tell a newcomer where the server listens."""
        send(connection, {"socket_directory": str(self.cluster.socket_directory)})

    def _note_stop(self, number: int, frame: object) -> None:
        """Remember the request to stop; the loop sees it within a tick."""
        self.told_to_stop = bool(number or frame)


def send(connection: socket.socket, message: dict[str, str]) -> None:
    """Send one line; a receiver that has gone meanwhile is noticed elsewhere."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(message).encode() + b"\n")


def holds_lock(lock: int | None, data_dir: Path) -> bool:
    """Tell whether the data directory is still this keeper's; somebody may have deleted and remade it meanwhile."""
    if lock is None:
        return True
    try:
        return os.path.samestat(os.fstat(lock), (data_dir / LOCK_NAME).stat())
    except FileNotFoundError:
        return False


def keep(data_dir: Path | None, binaries: Path, owner: socket.socket, lock: int | None) -> None:
    """Run the server of a data directory, or a throwaway one, until nobody needs it.

    Raises:
        EmbeddedDatabaseError: the server cannot run.
        OSError: a file or socket cannot be made.
    """
    runtime = create_runtime_directory()
    home = runtime if data_dir is None else data_dir
    record = home / RECORD_NAME
    try:
        cluster = Cluster(
            directory=home / "pg",
            log=home / "pg.log",
            socket_directory=runtime,
            binaries=binaries,
            settings=THROWAWAY_SETTINGS if data_dir is None else DURABLE_SETTINGS,
        )
        listener = None
        if data_dir is not None:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(runtime / SOCKET_NAME))
            listener.listen(socket.SOMAXCONN)
            draft = record.with_suffix(".keeper-new")
            draft.write_text(json.dumps({"runtime_directory": str(runtime), "keeper_pid": os.getpid()}) + "\n")
            draft.replace(record)
        cluster.trim_log()
        cluster.create_if_missing()
        Keeper(cluster, listener, owner, lock).serve()
    finally:
        if holds_lock(lock, home):
            record.unlink(missing_ok=True)
        shutil.rmtree(runtime, ignore_errors=True)


def create_runtime_directory() -> Path:
    """Make a fresh directory (mode 0700) for sockets, with a path short enough for them.

    Also removes the directories of keepers that were killed. A living keeper holds a lock on its own, which keeps
    both its successors and the system's cleaning of old temporary files away from it.

    Raises:
        EmbeddedDatabaseError: no temporary directory has a short enough path.
    """
    for candidate in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes it private
        base = Path(candidate)
        if len(os.fsencode(base / f"{RUNTIME_PREFIX}12345678")) <= LONGEST_RUNTIME_PATH and os.access(base, os.W_OK):
            break
    else:
        raise EmbeddedDatabaseError("No temporary directory has a path short enough for sockets: set TMPDIR to one.")
    for abandoned in base.glob(f"{RUNTIME_PREFIX}*"):
        _remove_if_abandoned(abandoned)
    while True:
        directory = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=base))
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            # Another keeper may have taken it for abandoned before the lock was there.
            if os.path.samestat(os.fstat(descriptor), directory.stat()):
                return directory
        os.close(descriptor)


def _remove_if_abandoned(directory: Path) -> None:
    """Remove a keeper's directory if it is this user's and no living keeper holds its lock."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == stat.S_IRWXU:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def main(arguments: list[str]) -> None:
    """Become the keeper.

    Args:
        arguments: the data directory (empty for a throwaway cluster), the directory of PostgreSQL's programs, the
            number of the starter's connection, and of the data directory's locked file if there is one.
    """
    data_dir, binaries, *descriptors = arguments
    for descriptor in descriptors:
        os.set_inheritable(int(descriptor), False)
    # The starter waits for this first process only; the second one belongs to init, so nobody has to reap it.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    owner = socket.socket(fileno=int(descriptors[0]))
    lock = int(descriptors[1]) if data_dir else None
    try:
        keep(Path(data_dir) if data_dir else None, Path(binaries), owner, lock)
    except EmbeddedDatabaseError as error:
        send(owner, {"error": str(error)})
        sys.exit(1)
    except OSError as error:
        send(owner, {"error": f"The embedded database cannot run: {error}."})
        raise
