"""`python -m bench`: start a fresh school, measure, print the tables, and leave nothing behind."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from bench.bulk import measure_bulk_codes
from bench.hot import measure_hot
from bench.logins import measure_failed_logins
from bench.printing import measure_pdf
from bench.school import served_school
from bench.slow_readers import measure_slow_readers

_SIZES = [20_000, 1_000_000]


def main() -> None:
    """Measure what is asked for, by default all of it."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("what", nargs="?", choices=["all", "bulk", "hot", "logins"], default="all")
    parser.add_argument("--purchases", type=int, action="append", help="size of the school for `hot`; may be repeated")
    arguments = parser.parse_args()
    # So that the servers end and the folder goes, whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended early."))
    if arguments.what in ("all", "bulk"):
        measure_bulk()
    if arguments.what in ("all", "logins") and not measure_logins():
        raise SystemExit("The time of a failed login tells who has an account.")
    if arguments.what in ("all", "hot") and not measure_hot(arguments.purchases or _SIZES):
        raise SystemExit("There were errors.")


def measure_logins() -> bool:
    """Time failed logins and print whether known and unknown users can be told apart; return whether they cannot."""
    unlimited = {"RATELIMIT_ENABLED": "false"}
    with (
        tempfile.TemporaryDirectory(prefix="edutrack-bench-") as folder,
        served_school(Path(folder), unlimited) as school,
    ):
        timing = measure_failed_logins(school)
    print(f"{'failed logins':<44} {'known':>10} {'unknown':>10} {'odds':>10} {'0.45-0.55':>10}")
    times = f"{timing.known * 1000:>7.1f} ms {timing.unknown * 1000:>7.1f} ms"
    print(f"{'of 500 each, in random order':<44} {times} {timing.odds:>10.3f}")
    return timing.tells_nothing


def measure_bulk() -> None:
    """Run every measurement of bulk work and print its figures beside the target."""
    with tempfile.TemporaryDirectory(prefix="edutrack-bench-") as folder, served_school(Path(folder)) as school:
        rows = [measure_bulk_codes(school), measure_pdf(school)]
        # Last, because threads leave memory behind that is not the others'.
        latencies = measure_slow_readers(school, Path(folder))
    print(f"{'hot requests beside slow downloads':<44} {'median':>10} {'p99':>10} {'':>10} {'memory':>10}")
    for row in latencies:
        times = f"{row.median * 1000:>7.0f} ms {row.p99 * 1000:>7.0f} ms"
        print(f"{row.readers:<44} {times} {'':>10} {row.megabytes:>7.0f} MB")
    print(f"{'measurement':<44} {'median':>10} {'worst':>10} {'target':>10} {'memory':>10}")
    for done in rows:
        memory = "" if done.megabytes is None else f"{done.megabytes:>7.0f} MB"
        print(f"{done.name:<44} {done.median:>8.2f} s {done.worst:>8.2f} s {done.target:>8.2f} s {memory}")


main()
