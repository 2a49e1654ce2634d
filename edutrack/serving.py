"""The production server: granian's WSGI workers around `create_app`."""

import ctypes
import os
import signal
import sys

from granian import Granian
from granian.constants import Interfaces

from edutrack import EduTrack, create_app
from edutrack.core.mail import start_courier

_MASTER = "EDUTRACK_SERVER_PID"
_PR_SET_PDEATHSIG = 1


def serve(host: str, port: int, workers: int) -> None:
    """Serve the application until the process is told to stop.

    One Python thread a worker does best with a database behind; stalled clients wait in the server's own event loop.
    """
    os.environ[_MASTER] = str(os.getpid())
    Granian(
        "edutrack.serving:worker_application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        factory=True,
        respawn_failed_workers=True,
        # A worker that is told to stop while it still starts may never hear of it.
        workers_kill_timeout=10,
        websockets=False,
        log_access=False,
        backpressure=1024,
    ).serve()


def worker_application() -> EduTrack:
    """Return the application of one worker process, which from here on never outlives the server that started it."""
    _end_with(int(os.environ[_MASTER]))
    app = create_app()
    start_courier(app)
    return app


def _end_with(master: int) -> None:
    """Have the kernel end this process with its parent, also where that is killed outright.

    A worker left behind would keep the port and the embedded database, and nobody would know to stop it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != master:
        raise SystemExit("The server that started this worker is gone.")
