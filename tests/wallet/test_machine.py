"""The wallet against its model, in few short histories; `make model` runs many long ones and every mutation."""

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.wallet.machine import Disagreement, School, run
from tests.wallet.mutations import MUTATIONS

#: The same histories in every run; `make model` is what makes a failing one shorter.
SHORT = settings(
    max_examples=8,
    stateful_step_count=25,
    phases=(Phase.generate,),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_it_answers_and_holds_what_the_model_does(app):
    school = School(app)

    run(school, SHORT)

    assert {("POST /api/wallet/redeem/", 200), ("POST /api/purchases/", 201)} <= set(school.answers)


def test_a_mistake_in_the_money_code_is_noticed(app):
    mistake = next(mutation for mutation in MUTATIONS if mutation.what == "a code is credited twice")

    with mistake.made(), pytest.raises(Disagreement):
        run(School(app), settings(SHORT, max_examples=50))


def test_each_mutation_finds_its_place_in_the_source():
    for mutation in MUTATIONS:
        with mutation.made():
            pass
