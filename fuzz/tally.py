"""What came of the requests: how many, what succeeded, and what the description does not allow for."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from edutrack.core.rendering import UNSTORABLE

#: Whether wrong values are refused is not asked: where the application reads "7" as 7 it means to.
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Tally:
    """The requests of one role."""

    role: str
    cases: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)
    server_errors: int = 0
    undescribed: int = 0
    #: What was found: the requests that show it, by operation and what is wrong.
    findings: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def judge(self, operation: str, case: Case, response: Any, sent: str = "") -> None:
        """Count an answer, and hold it against the description; `sent` says what was sent where `case` does not."""
        status: int = response.status_code
        self.cases[operation] += 1
        self.succeeded[operation] += 200 <= status < 300
        self.server_errors += status >= 500
        failures: list[str] = []
        try:
            case.validate_response(response, checks=_CHECKS)
        except FailureGroup as group:
            self.undescribed += 1
            failures += [_words(failure) for failure in group.exceptions]
        if status == 400 and UNSTORABLE in response.text:
            # Described, but the database had to notice.
            failures.append("A value that no schema bounds")
        for failure in failures:
            self._note(operation, f"{status} {failure}", f"{sent or _sent(case)}\n      → {response.text[:300]}")

    def _note(self, operation: str, what: str, example: str) -> None:
        examples = self.findings.setdefault((operation, what), [])
        examples.append(example)
        if len(examples) == 1:
            print(f"{self.role}: {operation}: {what}\n      {example}", flush=True)


def _words(failure: Any) -> str:
    if not isinstance(failure, Failure):
        return f"{type(failure).__name__}: {failure}"
    # What follows the first paragraph is the whole schema.
    said, _, _ = failure.message.partition("\n\n")
    return f"{failure.title}: {'; '.join(said.splitlines())}"


def _sent(case: Case) -> str:
    values = {name: getattr(case, name) for name in ("path_parameters", "query", "headers", "body")}
    asked = {name: value for name, value in values.items() if value and value is not NOT_SET}
    return f"{case.method} {case.path} {json.dumps(asked, default=str)[:400]}"


def print_tallies(
    tallies: list[Tally], operations: int, ledgers: dict[str, str], seconds: float, least_share: float
) -> bool:
    """Print the table by role and what was found; return whether all is as it has to be.

    At least `least_share` of the operations have to have succeeded for somebody: what is always refused is not tried.
    """
    print(
        f"\n{'role':<16} {'cases':>8} {'operations':>11} {'with a 2xx':>11} {'share':>7} {'5xx':>5} {'undescribed':>12}"
    )
    for tally in tallies:
        _print_row(tally.role, tally.cases, tally.succeeded, operations, tally.server_errors, tally.undescribed)
    cases: Counter[str] = sum((tally.cases for tally in tallies), Counter())
    succeeded: Counter[str] = sum((tally.succeeded for tally in tallies), Counter())
    errors = sum(tally.server_errors for tally in tallies)
    undescribed = sum(tally.undescribed for tally in tallies)
    _print_row("all", cases, succeeded, operations, errors, undescribed)
    print(f"{seconds:.0f} s")
    if never := sorted(name for name in cases if not succeeded[name]):
        print(f"\nNever a 2xx: {', '.join(never)}")
    for tally in tallies:
        for (operation, what), examples in sorted(tally.findings.items()):
            print(f"\n{len(examples)} times as {tally.role}: {operation}: {what}\n      {examples[0]}")
    for role, said in ledgers.items():
        if said != "Every invariant holds.":
            print(f"\nThe ledger after {role}: {said}")
    sound = all(said == "Every invariant holds." for said in ledgers.values())
    reached = sum(times > 0 for times in succeeded.values()) >= least_share * operations
    found = any(tally.findings for tally in tallies)
    return not errors and not found and sound and reached


def _print_row(
    name: str, cases: Counter[str], succeeded: Counter[str], operations: int, errors: int, undescribed: int
) -> None:
    reached = sum(times > 0 for times in succeeded.values())
    print(
        f"{name:<16} {cases.total():>8} {len(cases):>11} {reached:>11} {reached / operations:>7.1%} "
        f"{errors:>5} {undescribed:>12}",
        flush=True,
    )
