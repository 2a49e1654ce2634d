"""The hot requests: what each costs in CPU time, beside a bare WSGI function that runs the same SQL."""

import gc
import pickle
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Select

from bench.bare import route_of
from bench.clients import Answers, request_bytes, send_all
from bench.large import Asked, LargeSchool, body_bytes
from bench.processes import Served, cpu_seconds, serving
from bench.recording import explain, take_sample
from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.students.queries import students

#: Times that each side has its turn, and requests in each.
_ROUNDS = 3
_REQUESTS = 200
_WARM_UP = 128
_FIGURES = {
    "owner dashboard": "/api/owner/dashboard/",
    "revenue overview": "/api/owner/revenue/",
    "revenue trends": "/api/owner/revenue/trends/",
    "teacher dashboard": "/api/teacher/dashboard/",
    "students, one page": "/api/accounts/students/",
}
_FIGURE_REQUESTS = 30
_SEARCHES = ("محمد", "احمد على", "فاطمة")


@dataclass
class Side:
    """What one of the two servers did."""

    requests: int = 0
    cpu: float = 0.0
    answers: Answers = field(default_factory=Answers)

    @property
    def per_cpu_second(self) -> float:
        """How many requests a second of CPU time answers, of the workers and of PostgreSQL together."""
        return self.requests / max(self.cpu, 1e-9)


@dataclass
class Pair:
    """A hot request at both servers."""

    name: str
    ours: Side = field(default_factory=Side)
    bare: Side = field(default_factory=Side)

    @property
    def ratio(self) -> float:
        """Which part of the bare function's requests per CPU second the application reaches."""
        return self.ours.per_cpu_second / self.bare.per_cpu_second


@dataclass
class Size:
    """All that was measured of a school of one size."""

    purchases: int
    pairs: list[Pair]
    #: CPU milliseconds of one request.
    figures: dict[str, float]
    #: Lines that say the rest.
    notes: list[str]

    def milliseconds(self) -> dict[str, float]:
        """Return the CPU time of each of the application's requests."""
        return {pair.name: 1000 / pair.ours.per_cpu_second for pair in self.pairs} | self.figures


def measure_hot(sizes: list[int]) -> bool:
    """Measure schools of so many purchases and print the tables; return whether every request succeeded."""
    measured = []
    for purchases in sizes:
        with tempfile.TemporaryDirectory(prefix="edutrack-bench-") as folder:
            measured.append(_measure(Path(folder), purchases))
        _print_size(measured[-1])
    if len(measured) > 1:
        _print_growth(measured[0], measured[-1])
    errors = [error for size in measured for pair in size.pairs for error in pair.ours.answers.errors]
    errors += [error for size in measured for pair in size.pairs for error in pair.bare.answers.errors]
    for error in dict.fromkeys(errors):
        print("error:", error)
    return not errors


def _measure(folder: Path, purchases: int) -> Size:
    school = LargeSchool(folder, purchases)
    hot, quizzes = school.hot_requests(), school.quiz_requests()
    plan = {
        "url": school.database_url,
        "jwt_key": school.app.config["JWT_SECRET_KEY"],
        "code_key": school.app.config["CODE_KEY"],
        "routes": _record(school, hot, quizzes),
    }
    plan_file = folder / "bench.plan"
    plan_file.write_bytes(pickle.dumps(plan))
    with school.app.app_context():
        db.engine.dispose()
    ours = serving(["-m", "edutrack", "serve", "--port", "PORT"], school.environment)
    bare = serving(["-m", "bench.bare", "PORT", str(plan_file)], school.environment)
    with ours as our_server, bare as bare_server:
        servers = {"ours": our_server, "bare": bare_server}
        pairs = [_measure_pair(school, name, requests, servers) for name, requests in hot.items()]
        pairs += _measure_quizzes(school, quizzes, servers)
        figures, notes = _measure_figures(school, our_server)
    notes.append(_search_note(school))
    return Size(purchases, pairs, figures, notes)


def _record(school: LargeSchool, hot: dict[str, Iterator[Asked]], quizzes: Any) -> dict[str, Any]:
    """Return the statements of every hot request, by its route."""
    client = school.app.test_client()

    def sample(asked: Asked) -> Any:
        def send() -> int:
            headers = {"Authorization": f"Bearer {asked.person.token}", "Content-Type": "application/json"}
            answer = client.open(asked.path, method=asked.method, headers=headers, data=body_bytes(asked))
            return answer.status_code

        return take_sample(school.app, asked.facts, clock.now(), send)

    recorded = {}
    for requests in hot.values():
        # The first request of a process may do more than the others.
        _, first, _, _, second = list(islice(requests, 5))
        recorded[route_of(first.method, first.path)] = explain(sample(first), sample(second))
    (again, again_end), (first, first_end) = islice(quizzes, 2)
    # One student has had more attempts than the other, so that their number has to be explained.
    for asked in (again, again_end, again, again_end, first, first_end):
        sample(asked)
    recorded[route_of(first.method, first.path)] = explain(sample(again), sample(first))
    recorded[route_of(first_end.method, first_end.path)] = explain(sample(again_end), sample(first_end))
    return recorded


