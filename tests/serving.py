"""Served processes of a test's own: as many servers as it takes, each on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx


class Server(NamedTuple):
    """A running `edutrack serve`: its process, which leads a group with its workers, and a client of it."""

    process: subprocess.Popen[bytes]
    url: str
    client: httpx.Client

    def kill(self) -> None:
        """End it and its workers outright."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)


@contextmanager
def serving(
    environment: Mapping[str, str], *options: str, workers: int = 1, log: Path = Path(os.devnull)
) -> Iterator[Server]:
    """Yield `edutrack serve` with these settings, once it is ready; what is left of it ends with the context."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "edutrack", "serve", "--port", str(port), "--workers", str(workers), *options]
    settings = {**os.environ, "PUBLIC_URL": url, **environment}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=settings, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        server = Server(process, url, client)
        try:
            until(lambda: process.poll() is not None or is_ready(url), seconds=90)
            assert process.poll() is None, "The served process ended before it was ready."
            yield server
        finally:
            _end(server)


def is_ready(url: str) -> bool:
    """Return whether a server takes traffic, its database included."""
    try:
        return httpx.get(f"{url}/readyz").json() == {"status": "ok"}
    except httpx.TransportError:
        return False


def until(condition, seconds=30):
    """Wait until a condition holds; fail where it takes longer."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.1)


def _end(server: Server) -> None:
    if server.process.poll() is not None:
        return
    server.process.terminate()
    try:
        server.process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
