"""`python -m bench`: start a fresh school, measure, print the tables, and leave nothing behind."""

import tempfile
from pathlib import Path

from bench.bulk import measure_bulk_codes
from bench.printing import measure_pdf
from bench.school import served_school
from bench.slow_readers import measure_slow_readers


def main() -> None:
    """Run every measurement and print its figures beside the target."""
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
