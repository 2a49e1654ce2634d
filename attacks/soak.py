"""The soak: seed after seed of races and mixed traffic against several served processes, and then what it proves.

In the end the same race runs against a server whose guard was taken out, where it has to find what it looks for.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from time import perf_counter

import orjson

from attacks.findings import Findings
from attacks.processes import Server, running
from attacks.races import CODES, Races
from attacks.school import School
from attacks.traffic import Traffic
from bench.clients import CONNECTIONS, Answers, request_bytes, send_all
from bench.processes import cpu_seconds
from edutrack.scale.plan import COURSES, courses_of

_REDEMPTIONS = 400
_LEAST_PER_SECOND = 200
_LONGEST_P99 = 0.25
#: Without it the database still refuses the second credit of a code.
_WITHOUT_CONSTRAINT = "ALTER TABLE balance_transactions DROP CONSTRAINT uq_balance_transactions_code_id"


@dataclass
class _Speed:
    """How fast codes were redeemed, over all seeds."""

    answers: Answers = field(default_factory=Answers)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def per_second(self) -> float:
        """How many codes were redeemed a second."""
        return len(self.answers.seconds) / max(self.seconds, 1e-9)

    @property
    def is_enough(self) -> bool:
        """Whether it was as fast as it has to be."""
        return self.per_second >= _LEAST_PER_SECOND and self.answers.percentile(0.99) <= _LONGEST_P99

    def add(self, other: "_Speed") -> None:
        """Count another measurement in."""
        self.answers.seconds += other.answers.seconds
        self.seconds += other.seconds
        self.cpu += other.cpu

    def __str__(self) -> str:
        return f"{self.per_second:>8.0f}/s {self.answers.percentile(0.99) * 1000:>5.0f} ms"


def run_soak(seeds: int, first_seed: int, workers: int) -> bool:
    """Attack a fresh school with so many seeds, print the table, and return whether it withstood."""
    with tempfile.TemporaryDirectory(prefix="edutrack-soak-") as name:
        folder = Path(name)
        school = School(folder)
        with running(Server(school.environment, folder / "server.log", workers)) as server:
            is_clean = _attack(school, server, range(first_seed, first_seed + seeds))
            for failure in _failures(folder / "server.log"):
                print("failure:", failure)
        return _control(school, folder, workers) and is_clean


def _attack(school: School, server: Server, seeds: range) -> bool:
    print(
        f"{'seed':>5} {'requests':>9} {'codes':>6} {'credits':>8} {'excess':>7} {'5xx':>4} {'violations':>10} "
        f"{'redeems':>10} {'p99':>8}"
    )
    prices: dict[int, set[Decimal]] = {}
    speed, are_clean = _Speed(), []
    for seed in seeds:
        found = asyncio.run(_races_and_traffic(school, server.port, seed, prices))
        fast = _redeem_fast(school, server, seed)
        violations = school.violations()
        print(
            f"{seed:>5} {found.requests + len(fast.answers.seconds):>9,} {found.codes:>6} {found.credits:>8} "
            f"{found.excess:>7} {found.failures:>4} {len(violations):>10} {fast}",
            flush=True,
        )
        wrong = [*found.wrong, *fast.answers.errors, *violations]
        for one in dict.fromkeys(wrong):
            print(f"error of seed {seed}:", one)
        are_clean.append(found.is_clean and not wrong)
        speed.add(fast)
    print(
        f"{CONNECTIONS} clients redeemed {len(speed.answers.seconds):,} codes: {str(speed).strip()} (99th percentile), "
        f"where {_LEAST_PER_SECOND}/s and {_LONGEST_P99 * 1000:.0f} ms are asked for; "
        f"{len(speed.answers.seconds) / speed.cpu:.0f} for a second of CPU time"
    )
    return all(are_clean) and speed.is_enough


async def _races_and_traffic(school: School, port: int, seed: int, prices: dict[int, set[Decimal]]) -> Findings:
    found = await Races(school, port, seed).run()
    found.add(await Traffic(school, port, seed, prices).run())
    return found


def _redeem_fast(school: School, server: Server, seed: int) -> _Speed:
    """Have sixteen clients redeem codes as fast as they get answers."""
    school.stock_codes(school.codes, 2 * _REDEMPTIONS // COURSES)
    requests = list(islice(_redemptions(school, Random(f"speed {seed}")), _REDEMPTIONS))
    served = [server.pid, school.postmaster]
    started, cpu = perf_counter(), cpu_seconds(served)
    answers = send_all(server.port, requests)
    return _Speed(answers, perf_counter() - started, cpu_seconds(served) - cpu)


def _redemptions(school: School, random: Random) -> Iterator[bytes]:
    students = random.sample(school.students, len(school.students))
    while True:
        for student in students:
            course = random.choice([course for course in courses_of(student.id) if school.codes[course]])
            body = orjson.dumps({"code": school.codes[course].pop(), "course": course})
            yield request_bytes("POST", "/api/wallet/redeem/", student.token, body)


def _control(school: School, folder: Path, workers: int) -> bool:
    """Run the race for codes where nothing guards them; return whether it was found out."""
    school.execute(_WITHOUT_CONSTRAINT)
    broken = Server(school.environment, folder / "broken.log", workers, ("-m", "attacks.broken"))
    with running(broken) as server:
        found = asyncio.run(Races(school, server.port, 0).redeem_only())
    violations = school.violations()
    print(
        f"control, read first and then marked as used: {found.credits} credits from {CODES} codes, "
        f"{len(violations)} invariants violated"
    )
    is_found_out = found.credits > CODES and bool(violations)
    if not is_found_out:
        print("error: the race found nothing where nothing guards it")
    return is_found_out


def _failures(log: Path) -> list[str]:
    """Return what the server logged of requests that failed, each kind once."""
    lines = (line for line in log.read_bytes().splitlines() if b'"request_failed"' in line)
    return list(dict.fromkeys(str(orjson.loads(line).get("exception", ""))[-600:] for line in lines))
