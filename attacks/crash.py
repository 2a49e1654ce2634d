"""Crashes: the server and the database killed outright under load, and afterwards every promise looked up.

A client notes each confirmation in a journal of its own. After each restart everything that was confirmed has to be
there, and each request whose outcome nobody heard is sent once more with its key, after which its effect is there once.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from attacks.clients import Connection, connected, volley
from attacks.deeds import Deed, Deeds, effects_of
from attacks.journal import Confirmed, Journal
from attacks.processes import Server, kill_database, running
from attacks.school import School

_CLIENTS = 16
_WORKERS = 2
#: So many deeds are confirmed before the kill; where that takes too long, it comes after so many seconds.
_CONFIRMED = (10, 150)
_LONGEST_LOAD = 4.0
#: The embedded database is started again only where it had run for two seconds.
_DATABASE_RUNS = 2.2
_LONGEST_RESTART = 10.0
_CODES_PER_COURSE = 400
_CONTROL_KILLS = 10
_ASYNCHRONOUS = "ALTER DATABASE edutrack SET synchronous_commit = off"


@dataclass
class Toll:
    """What a number of kills came to."""

    name: str
    kills: int = 0
    #: Deeds that were confirmed, and those of them that are not there, or not as they were confirmed.
    confirmed: int = 0
    lost: int = 0
    #: Deeds whose outcome nobody heard, and those of them that had been done all the same.
    unknown: int = 0
    done_unheard: int = 0
    #: Unknown outcomes that one retry settled.
    settled: int = 0
    #: What should have been done and was refused, and names of invariants that did not hold.
    refused: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything was kept and settled, and the restarts were fast."""
        is_kept = not (self.lost or self.refused or self.violations) and self.settled == self.unknown
        return is_kept and max(self.restarts, default=0.0) < _LONGEST_RESTART


@dataclass
class _Round:
    """What one load came to, until everything was killed."""

    confirmed: list[Confirmed] = field(default_factory=list)
    unknown: list[Deed] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    killed_at: float = 0.0


class Crash:
    """A school, its server and its journal, through any number of kills."""

    def __init__(self, school: School, server: Server, journal: Journal, seed: int) -> None:
        """Take what is to be killed; the moments are drawn from the seed."""
        self._school = school
        self._server = server
        self._journal = journal
        self._random = Random(seed)
        self._deeds = iter(Deeds(school, seed))

    def kill_server(self, times: int) -> Toll:
        """Kill the server and its workers so many times."""

        return self._through(Toll("server"), times, self._server.kill, self._server.start, 0.0)

    def kill_database(self, times: int, name: str = "database") -> Toll:
        """Kill every process of PostgreSQL so many times; its keeper starts it again."""

        def kill() -> None:
            kill_database(self._school.postmaster)

        return self._through(Toll(name), times, kill, self._server.wait_until_ready, _DATABASE_RUNS)

    def _through(
        self,
        toll: Toll,
        times: int,
        kill: Callable[[], None],
        restart: Callable[[], None],
        least_seconds: float,
    ) -> Toll:
        for _ in range(times):
            load = asyncio.run(self._load_until(kill, least_seconds))
            restart()
            toll.restarts.append(time.monotonic() - load.killed_at)
            toll.kills += 1
            toll.refused += load.refused
            self._look_up(toll, load.confirmed)
            asyncio.run(self._settle(toll, load.unknown))
            toll.violations += self._school.violations()
            if toll.kills % 10 == 0:
                print(f"{toll.name}: {toll.kills} kills, {toll.confirmed:,} confirmed, {toll.lost} lost", flush=True)
        return toll

    async def _load_until(self, kill: Callable[[], None], least_seconds: float) -> _Round:
        """Have all clients work, kill in the midst of it, and wait until each of them has heard of that."""
        load, ended = _Round(), asyncio.Event()
        async with connected(self._server.port, _CLIENTS) as connections:
            clients = [asyncio.create_task(self._client(connection, load, ended)) for connection in connections]
            await self._midst(load, least_seconds)
            load.killed_at = time.monotonic()
            kill()
            ended.set()
            await asyncio.gather(*clients)
        return load

    async def _midst(self, load: _Round, least_seconds: float) -> None:
        """Wait for the moment of the kill: any one, as to what the server is doing."""
        enough, started = self._random.randint(*_CONFIRMED), time.monotonic()
        while (spent := time.monotonic() - started) < _LONGEST_LOAD:
            if spent >= least_seconds and len(load.confirmed) >= enough:
                break
            await asyncio.sleep(self._random.uniform(0, 0.02))

    async def _client(self, connection: Connection, load: _Round, ended: asyncio.Event) -> None:
        """Do one deed after the other until one fails, or everything was killed."""
        while not ended.is_set():
            deed = next(self._deeds)
            self._journal.begin(deed)
            reply = await connection.ask(deed.request)
            if reply.is_done:
                load.confirmed.append(self._journal.confirm(deed, deed.id_in(reply.body)))
            elif reply.status in range(400, 500):
                load.refused.append(f"{deed.kind}: {reply}")
            else:
                load.unknown.append(deed)
                break

    def _look_up(self, toll: Toll, confirmed: list[Confirmed]) -> None:
        toll.confirmed += len(confirmed)
        toll.lost += len(lost_of(self._school, confirmed))

    async def _settle(self, toll: Toll, unknown: list[Deed]) -> None:
        """Send each deed of unknown outcome once more, all at the same time."""
        if not unknown:
            return
        before = effects_of(self._school, _names(unknown))
        async with connected(self._server.port, len(unknown)) as connections:
            replies = await volley(connections, [deed.request for deed in unknown])
        after = effects_of(self._school, _names(unknown))
        toll.unknown += len(unknown)
        for deed, reply in zip(unknown, replies, strict=True):
            was_done, effects = before[deed.kind, deed.name], after[deed.kind, deed.name]
            toll.done_unheard += bool(was_done)
            if reply.is_done and effects == [deed.id_in(reply.body)] and reply.is_replayed == bool(was_done):
                toll.settled += 1
                self._journal.confirm(deed, deed.id_in(reply.body))


