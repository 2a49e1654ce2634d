"""The one place that knows what time it is, so that tests can say otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app

_stopped_at: ContextVar[datetime | None] = ContextVar("stopped_at", default=None)


def now() -> datetime:
    """Return the current moment, aware and in UTC."""
    return _stopped_at.get() or datetime.now(UTC)


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Let it be `moment` (aware) for everything that this context does: what is done inside is done at that time.

    Other threads and requests keep their own time.
    """
    token = _stopped_at.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _stopped_at.reset(token)


def business_zone() -> ZoneInfo:
    """Return the time zone in which calendar questions are asked (rules.md, "Time")."""
    return ZoneInfo(current_app.config["BUSINESS_TIME_ZONE"])


def today() -> date:
    """Return the calendar day that it is now in the business time zone."""
    return now().astimezone(business_zone()).date()


def start_of_day(day: date) -> datetime:
    """Return the first moment of a business day, in UTC.

    Where the clocks go forward at midnight the day starts at the first moment that exists.
    """
    # Converting through UTC resolves the hour that does not exist in favour of the one that follows it.
    return datetime.combine(day, time.min, tzinfo=business_zone()).astimezone(UTC)


def days(count: int) -> timedelta:
    """Return the length of an access window of `count` days (24 hours each)."""
    return timedelta(days=count)
