"""The production server: granian's WSGI workers around `create_app`.

Each request has a thread, but requests run in turns: a client that reads or sends slowly keeps a sleeping thread and
nothing else. Bodies are received before the turn, and what is streamed is sent after it.
"""

import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO

from flask import current_app
from granian import Granian
from granian.constants import Interfaces
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import FileWrapper

from edutrack import create_app
from edutrack.core.bodies import IncomingBody
from edutrack.core.forgetting import start_forgetting
from edutrack.core.mail import start_courier
from edutrack.core.metrics import SHARED_FOLDER
from edutrack.core.turns import Turns
from edutrack.owner.figures.closing import start_rolling_up
from edutrack.quizzes.sweeper import start_sweeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Write = Callable[[bytes], object]

_MASTER = "EDUTRACK_SERVER_PID"
_PR_SET_PDEATHSIG = 1
#: Threads a worker, made when they are needed: so many clients of one worker may be slow at a time.
_THREADS = 256
#: Requests of a worker that wait for something with a database connection in hand. The pool has more than these, the
#: one whose turn it is, and the long answers being written.
_MOST_ASIDE = 6
#: Seconds until a thread that computes (a long list, a PDF) hands the interpreter's lock to one that asks for it: a
#: request in its turn asks after every statement.
_SWITCH_SECONDS = 0.0005
#: Large enough for few system calls, small enough for hundreds of downloads.
_FILE_BLOCK = 64 * 1024
#: What is no longer is handed to the server whole, which then needs no thread to send it.
_SMALL_ANSWER = 64 * 1024


def serve(host: str, port: int, workers: int) -> None:
    """Serve the current application until the process is told to stop.

    Clients that have sent nothing yet wait in the server's own event loop.
    """
    os.environ[_MASTER] = str(os.getpid())
    with ExitStack() as stack:
        if current_app.config["METRICS_ENABLED"]:
            counts = tempfile.TemporaryDirectory(prefix="edutrack-metrics-", ignore_cleanup_errors=True)
            os.environ[SHARED_FOLDER] = stack.enter_context(counts)
        Granian(
            "edutrack.serving:worker_application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=_THREADS,
            factory=True,
            respawn_failed_workers=True,
            # A worker that is told to stop while it still starts may never hear of it.
            workers_kill_timeout=10,
            websockets=False,
            log_access=False,
            backpressure=1024,
        ).serve()


def worker_application() -> "WSGIApplication":
    """Return the application of one worker process, which from here on never outlives the server that started it."""
    _end_with(int(os.environ[_MASTER]))
    sys.setswitchinterval(_SWITCH_SECONDS)
    app = create_app()
    start_courier(app)
    start_sweeper(app)
    start_rolling_up(app)
    start_forgetting(app)
    return InTurns(app, Turns(_MOST_ASIDE), app.config["MAX_BODY_KB"] * 1024)


class InTurns:
    """A WSGI application that is called in turns, with bodies that are there."""

    def __init__(self, application: "WSGIApplication", turns: Turns, body_limit: int) -> None:
        """Wrap `application`; bodies of up to `body_limit` bytes are received before it is called."""
        self._application = application
        self._turns = turns
        self._body_limit = body_limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        environ["wsgi.file_wrapper"] = _in_blocks
        try:
            self._receive_body(environ)
        except ClientDisconnected as gone:
            return gone(environ, start_response)
        lengths: list[int] = []

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> "Write":
            lengths[:] = [int(value) for name, value in headers if name == "Content-Length"]
            return start_response(status, headers, *failure)

        with self._turns.turn():
            answer = self._application(environ, start)
            return _read(answer) if lengths and lengths[0] <= _SMALL_ANSWER else answer

    def _receive_body(self, environ: "WSGIEnvironment") -> None:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return
        length = environ.get("CONTENT_LENGTH", "")
        known = int(length) if length.isdecimal() else None
        if known == 0:
            return
        # One byte more than is taken shows that there is more.
        body = IncomingBody(environ["wsgi.input"], known)
        body.receive(self._body_limit + 1)
        environ["wsgi.input"] = body


def _read(answer: Iterable[bytes]) -> list[bytes]:
    try:
        return list(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()


def _in_blocks(file: BinaryIO, _block_size: int = 0) -> FileWrapper:
    return FileWrapper(file, _FILE_BLOCK)


def _end_with(master: int) -> None:
    """Have the kernel end this process with its parent, also where that is killed outright.

    A worker left behind would keep the port and the embedded database, and nobody would know to stop it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != master:
        raise SystemExit("The server that started this worker is gone.")