def _measure_pair(school: LargeSchool, name: str, requests: Iterator[Asked], servers: dict[str, Served]) -> Pair:
    pair = Pair(name)
    for server in servers.values():
        send_all(server.port, _sent(islice(requests, _WARM_UP)))
    for _ in range(_ROUNDS):
        for kind, server in servers.items():
            _measure_side(school, server, list(_sent(islice(requests, _REQUESTS))), getattr(pair, kind))
    return pair


def _measure_quizzes(school: LargeSchool, quizzes: Any, servers: dict[str, Served]) -> list[Pair]:
    start, submit = Pair("quiz start"), Pair("quiz submit")
    for number in range(_ROUNDS + 1):
        for kind, server in servers.items():
            attempts = list(islice(quizzes, _REQUESTS if number else _WARM_UP))
            for pair, asked in ((start, [one for one, _ in attempts]), (submit, [one for _, one in attempts])):
                side = getattr(pair, kind) if number else Side()
                _measure_side(school, server, list(_sent(iter(asked))), side)
    return [start, submit]


def _measure_side(school: LargeSchool, server: Served, requests: list[bytes], side: Side) -> None:
    with _measured_cpu(school, server, side):
        answers = send_all(server.port, requests)
    side.requests += len(requests)
    side.answers.seconds += answers.seconds
    side.answers.errors += answers.errors


@contextmanager
def _measured_cpu(school: LargeSchool, server: Served, side: Side) -> Iterator[None]:
    roots = [server.pid, school.postmaster]
    gc.collect()
    before = cpu_seconds(roots)
    yield
    side.cpu += cpu_seconds(roots) - before


def _sent(requests: Iterator[Asked]) -> Iterator[bytes]:
    for asked in requests:
        yield request_bytes(asked.method, asked.path, asked.person.token, body_bytes(asked))


def _measure_figures(school: LargeSchool, server: Served) -> tuple[dict[str, float], list[str]]:
    figures = {}
    for name, path in _FIGURES.items():
        person = school.teacher if "/teacher/" in path else school.owner
        side = Side()
        request = request_bytes("GET", path, person.token)
        _check(send_all(server.port, [request] * 8, 4), path)
        with _measured_cpu(school, server, side):
            _check(send_all(server.port, [request] * _FIGURE_REQUESTS, 4), path)
        figures[name] = side.cpu * 1000 / _FIGURE_REQUESTS
    before = server.resident_megabytes()
    started = time.perf_counter()
    whole = send_all(server.port, [request_bytes("GET", "/api/accounts/students/?all=true", school.owner.token)], 1)
    _check(whole, "all=true")
    seconds, after = time.perf_counter() - started, server.resident_megabytes()
    return figures, [
        f"students?all=true: {whole.bytes / 1e6:.1f} MB in {seconds:.1f} s; "
        f"largest worker {before:.0f} MB before, {after:.0f} MB after"
    ]


def _check(answers: Answers, path: str) -> None:
    if answers.errors:
        raise SystemExit(f"{path}: {answers.errors[0]}")


def _search_note(school: LargeSchool) -> str:
    owner = Caller(school.owner.user_id, None, "owner", Role.SITE_OWNER, "owner", is_active=True)
    with school.app.app_context():
        slowest = max(_median(students(owner, search=words).limit(50)) for words in _SEARCHES)
        db.session.rollback()
    return f"students searched in Arabic: {slowest * 1000:.1f} ms for the page's statement"


def _median(rows: Select[Any]) -> float:
    seconds = []
    for _ in range(9):
        started = time.perf_counter()
        db.session.connection().execute(rows).all()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _print_size(size: Size) -> None:
    print(f"\n{size.purchases:,} purchases; requests per CPU second of workers and PostgreSQL together")
    print(f"{'request':<22} {'ours':>8} {'bare':>8} {'ratio':>6} {'p50':>8} {'p99':>8} {'bare p99':>9} {'errors':>7}")
    for pair in size.pairs:
        ours, bare = pair.ours.answers, pair.bare.answers
        print(
            f"{pair.name:<22} {pair.ours.per_cpu_second:>8.0f} {pair.bare.per_cpu_second:>8.0f} {pair.ratio:>6.2f} "
            f"{ours.percentile(0.5) * 1000:>5.0f} ms {ours.percentile(0.99) * 1000:>5.0f} ms "
            f"{bare.percentile(0.99) * 1000:>6.0f} ms {len(ours.errors) + len(bare.errors):>7}"
        )
    for note in size.notes:
        print(note)


def _print_growth(small: Size, large: Size) -> None:
    print(f"\nCPU time of a request, {small.purchases:,} and {large.purchases:,} purchases")
    print(f"{'request':<22} {'small':>10} {'large':>10} {'growth':>7} {'of bare':>8}")
    before, after = small.milliseconds(), large.milliseconds()
    # What the bare function grew as well is the machine's, or the SQL's.
    bare = {
        pair.name: pair.bare.per_cpu_second / twin.bare.per_cpu_second
        for pair, twin in zip(small.pairs, large.pairs, strict=True)
    }
    for name in before:
        growth = f"{after[name] / max(before[name], 1e-9):>7.2f}" + (f" {bare[name]:>8.2f}" if name in bare else "")
        print(f"{name:<22} {before[name]:>7.2f} ms {after[name]:>7.2f} ms {growth}")
