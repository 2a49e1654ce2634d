"""Turns: one request of a process runs at a time, while any number of others wait for something outside.

Python runs one thread at a time, so requests that run side by side only slow each other down. Clients that read or
send slowly cost a thread that sleeps, and no turn. Where the server gives no turns, as in tests and under another WSGI
server, stepping aside does nothing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_thread = threading.local()


class Turns:
    """The turns of one process.

    Whoever comes at the right moment may overtake those that wait: to hand a turn over costs more than most requests
    would gain.
    """

    def __init__(self, most_aside: int) -> None:
        """Let `most_aside` requests step aside with what they hold."""
        self._turn = threading.Lock()
        self._places_aside = threading.BoundedSemaphore(most_aside)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and keep it for the length of the context."""
        self._turn.acquire()
        request = _thread.request = _Request(self._turn, self._places_aside)
        try:
            yield
        finally:
            _thread.request = None
            request.end()


class _Request:
    """What a request that has begun holds: its turn, a place beside the others, or neither."""

    def __init__(self, turn: threading.Lock, places_aside: threading.Semaphore) -> None:
        self._turn = turn
        self._places_aside = places_aside
        self._has_turn = True
        self._has_place = False

    def step_aside(self, *, empty_handed: bool) -> bool:
        """Give the turn up; False, and nothing done, without one, or where every place aside is taken."""
        if not self._has_turn:
            return False
        if not empty_handed:
            self._has_place = self._places_aside.acquire(blocking=False)
            if not self._has_place:
                return False
        self._has_turn = False
        self._turn.release()
        return True

    def step_back(self) -> None:
        """Go on with the turn, or without it: whoever has it may be waiting for a row that this request has locked.

        Only a request that holds nothing waits for it.
        """
        self._has_turn = self._turn.acquire(blocking=not self._has_place)
        if self._has_turn:
            self._leave_place()

    def end(self) -> None:
        """Leave the turn to the next."""
        if self._has_turn:
            self._turn.release()
        self._leave_place()

    def _leave_place(self) -> None:
        if self._has_place:
            self._has_place = False
            self._places_aside.release()


@contextmanager
def stepping_aside(*, empty_handed: bool = False) -> Iterator[None]:
    """Let other requests run while this one waits for something outside Python.

    A few at a time, because whoever steps aside may hold a database connection, of which there are not many; a request
    that finds too many aside keeps its turn. One that holds nothing (`empty_handed`) may always step aside.
    """
    request: _Request | None = getattr(_thread, "request", None)
    if request is None or not request.step_aside(empty_handed=empty_handed):
        yield
        return
    try:
        yield
    finally:
        request.step_back()
