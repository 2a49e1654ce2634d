"""Served processes: started on a free port of this machine, watched, and ended with the measurement."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """A server that answers at a port of 127.0.0.1."""

    port: int
    #: Of the process whose children are the workers.
    pid: int

    def resident_megabytes(self) -> float:
        """Return how much memory the largest worker holds."""
        return max(float(worker.memory_info().rss) for worker in psutil.Process(self.pid).children()) / 1e6


@contextmanager
def serving(arguments: list[str], environment: dict[str, str]) -> Iterator[Served]:
    """Run Python with these arguments, in which PORT stands for a free port, until the context ends."""
    port = free_port()
    command = [sys.executable, *(str(port) if argument == "PORT" else argument for argument in arguments)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(port, server)
            yield Served(port, server.pid)
        finally:
            server.terminate()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def cpu_seconds(roots: list[int]) -> float:
    """Return what these processes and their children have computed so far, children that have ended included."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) in roots:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) in roots:
            total += sum(map(int, fields[11:13]))
    return total / _TICKS


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("A server did not become ready.")
