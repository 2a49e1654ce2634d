"""`python -m bench`: start a fresh school, measure, print one table, and leave nothing behind."""

import tempfile
from pathlib import Path

from bench.bulk import measure_bulk_codes
from bench.school import served_school


def main() -> None:
    """Run every measurement and print its figures beside the target."""
    with tempfile.TemporaryDirectory(prefix="edutrack-bench-") as folder, served_school(Path(folder)) as school:
        rows = [measure_bulk_codes(school)]
    print(f"{'measurement':<44} {'median':>10} {'worst':>10} {'target':>10}")
    for row in rows:
        print(f"{row.name:<44} {row.median:>8.2f} s {row.worst:>8.2f} s {row.target:>8.2f} s")


main()
