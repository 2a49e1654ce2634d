"""The sweeper: a thread of each server process that closes attempts whose time is over, whether anybody asks or not."""

from flask import Flask

from edutrack.core.chores import start_chore
from edutrack.core.transaction import in_transaction
from edutrack.quizzes.service.finishing import close_overdue

#: How long an attempt may stay open after its grace, at most, where nobody asks after it.
_PAUSE_SECONDS = 5.0
#: Attempts a transaction: whoever wants one of them waits for so many at most.
_BATCH = 100


def close_attempts() -> int:
    """Close every attempt whose time and grace are over; return how many.

    Batches are committed one by one, and what another process is closing already is left to it.
    """
    closed = 0
    while batch := in_transaction(lambda: close_overdue(skip_locked=True, most=_BATCH)):
        closed += batch
    return closed


def start_sweeper(app: Flask) -> None:
    """Give a server process its sweeper; it ends with the process."""
    start_chore(app, "attempt-sweeper", close_attempts, every=_PAUSE_SECONDS)