def lost_of(school: School, confirmed: Iterable[Confirmed]) -> list[Confirmed]:
    """Return what was confirmed and is not there exactly once, under the id that was confirmed."""
    confirmed = list(confirmed)
    there = effects_of(school, [(one.kind, one.name) for one in confirmed])
    return [one for one in confirmed if there[one.kind, one.name] != [one.id]]


def run_crash(server_kills: int, database_kills: int, seed: int) -> bool:
    """Kill a fresh school so often, print the table, and return whether it kept all its promises."""
    with tempfile.TemporaryDirectory(prefix="edutrack-crash-") as name:
        folder = Path(name)
        school = School(folder)
        school.stock_codes(school.codes, _CODES_PER_COURSE)
        journal = Journal(folder / "journal")
        with running(Server(school.environment, folder / "server.log", _WORKERS)) as server:
            crash = Crash(school, server, journal, seed)
            tolls = [crash.kill_server(server_kills), crash.kill_database(database_kills)]
        lost_in_the_end = len(lost_of(school, journal.confirmed()))
        entries = len(journal.confirmed())
        control = _control(school, folder, seed)
        journal.close()
    _print(tolls, control)
    print(f"journal read back: {entries:,} confirmed, {lost_in_the_end} lost; seed {seed}")
    is_control_caught = control.lost > 0 and not control.violations
    if not is_control_caught:
        print("error: the control should have lost confirmed deeds while every invariant held")
    return all(toll.is_clean for toll in tolls) and lost_in_the_end == 0 and is_control_caught


def _control(school: School, folder: Path, seed: int) -> Toll:
    """Kill a database that confirms before it has written, until something is lost."""
    school.execute(_ASYNCHRONOUS)
    journal = Journal(folder / "control")
    total = Toll("database, synchronous_commit off")
    # A server of its own, whose connections begin with the setting.
    with running(Server(school.environment, folder / "server.log", _WORKERS)) as server:
        crash = Crash(school, server, journal, seed + 1)
        while total.kills < _CONTROL_KILLS and not total.lost:
            toll = crash.kill_database(1, total.name)
            total.kills += toll.kills
            total.confirmed += toll.confirmed
            total.lost += toll.lost
            total.unknown += toll.unknown
            total.done_unheard += toll.done_unheard
            total.settled += toll.settled
            total.violations += toll.violations
            total.restarts += toll.restarts
    journal.close()
    return total


def _print(tolls: list[Toll], control: Toll) -> None:
    print(
        f"\n{'killed':<34} {'kills':>5} {'confirmed':>10} {'lost':>5} {'unknown':>8} {'done':>5} {'settled':>8} "
        f"{'violations':>10} {'restart':>9} {'worst':>8}"
    )
    for toll in [*tolls, control]:
        if not toll.restarts:
            continue
        print(
            f"{toll.name:<34} {toll.kills:>5} {toll.confirmed:>10,} {toll.lost:>5} {toll.unknown:>8} "
            f"{toll.done_unheard:>5} {toll.settled:>8} {len(toll.violations):>10} "
            f"{statistics.median(toll.restarts):>7.2f} s {max(toll.restarts):>6.2f} s"
        )
        for wrong in dict.fromkeys(toll.refused + toll.violations):
            print("error:", wrong)


def _names(deeds: Iterable[Deed]) -> Iterator[tuple[str, str]]:
    return ((deed.kind, deed.name) for deed in deeds)
