"""`python -m attacks soak|crash`: attack a fresh school, print what it came to, and leave nothing behind."""

import argparse
import signal
import sys

from attacks.crash import run_crash
from attacks.soak import run_soak


def main() -> None:
    """Run the attack that is asked for; exit with 1 where it found something."""
    parser = argparse.ArgumentParser(prog="python -m attacks")
    attacks = parser.add_subparsers(dest="attack", required=True)
    soak = attacks.add_parser("soak", help="races and mixed traffic")
    soak.add_argument("--seeds", type=int, default=20, help="how many seeds")
    soak.add_argument("--first-seed", type=int, default=1, help="the first of them, to see one again")
    soak.add_argument("--workers", type=int, default=4, help="processes that serve")
    crash = attacks.add_parser("crash", help="kills under load")
    crash.add_argument("--server", type=int, default=50, help="kills of the server")
    crash.add_argument("--database", type=int, default=50, help="kills of PostgreSQL")
    crash.add_argument("--seed", type=int, default=1, help="of what is asked for and when it is killed")
    arguments = parser.parse_args()
    # So that everything is put away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended early."))
    if arguments.attack == "soak":
        is_clean = run_soak(arguments.seeds, arguments.first_seed, arguments.workers)
    else:
        is_clean = run_crash(arguments.server, arguments.database, arguments.seed)
    if not is_clean:
        raise SystemExit("Not everything is as it must be.")


main()
