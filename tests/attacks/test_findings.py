"""What an attack looks for is found where it is there; the attacks themselves are `make soak` and `make crash`."""

import pytest

from attacks.clients import Reply, Request
from attacks.crash import Toll, lost_of
from attacks.deeds import Deed
from attacks.findings import Findings
from attacks.journal import Confirmed, Journal

DONE, USED = Reply(200, {"id": 1}), Reply(400, {"detail": "This code has already been used."})
EXPECTED = {"done": 1, "400 This code has already been used.": 2}


def test_a_race_with_one_winner_is_clean():
    found = Findings()

    found.expect("a code", [USED, DONE, USED], EXPECTED)

    assert (found.is_clean, found.requests, found.excess, found.failures) == (True, 3, 0, 0)


@pytest.mark.parametrize(
    ("replies", "excess", "failures"),
    [([DONE, DONE, USED], 1, 0), ([DONE, USED, Reply(500, {})], 0, 1), ([DONE, USED, Reply(0)], 0, 1)],
)
def test_a_second_winner_a_failure_and_silence_are_found(replies, excess, failures):
    found = Findings()

    found.expect("a code", replies, EXPECTED)

    assert (found.is_clean, found.excess, found.failures) == (False, excess, failures)


def test_the_journal_gives_back_what_was_confirmed(tmp_path):
    deeds = [Deed("adjust", f"reason {number}", Request("POST", "/", "token")) for number in range(2)]
    journal = Journal(tmp_path / "journal")
    for deed in deeds:
        journal.begin(deed)
    journal.confirm(deeds[1], 7)

    assert journal.confirmed() == [Confirmed("adjust", "reason 1", 7)]
    journal.close()


@pytest.mark.parametrize(("there", "is_lost"), [([7], False), ([], True), ([8], True), ([7, 8], True)])
def test_what_is_missing_doubled_or_another_is_lost(there, is_lost):
    class School:
        def read(self, query, names):
            return [(names[0], made) for made in there]

    confirmed = Confirmed("adjust", "reason", 7)

    assert lost_of(School(), [confirmed]) == ([confirmed] if is_lost else [])


@pytest.mark.parametrize(
    "flaw", [{"lost": 1}, {"unknown": 1}, {"violations": ["a name"]}, {"refused": ["a deed"]}, {"restarts": [11.0]}]
)
def test_each_broken_promise_spoils_the_toll(flaw):
    assert Toll("server", kills=1, restarts=[2.0]).is_clean
    assert not Toll("server", **flaw).is_clean
