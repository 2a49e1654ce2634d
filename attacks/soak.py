"""The soak: seed after seed of races and mixed traffic against several served processes, and then what it proves.

In the end codes are redeemed as fast as a server with the usual number of processes answers, and the same race runs
against one whose guard was taken out, where it has to find what it looks for.
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
import psutil

from attacks.findings import Findings
from attacks.processes import Server, running
from attacks.races import CODES, Races
from attacks.school import School
from attacks.traffic import Traffic
from bench.clients import CONNECTIONS, Answers, request_bytes, send_all
from bench.processes import cpu_seconds
from edutrack.scale.plan import COURSES, courses_of

#: Processes of a server unless it is told otherwise.
_USUAL_WORKERS = 2
#: How often codes are redeemed at full speed, and how many each time; the first time warms the server up.
_ROUNDS = 11
_REDEMPTIONS = 400
_LEAST_PER_SECOND = 200
_LONGEST_P99 = 0.25
#: Without it the database still refuses the second credit of a code.
_WITHOUT_CONSTRAINT = "ALTER TABLE balance_transactions DROP CONSTRAINT uq_balance_transactions_code_id"


@dataclass
class _Speed:
    """How fast codes were redeemed."""

    answers: Answers = field(default_factory=Answers)
    seconds: float = 0.0
    cpu: float = 0.0
    #: Processor time that the machine's host gave to others meanwhile.
    stolen: float = 0.0

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
        self.answers.errors += other.answers.errors
        self.seconds += other.seconds
        self.cpu += other.cpu
        self.stolen += other.stolen


def run_soak(seeds: int, first_seed: int, workers: int) -> bool:
    """Attack a fresh school with so many seeds, print the table, and return whether it withstood."""
    with tempfile.TemporaryDirectory(prefix="edutrack-soak-") as name:
        folder = Path(name)
        school = School(folder)
        with running(Server(school.environment, folder / "server.log", workers)) as server:
            is_clean = _attack(school, server, range(first_seed, first_seed + seeds))
            for failure in _failures(folder / "server.log"):
                print("failure:", failure)
        with running(Server(school.environment, folder / "server.log", _USUAL_WORKERS)) as server:
            is_fast = _redeem_fast(school, server)
        return _control(school, folder, workers) and is_clean and is_fast


def _attack(school: School, server: Server, seeds: range) -> bool:
    print(f"{'seed':>5} {'requests':>9} {'codes':>6} {'credits':>8} {'excess':>7} {'5xx':>4} {'violations':>10}")
    prices: dict[int, set[Decimal]] = {}
    are_clean = []
    for seed in seeds:
        found = asyncio.run(_races_and_traffic(school, server.port, seed, prices))
        violations = school.violations()
        print(
            f"{seed:>5} {found.requests:>9,} {found.codes:>6} {found.credits:>8} "
            f"{found.excess:>7} {found.failures:>4} {len(violations):>10}",
            flush=True,
        )
        wrong = [*found.wrong, *violations]
        for one in dict.fromkeys(wrong):
            print(f"error of seed {seed}:", one)
        are_clean.append(found.is_clean and not wrong)
    return all(are_clean)


async def _races_and_traffic(school: School, port: int, seed: int, prices: dict[int, set[Decimal]]) -> Findings:
    found = await Races(school, port, seed).run()
    found.add(await Traffic(school, port, seed, prices).run())
    return found


def _redeem_fast(school: School, server: Server) -> bool:
    """Have sixteen clients redeem codes as fast as they get answers; return whether that was fast enough."""
    rounds = [_redeem_round(school, server, Random(f"speed {number}")) for number in range(_ROUNDS)]
    speed = _Speed()
    for one in rounds[1:]:
        speed.add(one)
    redeemed = len(speed.answers.seconds)
    slowest, fastest = min(one.per_second for one in rounds[1:]), max(one.per_second for one in rounds[1:])
    print(
        f"{CONNECTIONS} clients redeemed {redeemed:,} codes at {_USUAL_WORKERS} processes: {speed.per_second:.0f}/s "
        f"({slowest:.0f} to {fastest:.0f} in {_ROUNDS - 1} rounds), 99th percentile "
        f"{speed.answers.percentile(0.99) * 1000:.0f} ms, where {_LEAST_PER_SECOND}/s and {_LONGEST_P99 * 1000:.0f} ms "
        f"are asked for; {redeemed / speed.cpu:.0f} for a second of CPU time; others on this host took "
        f"{speed.stolen / speed.seconds:.2f} CPUs meanwhile"
    )
    for error in dict.fromkeys(speed.answers.errors):
        print("error of redeeming fast:", error)
    return speed.is_enough and not speed.answers.errors


def _redeem_round(school: School, server: Server, random: Random) -> _Speed:
    school.stock_codes(school.codes, 2 * _REDEMPTIONS // COURSES)
    requests = list(islice(_redemptions(school, random), _REDEMPTIONS))
    served = [server.pid, school.postmaster]
    started, cpu, stolen = perf_counter(), cpu_seconds(served), psutil.cpu_times().steal
    answers = send_all(server.port, requests)
    return _Speed(answers, perf_counter() - started, cpu_seconds(served) - cpu, psutil.cpu_times().steal - stolen)


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
    lines = (line for line in log.read_bytes().splitlines() if b'"exception"' in line)
    return list(dict.fromkeys(str(orjson.loads(line).get("exception", ""))[-600:] for line in lines))
