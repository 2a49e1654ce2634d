"""Calendar days in Cairo, which has days of 23 and of 25 hours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import time_machine

from edutrack.core import clock


def test_now_is_aware_and_in_utc():
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        assert clock.now() == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-01T21:59:59Z", date(2026, 1, 1)),
        ("2026-01-01T22:00:00Z", date(2026, 1, 2)),
        ("2026-07-01T20:59:59Z", date(2026, 7, 1)),
        ("2026-07-01T21:00:00Z", date(2026, 7, 2)),
        # Clocks go forward at midnight: the day begins at one o'clock.
        ("2027-04-29T21:59:59Z", date(2027, 4, 29)),
        ("2027-04-29T22:00:00Z", date(2027, 4, 30)),
        # Clocks go back at midnight: the last hour of the day comes twice.
        ("2027-10-28T20:30:00Z", date(2027, 10, 28)),
        ("2027-10-28T21:30:00Z", date(2027, 10, 28)),
        ("2027-10-28T22:00:00Z", date(2027, 10, 29)),
    ],
)
def test_today_is_the_day_in_cairo(app, moment, day):
    with time_machine.travel(moment, tick=False):
        assert clock.today() == day


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 1, 1), datetime(2025, 12, 31, 22, tzinfo=UTC), 24),
        (date(2026, 7, 1), datetime(2026, 6, 30, 21, tzinfo=UTC), 24),
        (date(2027, 4, 29), datetime(2027, 4, 28, 22, tzinfo=UTC), 24),
        (date(2027, 4, 30), datetime(2027, 4, 29, 22, tzinfo=UTC), 23),
        (date(2027, 10, 28), datetime(2027, 10, 27, 21, tzinfo=UTC), 25),
    ],
)
def test_a_day_starts_where_the_one_before_ends(app, day, start, hours):
    assert clock.start_of_day(day) == start
    assert clock.start_of_day(day + timedelta(days=1)) - start == timedelta(hours=hours)


def test_the_zone_is_a_setting(app, monkeypatch):
    monkeypatch.setitem(app.config, "BUSINESS_TIME_ZONE", "Asia/Tokyo")

    assert clock.start_of_day(date(2026, 1, 1)) == datetime(2025, 12, 31, 15, tzinfo=UTC)


def test_an_access_window_is_of_whole_days():
    assert clock.days(7) == timedelta(hours=168)


def test_the_clock_can_be_stopped_for_a_while_and_runs_on_afterwards():
    moment = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    with clock.stopped_at(moment):
        assert (clock.now(), clock.now().tzinfo) == (datetime(2026, 3, 1, 12, tzinfo=UTC), UTC)
        with clock.stopped_at(moment + timedelta(days=1)):
            assert clock.now() == datetime(2026, 3, 2, 12, tzinfo=UTC)
        assert clock.now() == datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert clock.now() > moment
    with pytest.raises(ZeroDivisionError), clock.stopped_at(moment):
        _ = 1 / 0
    assert clock.now() > moment


def test_a_stopped_clock_is_the_stopping_threads_alone():
    with clock.stopped_at(datetime(2001, 1, 1, tzinfo=UTC)), ThreadPoolExecutor(1) as other:
        assert other.submit(clock.now).result().year > 2001
