"""What an attack found of one seed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from attacks.clients import Reply


@dataclass
class Findings:
    """What was asked, and all that was not as it must be."""

    requests: int = 0
    #: Codes that everybody tried, and how often one of them was credited.
    codes: int = 0
    credits: int = 0
    #: Effects beyond what may be: credits, purchases, pounds, days.
    excess: int = 0
    failures: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything is as it must be."""
        return not (self.excess or self.failures or self.wrong)

    def add(self, other: "Findings") -> None:
        """Count what else was found of the seed in."""
        self.requests += other.requests
        self.codes += other.codes
        self.credits += other.credits
        self.excess += other.excess
        self.failures += other.failures
        self.wrong += other.wrong

    def expect(self, what: str, replies: Iterable[Reply], expected: dict[str, int]) -> None:
        """Count answers by what they say, and hold the numbers against `expected`."""
        replies = list(replies)
        self.count(replies)
        found = Counter(map(said, replies))
        self.excess += max(0, found["done"] - expected["done"])
        if found != Counter(expected):
            self.wrong.append(f"{what}: {dict(found)} instead of {expected}")

    def agree(self, what: str, found: object, expected: object) -> None:
        """Hold what the database says against what the answers said."""
        if found != expected:
            self.excess += 1
            self.wrong.append(f"{what}: {found} instead of {expected}")

    def count(self, replies: Iterable[Reply]) -> None:
        """Count requests, and those that failed or were never answered."""
        for reply in replies:
            self.requests += 1
            self.failures += reply.status == 0 or reply.status >= 500


def said(reply: Reply) -> str:
    """Return what an answer says: `done`, `replayed`, or why not."""
    if reply.is_done:
        return "replayed" if reply.is_replayed else "done"
    body = reply.body if isinstance(reply.body, dict) else {}
    reason = next(iter(body.values()), "")
    return f"{reply.status} {reason[0] if isinstance(reason, list) else reason}"
