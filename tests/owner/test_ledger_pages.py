"""Ledger health: every invariant in words, checked on a button, one check at a time, and kept in the audit trail."""

import re
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from edutrack.cli import check_ledger_command
from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.invariants import violated, violation_counts
from edutrack.owner import ledger
from edutrack.owner.console.ledger import GROUPS, WORDS
from tests.api import counted_statements
from tests.factories import create_course, create_site_owner, create_student, give_balance
from tests.owner.console import Console

LEDGER = "/owner/ledger/"
CHECK = "/owner/ledger/check/"
BROKEN = "balance_is_the_sum_of_its_entries"


@pytest.fixture
def console(app):
    console = Console(app)
    console.sign_in(create_site_owner(username="manager"))
    console.post("/owner/language/", {"language": "en"})
    return console


def break_balances(count=1):
    """Let so many students hold what the ledger does not know of."""
    for _ in range(count):
        give_balance(create_student(), create_course(), "10.00")
    db.session.execute(text("UPDATE course_balances SET balance = balance + 1"))
    db.session.commit()


def checks():
    rows = db.session.scalars(select(AuditEntry).filter_by(verb="ledger.checked").order_by(AuditEntry.id))
    return [(row.actor_id is not None, row.target_type, row.target_id, row.details) for row in rows]


def badges(page):
    """Return what stands beside each invariant, by its name."""
    found = re.findall(r'<li id="(\w+)".*?<span class="badge[^"]*">(.*?)</span>\s*</li>', page, re.DOTALL)
    return {name: re.sub(r"<[^>]+>", "", badge) for name, badge in found}


def test_every_invariant_has_words_and_a_place():
    names = [name for queries in ledger.CHECKED.values() for name in queries]

    assert set(WORDS) == set(names)
    assert len(set(names)) == len(names)
    assert set(GROUPS) == set(ledger.CHECKED)


def test_before_the_first_check_nothing_is_said_to_hold(console):
    page = console.get(LEDGER).text

    assert set(badges(page)) == set(WORDS)
    assert set(badges(page).values()) == {"Not checked"}
    assert "Nothing has been checked yet" in page
    assert "There is none yet" in page


def test_a_check_that_finds_nothing_is_kept_and_shown(console):
    response = console.post(CHECK)

    page = console.get(LEDGER).text
    assert (response.status_code, response.location) == (303, LEDGER)
    assert checks() == [(True, "balance_transactions", None, {"violated": {}})]
    assert "Everything agrees" in page
    assert set(badges(page).values()) == {"Holds"}
    assert re.findall(r'data-label="Who"><bdi>([^<]+)', page) == ["manager"]


def test_what_is_violated_is_counted_named_and_explained(console):
    console.post(CHECK)
    break_balances(count=2)

    console.post(CHECK)

    page = console.get(LEDGER).text
    assert checks()[-1][3] == {"violated": {BROKEN: 2}}
    assert badges(page)[BROKEN] == "Broken: 2"
    assert {badge for name, badge in badges(page).items() if name != BROKEN} == {"Holds"}
    assert "Something does not agree" in page
    assert "edutrack check-ledger" in page
    # The clean one before is not forgotten.
    assert "There is none yet" not in page
    assert page.count("<tr>") == 3


def test_the_latest_check_speaks_and_the_last_clean_one_stays(console):
    console.post(CHECK)
    break_balances()
    console.post(CHECK)
    clean, broken = ledger.last_clean_check(), ledger.latest_checks(1)[0]

    assert (clean.is_clean, broken.is_clean, broken.violated) == (True, False, {BROKEN: 1})
    assert clean.checked_at < broken.checked_at


def test_ten_checks_are_listed(console):
    for _ in range(11):
        ledger.record_check(None, {})
    db.session.commit()

    page = console.get(LEDGER).text

    assert page.count('data-label="When"') == 10
    assert page.count("The system") == 10


def test_the_command_leaves_its_result_too(app):
    CliRunner().invoke(check_ledger_command)
    break_balances()
    CliRunner().invoke(check_ledger_command)

    assert [entry[3] for entry in checks()] == [{"violated": {}}, {"violated": {BROKEN: 1}}]


def test_other_entries_about_the_ledger_are_no_checks(console):
    db.session.add(
        AuditEntry(
            verb="ledger.other", target_type="balance_transactions", details={"violated": {}}, recorded_at=clock.now()
        )
    )
    db.session.commit()

    assert ledger.latest_checks(10) == []


def test_counts_are_those_of_the_rows(app):
    break_balances(count=3)

    found = violation_counts(ledger.CHECKED["money"])

    assert found == {name: len(rows) for name, rows in violated(ledger.CHECKED["money"]).items()} == {BROKEN: 3}


def test_the_page_runs_two_statements_however_many_checks_there_were(console):
    counts = []
    for _ in range(2):
        with counted_statements() as statements:
            console.get(LEDGER)
        counts.append(len(statements))
        for _more in range(20):
            ledger.record_check(None, {})
        db.session.commit()

    assert counts == [2, 2]


@contextmanager
def running_check():
    """Let a check be under way on another connection."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(select(func.pg_advisory_xact_lock(ledger._CHECK_LOCK)))
        yield


class TestOneAtATime:
    @pytest.fixture
    def console(self, committing_app):
        console = Console(committing_app)
        console.sign_in(create_site_owner())
        console.post("/owner/language/", {"language": "en"})
        return console

    def test_a_second_check_is_refused_while_one_runs(self, console):
        with running_check():
            response = console.post(CHECK)

        assert response.status_code == 303
        assert "A check is running already." in console.get(LEDGER).text
        assert checks() == []

    def test_the_next_check_runs_once_it_is_done(self, console):
        with running_check():
            console.post(CHECK)

        console.post(CHECK)

        assert len(checks()) == 1

    def test_without_the_lock_both_would_run(self, console, monkeypatch):
        with running_check():
            monkeypatch.setattr(ledger, "_CHECK_LOCK", ledger._CHECK_LOCK + 1)
            console.post(CHECK)

        assert len(checks()) == 1
