"""Turns: how many requests of a process run at a time, while any number of others wait for something outside.

Python runs one thread at a time, so requests that run side by side only slow each other down. Clients that read or
send slowly cost a thread that sleeps, and no turn. Where the server gives no turns, as in tests and under another WSGI
server, stepping aside does nothing.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_thread = threading.local()


class Turns:
    """The turns of one process, given in the order in which they were asked for."""

    def __init__(self, at_a_time: int, most_aside: int) -> None:
        """Let `at_a_time` requests run; of those that have begun, `most_aside` may step aside with what they hold."""
        self._at_a_time = at_a_time
        self._most_aside = most_aside
        self._lock = threading.Lock()
        self._running = 0
        self._aside = 0
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and keep it for the length of the context."""
        self._begin()
        _thread.turns = self
        try:
            yield
        finally:
            _thread.turns = None
            self._end()

    def _begin(self) -> None:
        with self._lock:
            if self._running < self._at_a_time and not self._waiting:
                self._running += 1
                return
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        called.acquire()

    def _end(self) -> None:
        with self._lock:
            self._running -= 1
            self._call_next()

    def _call_next(self) -> None:
        while self._waiting and self._running < self._at_a_time:
            self._running += 1
            self._waiting.popleft().release()

    def step_aside(self, *, empty_handed: bool) -> bool:
        """Give the turn to the next; False, and nothing done, where too many have stepped aside already."""
        with self._lock:
            if not empty_handed:
                if self._aside >= self._most_aside:
                    return False
                self._aside += 1
            self._running -= 1
            self._call_next()
            return True

    def step_back(self, *, empty_handed: bool) -> None:
        """Go on at once, beside whoever has the turn: that one may be waiting for a row that this one has locked."""
        with self._lock:
            if not empty_handed:
                self._aside -= 1
            self._running += 1


@contextmanager
def stepping_aside(*, empty_handed: bool = False) -> Iterator[None]:
    """Let other requests run while this one waits for something outside Python.

    A few at a time, because whoever steps aside may hold a database connection, of which there are not many; a request
    that finds too many aside keeps its turn. One that holds nothing (`empty_handed`) may always step aside.
    """
    turns: Turns | None = getattr(_thread, "turns", None)
    if turns is None or not turns.step_aside(empty_handed=empty_handed):
        yield
        return
    _thread.turns = None
    try:
        yield
    finally:
        turns.step_back(empty_handed=empty_handed)
        _thread.turns = turns
