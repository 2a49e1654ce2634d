"""Print sheets: how long a PDF of ten thousand cards takes, and how much memory."""

import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil

from bench.bulk import Measurement
from bench.school import School
from edutrack.owner.sheets.pdf import TYPESETTER

_RUNS = 3
_CARDS = 10_000
_BETWEEN_LOOKS = 0.2


def measure_pdf(school: School) -> Measurement:
    """Time downloads of the whole PDF; the memory is that of the worker that prints, with its typesetters."""
    # A batch for each run: whoever prints one again is asked first.
    batches = [_new_batch(school) for _ in range(_RUNS)]
    seconds = []
    with _console(school) as console, _watched_memory(school.server) as peak:
        for batch_id in batches:
            started = time.perf_counter()
            document = console.get(f"/owner/batches/{batch_id}/print.pdf").raise_for_status().content
            seconds.append(time.perf_counter() - started)
            if not document.endswith(b"%%EOF\n"):
                raise SystemExit("The PDF is not whole.")
    name = f"{_CARDS:,} cards as PDF"
    return Measurement(name, statistics.median(seconds), max(seconds), target=15.0, megabytes=peak[0] / 1e6)


def _new_batch(school: School) -> int:
    body = {"course": school.course_id, "value": "50.00", "quantity": _CARDS}
    made = school.owner.post("/api/wallet/recharge-codes/bulk/", json=body)
    return int(made.raise_for_status().json()["id"])


@contextmanager
def _console(school: School) -> Iterator[httpx.Client]:
    """Sign in to the console, as a browser does."""
    with httpx.Client(base_url=school.url, timeout=120) as client:
        page = client.get("/owner/login/").raise_for_status().text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        if token is None:
            raise SystemExit("The console's sign-in page has no token.")
        form = {"username": "owner", "password": school.password, "csrf_token": token[1]}
        if client.post("/owner/login/", data=form).status_code != 303:
            raise SystemExit("The console did not let the owner in.")
        yield client


@contextmanager
def _watched_memory(server: int) -> Iterator[list[float]]:
    """Yield a list whose one number is the most bytes that a worker held so far, with its own children."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(_BETWEEN_LOOKS):
            for worker in psutil.Process(server).children():
                peak[0] = max(peak[0], _resident(worker) + sum(map(_resident_typesetter, worker.children())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _resident_typesetter(process: psutil.Process) -> float:
    try:
        # Between its start and its first line a child is the worker itself, whose memory is counted already.
        return _resident(process) if process.cmdline()[-1:] == [str(TYPESETTER)] else 0.0
    except psutil.NoSuchProcess:
        return 0.0


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0
