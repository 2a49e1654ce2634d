"""Noticing that a provider is down, so that not every request waits for it in vain."""

from datetime import datetime, timedelta

from edutrack.core import clock

_PATIENCE = 3
_REST = timedelta(seconds=15)


class Outage:
    """Whether a provider is taken to be down: as long as a rest lasts, after a few failures in a row.

    Whoever waits for a provider in vain keeps a thread for seconds, and is told nothing better in the end. Once a rest
    is over the next request asks again, and its failure begins another one. Each process finds out for itself.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._rests_until: datetime | None = None

    @property
    def lasts(self) -> bool:
        """Whether asking is to be spared now."""
        return self._rests_until is not None and clock.now() < self._rests_until

    def note_failure(self) -> None:
        """Count that the provider gave no answer in time."""
        self._failures += 1
        if self._failures >= _PATIENCE:
            self._rests_until = clock.now() + _REST

    def note_answer(self) -> None:
        """Forget the failures: the provider answered, whatever it said."""
        self._failures = 0
        self._rests_until = None
