"""The production server: granian's WSGI workers around `create_app`."""

from granian import Granian
from granian.constants import Interfaces


def serve(host: str, port: int, workers: int) -> None:
    """Serve the application until the process is told to stop.

    One Python thread a worker does best with a database behind; stalled clients wait in the server's own event loop.
    """
    Granian(
        "edutrack:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        factory=True,
        respawn_failed_workers=True,
        websockets=False,
        log_access=False,
        backpressure=1024,
    ).serve()
