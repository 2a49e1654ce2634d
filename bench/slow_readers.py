"""Slow downloads: how long hot requests take while many clients read a large file slowly."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.school import School

_READERS = (0, 50, 200)
_FILE_BYTES = 8 * 1024 * 1024
_REQUESTS = 200
_HOT = ("/api/accounts/me/", "/api/courses/")
#: Each reader takes a kilobyte at every round.
_BETWEEN_ROUNDS = 0.25


@dataclass(frozen=True)
class Latency:
    """What hot requests take beside a number of slow readers, in seconds; and the largest worker, in megabytes."""

    readers: int
    median: float
    p99: float
    megabytes: float


def measure_slow_readers(school: School, folder: Path) -> list[Latency]:
    """Time hot requests beside each number of readers of a file that lies in the school's folder."""
    file = folder / "media" / "public" / "slow.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(_FILE_BYTES))
    measured = []
    for readers in _READERS:
        with _reading_slowly(school, readers):
            seconds = sorted(_timed(school, _HOT[number % len(_HOT)]) for number in range(_REQUESTS))
            largest = max(worker.memory_info().rss for worker in psutil.Process(school.server).children())
        p99 = seconds[int(len(seconds) * 0.99) - 1]
        measured.append(Latency(readers, statistics.median(seconds), p99, largest / 1e6))
    return measured


def _timed(school: School, path: str) -> float:
    started = time.perf_counter()
    school.owner.get(path).raise_for_status()
    return time.perf_counter() - started


@contextmanager
def _reading_slowly(school: School, readers: int) -> Iterator[None]:
    """Have so many clients read the file, a few kilobytes a second each, once each of them has its first bytes."""
    host, port = school.url.removeprefix("http://").split(":")
    sockets = [_asking(host, int(port)) for _ in range(readers)]
    for reader in sockets:
        reader.recv(1024)
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(_BETWEEN_ROUNDS):
            for reader in sockets:
                reader.recv(1024)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for reader in sockets:
            reader.close()


def _asking(host: str, port: int) -> socket.socket:
    reader = socket.socket()
    # A small buffer, as on a slow line: the rest stays with the server.
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(60)
    reader.connect((host, port))
    reader.sendall(f"GET /media/slow.bin HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    return reader
