"""The courier: a thread of each server process that delivers what waits in the outbox, so that no request has to."""

import threading

import structlog
from flask import Flask

from edutrack.core.extensions import db
from edutrack.core.mail.outbox import deliver_mail

#: How often it looks by itself: for mails that are due again, and for those of other processes.
_PAUSE_SECONDS = 5.0

_log = structlog.get_logger()


class Courier:
    """Delivers mail in a thread of its own, at each nudge and every few seconds."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._nudged = threading.Event()

    def start(self) -> None:
        """Begin to deliver; the thread ends with its process, and what it was sending is tried again."""
        threading.Thread(target=self._deliver_for_ever, name="mail-courier", daemon=True).start()

    def nudge(self) -> None:
        """Say that something has been put into the outbox."""
        self._nudged.set()

    def _deliver_for_ever(self) -> None:
        while True:
            self._nudged.wait(_PAUSE_SECONDS)
            self._nudged.clear()
            with self._app.app_context():
                try:
                    deliver_mail()
                except Exception as failure:
                    # The database may be away for a while; the courier is not to be.
                    db.session.rollback()
                    _log.error("mail_delivery_failed", exc_info=failure)


def start_courier(app: Flask) -> None:
    """Give a server process its courier; from here on its requests hand mail over to that."""
    courier = app.extensions["courier"] = Courier(app)
    courier.start()
