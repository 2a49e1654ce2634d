"""The months that the demo school has behind it: what happens, in the order of time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from edutrack.core import clock

_Planned = tuple[datetime, int, Callable[[], object]]


class Timeline:
    """Runs deeds in the order of their moments, each with the clock standing at its own.

    A deed may plan further ones. The ledger's entries come out in order because everything does.
    """

    def __init__(self) -> None:
        self.end = clock.now()
        self._today = clock.today()
        self._planned: list[_Planned] = []
        # Two deeds of one moment happen in the order in which they were planned.
        self._numbers = count()

    def day(self, days_ago: int, hours: float = 0) -> datetime:
        """Return the moment `hours` after the start of the business day that was `days_ago` days ago."""
        return clock.start_of_day(self._today - timedelta(days=days_ago)) + timedelta(minutes=round(60 * hours))

    def weekday(self, days_ago: int) -> int:
        """Return which day of the week it was `days_ago` days ago, 0 for Monday."""
        return (self._today - timedelta(days=days_ago)).weekday()

    def at(self, moment: datetime, deed: Callable[..., object], *arguments: Any, **named: Any) -> None:
        """Plan a deed and what it is called with; what has not happened yet is left out."""
        if moment < self.end:
            planned: _Planned = (moment, next(self._numbers), partial(deed, *arguments, **named))
            heappush(self._planned, planned)

    def run(self) -> None:
        """Let everything happen that is planned, and what it leads to."""
        while self._planned:
            moment, _, deed = heappop(self._planned)
            with clock.stopped_at(moment):
                deed()
