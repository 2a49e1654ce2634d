"""`python -m fuzz`: serve demo schools, send generated requests as each role, print the table, leave nothing behind."""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from edutrack.core.openapi import describe
from fuzz.caller import CallerOf
from fuzz.school import ROLES, demo_schools
from fuzz.tally import Tally, print_tallies

#: Of the operations, how many have to succeed for one role or another in a whole run.
_LEAST_SHARE = 0.95


def main() -> None:
    """Fuzz as all roles, or as those that are named; fails where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("--cases", type=int, default=22, help="for each operation and role")
    parser.add_argument("--scenarios", type=int, default=20, help="sequences of operations for each role")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", action="append", choices=list(ROLES), help="may be repeated")
    parser.add_argument("--operation", help="only those whose path has this in it")
    arguments = parser.parse_args()
    # So that the servers end and the folder goes, whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended early."))
    if not fuzz(arguments.role or list(ROLES), arguments):
        raise SystemExit("There were findings.")


def fuzz(roles: list[str], arguments: argparse.Namespace) -> bool:
    """Send as each of the roles and print the tables; return whether nothing was found."""
    tallies: list[Tally] = []
    ledgers: dict[str, str] = {}
    begun = time.monotonic()
    print(f"Seed {arguments.seed}; again by: make fuzz ARGS='--seed {arguments.seed}'", flush=True)
    with tempfile.TemporaryDirectory(prefix="edutrack-fuzz-") as folder, demo_schools(Path(folder)) as schools:
        print(f"The demo school stands after {time.monotonic() - begun:.0f} s.", flush=True)
        for number, role in enumerate(roles):
            name = f"fuzz {number}"
            with schools.served(name) as school:
                with school.app.app_context():
                    document = describe()
                username = ROLES[role]
                person = school.people[username] if username else None
                caller = CallerOf(school, document, role, person, arguments.seed * 100 + number)
                operations = caller.operations()
                for operation in operations:
                    if (arguments.operation or "") in operation.label:
                        caller.call_operation(operation, arguments.cases)
                if arguments.scenarios:
                    caller.call_in_sequence(arguments.scenarios, steps=15)
            tallies.append(caller.tally)
            ledgers[role] = schools.check_ledger(name)
            print(f"{role}: {caller.tally.cases.total()} cases, {time.monotonic() - begun:.0f} s", flush=True)
    is_whole = set(roles) == set(ROLES) and not arguments.operation
    return print_tallies(
        tallies, len(operations), ledgers, time.monotonic() - begun, least_share=_LEAST_SHARE if is_whole else 0
    )


main()
