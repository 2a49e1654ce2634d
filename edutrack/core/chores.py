"""Chores: what each server process does by itself every so often, in a thread of its own."""

import threading
import time
from collections.abc import Callable

import structlog
from flask import Flask

from edutrack.core.extensions import db

_log = structlog.get_logger()


def start_chore(app: Flask, name: str, work: Callable[[], object], *, every: float) -> None:
    """Call `work` inside the application, `every` so many seconds after it was last done; it ends with the process.

    What fails is logged and tried again: the database may be away for a while, the chore is not to be.
    """
    threading.Thread(target=_repeat, args=(app, name, work, every), name=name, daemon=True).start()


def _repeat(app: Flask, name: str, work: Callable[[], object], every: float) -> None:
    while True:
        time.sleep(every)
        with app.app_context():
            try:
                work()
            except Exception as failure:
                db.session.rollback()
                _log.error("chore_failed", chore=name, exc_info=failure)
