"""Many clients at the same moment, on real connections and real commits."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any


def race(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every call in a thread of its own, all starting at once; return what each returned, in order."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(max_workers=len(calls)) as threads:
        return [outcome.result(timeout=60) for outcome in [threads.submit(run, call) for call in calls]]


def answers(responses: Sequence[Any]) -> dict[tuple[int, str | None], int]:
    """Count responses by status and refusal, such as `{(200, None): 1, (400, "This code has …"): 29}`."""
    return dict(
        Counter((response.status_code, (response.json or {}).get("detail")) for response in map(_plain, responses))
    )


class _Plain:
    """A response of Flask's test client or of httpx, read alike."""

    def __init__(self, status_code: int, json: Any) -> None:
        self.status_code = status_code
        self.json = json


def _plain(response: Any) -> _Plain:
    body = response.json() if callable(response.json) else response.json
    if response.status_code < 400:
        return _Plain(response.status_code, None)
    return _Plain(response.status_code, body)
