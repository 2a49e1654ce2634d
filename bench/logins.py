"""Failed logins of known and unknown users: whether the time of the answer tells which of them there is."""

import os
import random
import statistics
import time
from dataclasses import dataclass

from bench.school import School

_SAMPLES = 500
#: A little is left to chance: this far from even odds nobody can say who has an account.
_NOISE = (0.45, 0.55)


@dataclass(frozen=True)
class Timing:
    """Median seconds of failed logins, and how often an answer to a known user took longer than one to an unknown."""

    known: float
    unknown: float
    #: Area under the curve of guessing by the time alone: 0.5 is a coin.
    odds: float

    @property
    def tells_nothing(self) -> bool:
        """Whether the odds are those of a coin, within noise."""
        return _NOISE[0] <= self.odds <= _NOISE[1]


def measure_failed_logins(school: School) -> Timing:
    """Time wrong passwords of the owner and of nobody, in random order; limits have to be off in the school."""
    chance = random.Random(os.urandom(8))  # noqa: S311 - an order, no secret
    order = [True, False] * _SAMPLES
    chance.shuffle(order)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for is_known in order:
        # As long as the other name, and never the same twice.
        username = "owner" if is_known else f"{chance.randrange(16**5):05x}"
        started = time.perf_counter()
        answer = school.owner.post("/api/accounts/login/", json={"username": username, "password": "wrong-password"})
        seconds[is_known].append(time.perf_counter() - started)
        if answer.status_code != 401:
            raise SystemExit(f"A wrong password was answered {answer.status_code}.")
    known, unknown = seconds[True], seconds[False]
    return Timing(statistics.median(known), statistics.median(unknown), _odds(known, unknown))


def _odds(known: list[float], unknown: list[float]) -> float:
    longer = sum((mine > other) + (mine == other) / 2 for mine in known for other in unknown)
    return longer / (len(known) * len(unknown))
