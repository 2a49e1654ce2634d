"""Bulk work: how long one request takes that makes as many recharge codes as are allowed."""

import statistics
import time
from dataclasses import dataclass

from bench.school import School

_RUNS = 5
_QUANTITY = 100_000


@dataclass(frozen=True)
class Measurement:
    """One row of the table, in seconds of wall-clock time."""

    name: str
    median: float
    worst: float
    target: float
    #: Most memory that it took, in megabytes, where that is held to a target as well.
    megabytes: float | None = None


def measure_bulk_codes(school: School) -> Measurement:
    """Time requests for 100,000 codes, from sending to the committed answer."""
    seconds = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        response = school.owner.post(
            "/api/wallet/recharge-codes/bulk/",
            json={"course": school.course_id, "value": "50.00", "quantity": _QUANTITY},
        )
        seconds.append(time.perf_counter() - started)
        response.raise_for_status()
    return Measurement(f"{_QUANTITY:,} codes in one request", statistics.median(seconds), max(seconds), target=3.0)
