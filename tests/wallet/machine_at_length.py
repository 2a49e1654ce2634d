"""The wallet against its model at length, and every deliberate mistake in the money code.

    make model
    make model SEED=7

Not collected with the tests, because it takes minutes. The same seed runs the same histories.
"""

import os
import sys
import time

from hypothesis import HealthCheck, Phase, settings

from tests.wallet.machine import Disagreement, School, run
from tests.wallet.mutations import MUTATIONS

SEED = int(os.environ.get("SEED") or 1)
LONG = settings(
    max_examples=int(os.environ.get("EXAMPLES") or 200),
    stateful_step_count=50,
    phases=(Phase.generate, Phase.shrink),
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
#: A mistake counts as noticed only within as many histories as the application itself is tried with.
UNTIL_NOTICED = settings(LONG, phases=(Phase.generate,), print_blob=False, report_multiple_bugs=False)


def test_the_model_at_length(app, capfd):
    school, begun = School(app), time.monotonic()
    say(capfd, f"{LONG.max_examples} histories of {LONG.stateful_step_count} steps; again by: make model SEED={SEED}")

    run(school, LONG, SEED)

    for (request, status), times in sorted(school.answers.items()):
        say(capfd, f"{request:<48} {status:>4} {times:>7}")
    say(
        capfd,
        f"{school.steps} steps, {school.answers.total()} requests, {time.monotonic() - begun:.0f} s: no disagreement",
    )


def test_every_mistake_is_noticed(app, capfd):
    school, unnoticed = School(app), []
    say(capfd, f"\n{'mistake':<52} {'noticed':>8} {'steps':>7} {'seconds':>8}  by")
    for mutation in MUTATIONS:
        before, begun, by = school.steps, time.monotonic(), ""
        try:
            with mutation.made():
                run(school, UNTIL_NOTICED, SEED)
        except Disagreement as error:
            by = str(error).partition(":")[0]
        else:
            unnoticed.append(mutation.what)
        steps, seconds = school.steps - before, time.monotonic() - begun
        say(capfd, f"{mutation.what:<52} {'yes' if by else 'NO':>8} {steps:>7} {seconds:>8.1f}  {by}")

    assert unnoticed == []


def say(capfd, line):
    with capfd.disabled():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
