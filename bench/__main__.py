"""`python -m bench`: start a fresh school, measure, print one table, and leave nothing behind."""

import tempfile
from pathlib import Path

from bench.bulk import measure_bulk_codes
from bench.printing import measure_pdf
from bench.school import served_school


def main() -> None:
    """Run every measurement and print its figures beside the target."""
    with tempfile.TemporaryDirectory(prefix="edutrack-bench-") as folder, served_school(Path(folder)) as school:
        rows = [measure_bulk_codes(school), measure_pdf(school)]
    print(f"{'measurement':<44} {'median':>10} {'worst':>10} {'target':>10} {'memory':>10}")
    for row in rows:
        memory = "" if row.megabytes is None else f"{row.megabytes:>7.0f} MB"
        print(f"{row.name:<44} {row.median:>8.2f} s {row.worst:>8.2f} s {row.target:>8.2f} s {memory}")


main()
