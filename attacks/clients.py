"""Connections to the served school that say of each request what came of it, or that nobody knows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import orjson

from bench.clients import read_answer, request_bytes

_PATIENCE = 60


@dataclass(frozen=True)
class Request:
    """A request of somebody who is signed in, perhaps with an idempotency key."""

    method: str
    path: str
    token: str
    body: dict[str, Any] = field(default_factory=dict)
    key: str | None = None

    def on_the_wire(self) -> bytes:
        """Return the request as it is sent."""
        headers = {"Idempotency-Key": self.key} if self.key else {}
        return request_bytes(self.method, self.path, self.token, orjson.dumps(self.body), headers)


@dataclass(frozen=True)
class Reply:
    """An answer; status 0 stands for none."""

    status: int
    body: Any = None
    #: Whether it says that it was given before.
    is_replayed: bool = False
    seconds: float = 0.0

    @property
    def is_done(self) -> bool:
        """Whether what was asked for has been done, now or before."""
        return 200 <= self.status < 300

    @property
    def took_effect(self) -> bool:
        """Whether this very request had the effect."""
        return self.is_done and not self.is_replayed

    def __str__(self) -> str:
        return f"{self.status} {orjson.dumps(self.body).decode()[:200]}"


class Wishing(Protocol):
    """Whatever is asked for by a request."""

    @property
    def request(self) -> Request:
        """What is sent."""


Wish = TypeVar("Wish", bound=Wishing)


class Connection:
    """One client: it keeps its connection and waits for each answer before it asks again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> "Connection":
        """Return a new connection to a server on this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**20))

    async def ask(self, request: Request) -> Reply:
        """Return what was answered; status 0 where the connection ended first, and nobody knows what came of it."""
        started = time.perf_counter()
        try:
            self._writer.write(request.on_the_wire())
            status, headers, body = await asyncio.wait_for(read_answer(self._reader), _PATIENCE)
        except (OSError, EOFError, TimeoutError):
            return Reply(0)
        is_replayed = headers.get(b"idempotency-replayed") == b"true"
        return Reply(int(status.split()[1]), orjson.loads(body), is_replayed, time.perf_counter() - started)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        # The other side may have gone first.
        with suppress(OSError):
            await self._writer.wait_closed()


@asynccontextmanager
async def connected(port: int, number: int) -> AsyncIterator[list[Connection]]:
    """Hold so many connections for the length of the context."""
    connections = [await Connection.to(port) for _ in range(number)]
    try:
        yield connections
    finally:
        for connection in connections:
            await connection.close()


async def volley(connections: Sequence[Connection], requests: Sequence[Request]) -> list[Reply]:
    """Send a request over each connection, all at the same moment; return the answers in their order."""
    start = asyncio.Barrier(len(requests))

    async def send(connection: Connection, request: Request) -> Reply:
        await start.wait()
        return await connection.ask(request)

    return await asyncio.gather(*(send(*pair) for pair in zip(connections, requests, strict=True)))


async def stream(
    connections: Sequence[Connection], wishes: Iterable[Wish], note: Callable[[Wish, Reply], object]
) -> None:
    """Send what is wished for in its order, each over the next connection that is free, and note every answer."""
    waiting = iter(wishes)

    async def send(connection: Connection) -> None:
        for wish in waiting:
            note(wish, await connection.ask(wish.request))

    await asyncio.gather(*map(send, connections))
