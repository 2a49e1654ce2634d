"""The processes under attack: a server that can be killed with all its workers, and PostgreSQL with all of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from bench.processes import free_port

_START_SECONDS = 60
_STOP_SECONDS = 20
_BETWEEN_LOOKS = 0.02
SERVE = ("-m", "edutrack", "serve")


class Server:
    """`edutrack serve` on one port, started as often as it is killed, in a process group of its own."""

    def __init__(self, environment: Mapping[str, str], log: Path, workers: int, program: Sequence[str] = SERVE) -> None:
        """Choose a port; nothing runs yet."""
        self.port = free_port()
        self._environment = environment
        self._log = log
        # Outlives nobody, though it is in a group of its own.
        ends_with_us = ["setpriv", "--pdeathsig", "KILL"]
        self._command = [*ends_with_us, sys.executable, *program, "--port", str(self.port), "--workers", str(workers)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the process whose children are the workers, while it runs."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it and wait until it is ready for traffic."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until_ready()

    def kill(self) -> None:
        """Kill it and its workers outright."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """Let it end; kill what does not."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until_ready(self) -> None:
        """Return when it takes traffic, its database included."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._is_ready():
                return
            time.sleep(_BETWEEN_LOOKS)
        raise SystemExit(f"The server did not become ready: see {self._log}.")

    def _is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Run a server for the length of the context."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


def kill_database(postmaster: int) -> None:
    """Kill PostgreSQL outright: its first process, so that nothing is tidied up, and then every other one."""
    first = psutil.Process(postmaster)
    processes = [first, *first.children(recursive=True)]
    for process in processes:
        process.kill()
    _, alive = psutil.wait_procs(processes, timeout=_STOP_SECONDS)
    if alive:
        raise SystemExit("PostgreSQL outlived a kill.")
