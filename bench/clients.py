"""Clients that keep their connections: so many requests as fast as sixteen of them get answers."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

CONNECTIONS = 16
_NONE: Mapping[str, str] = {}


@dataclass
class Answers:
    """What a number of requests came to."""

    seconds: list[float] = field(default_factory=list)
    #: What was answered other than a success; the first line and the body.
    errors: list[str] = field(default_factory=list)
    bytes: int = 0

    def percentile(self, share: float) -> float:
        """Return within how many seconds this share of the requests was answered."""
        return sorted(self.seconds)[max(0, int(len(self.seconds) * share) - 1)]


def request_bytes(method: str, path: str, token: str, body: bytes = b"", headers: Mapping[str, str] = _NONE) -> bytes:
    """Return a request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def send_all(port: int, requests: Iterable[bytes], connections: int = CONNECTIONS) -> Answers:
    """Send requests over a number of connections, and wait for all answers."""
    answers = Answers()
    asyncio.run(_send_all(port, iter(requests), connections, answers))
    return answers


async def _send_all(port: int, requests: Iterator[bytes], connections: int, answers: Answers) -> None:
    await asyncio.gather(*(_client(port, requests, answers) for _ in range(connections)))


async def _client(port: int, requests: Iterator[bytes], answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        for request in requests:
            started = time.perf_counter()
            writer.write(request)
            status, _, body = await asyncio.wait_for(read_answer(reader), 60)
            answers.seconds.append(time.perf_counter() - started)
            answers.bytes += len(body)
            if not status.startswith(b"HTTP/1.1 2"):
                answers.errors.append(f"{status.decode()} {body[:300].decode(errors='replace')}")
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Return the next answer's first line, its headers (everything in lower case) and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head[:-4].split(b"\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in lines)
    if headers.get(b"transfer-encoding") == b"chunked":
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return status, headers, body
    return status, headers, await reader.readexactly(int(headers.get(b"content-length", b"0")))
