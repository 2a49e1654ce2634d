"""Each invariant of the ledger holds in an ordinary school, and catches the damage that it is for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from edutrack.cli import check_ledger_command
from edutrack.core.extensions import db
from edutrack.courses.models import Reopening
from edutrack.wallet.invariants import INVARIANTS, violations
from tests.factories import (
    create_code,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    give_balance,
)

# Each damage, with the guards that must be taken down before the database lets it happen.
LEDGER = "ALTER TABLE balance_transactions DISABLE TRIGGER USER"
DAMAGE = {
    "balance_is_the_sum_of_its_entries": ["UPDATE course_balances SET balance = balance + 1"],
    "no_balance_is_negative": [
        "ALTER TABLE course_balances DROP CONSTRAINT ck_course_balances_not_negative",
        "UPDATE course_balances SET balance = -1",
    ],
    "each_entry_continues_the_one_before": [
        LEDGER,
        "UPDATE balance_transactions SET balance_after = balance_after + 1 WHERE purchase_id IS NOT NULL",
    ],
    "each_used_code_has_one_credit": ["UPDATE recharge_codes SET value = value + 1 WHERE used_by_id IS NOT NULL"],
    "each_credit_has_a_used_code": ["UPDATE recharge_codes SET used_by_id = NULL, used_at = NULL"],
    "a_used_code_says_by_whom_and_when": [
        "ALTER TABLE recharge_codes DROP CONSTRAINT ck_recharge_codes_used_whole",
        "UPDATE recharge_codes SET used_at = NULL",
    ],
    "no_code_is_used_and_voided": [
        "ALTER TABLE recharge_codes DROP CONSTRAINT ck_recharge_codes_not_used_and_voided",
        "UPDATE recharge_codes SET voided_at = now(), void_reason = 'lost' WHERE used_by_id IS NOT NULL",
    ],
    "each_paid_purchase_has_one_debit": ["UPDATE purchases SET amount_paid = amount_paid + 1"],
    "a_lecture_is_bought_once": [
        "ALTER TABLE purchases DROP CONSTRAINT uq_purchases_student_id_lecture_id",
        "INSERT INTO purchases (student_id, lecture_id, course_id, amount_paid, purchased_at, expires_at, "
        "effective_expiry, extra_days) SELECT student_id, lecture_id, course_id, 0, purchased_at, expires_at, "
        "effective_expiry, 0 FROM purchases",
    ],
    "each_purchase_had_an_approved_enrolment": [
        "UPDATE enrollments SET responded_at = responded_at + interval '1 day'"
    ],
    "each_entry_has_one_source": [
        LEDGER,
        "ALTER TABLE balance_transactions DROP CONSTRAINT ck_balance_transactions_one_source",
        "UPDATE balance_transactions SET code_id = NULL WHERE code_id IS NOT NULL",
    ],
    "each_adjustment_has_one_entry": [
        "INSERT INTO adjustments (student_id, course_id, amount, reason, created_by_id, created_at) "
        "SELECT student_id, course_id, 5, 'gift', (SELECT min(id) FROM users), updated_at FROM course_balances",
    ],
    "every_issued_code_is_there": ["DELETE FROM recharge_codes WHERE used_by_id IS NULL"],
    "revenue_is_what_was_taken": ["UPDATE purchases SET amount_paid = 0.01"],
    "closed_days_are_what_was_bought": ["INSERT INTO course_revenues VALUES (1, '2020-01-01', 1, 5)"],
    "closed_lectures_are_what_was_bought": ["INSERT INTO lecture_revenues VALUES (1, 1, 1, 5)"],
    "closed_students_are_what_was_bought": ["INSERT INTO student_revenues VALUES (1, 1, 1, 5, now())"],
    "totals_of_students_are_what_was_bought": ["INSERT INTO student_totals VALUES (1, 1, 5, now())"],
    "access_ends_when_the_log_says": ["UPDATE purchases SET effective_expiry = effective_expiry + interval '1 second'"],
}


@pytest.fixture
def school(api):
    """A school where a student redeemed, bought, and had an access reopened."""
    student, lecture = create_student(), create_lecture(price=Decimal("40.00"))
    course = lecture.topic.course
    create_enrollment(student, course)
    give_balance(student, course, "100.00")
    create_code(course)
    response = api.as_(student).post("/api/purchases/", {"lecture": lecture.id})
    assert response.status_code == 201
    free = create_purchase(student, create_lecture(course, price=Decimal("0.00")))
    free.effective_expiry += timedelta(days=3)
    free.extra_days = 3
    owner = create_site_owner()
    db.session.add(
        Reopening(
            purchase=free,
            extra_days=3,
            new_expiry=free.effective_expiry,
            reopened_by_id=owner.id,
            reopened_by_name=owner.username,
            reopened_at=free.purchased_at,
            note="",
        )
    )
    db.session.commit()


def test_every_invariant_has_its_damage():
    assert set(DAMAGE) == set(INVARIANTS)


@pytest.mark.usefixtures("school")
class TestInvariants:
    def test_all_hold_in_an_ordinary_school(self):
        assert violations() == {}

    @pytest.mark.parametrize("name", DAMAGE)
    def test_damage_is_caught(self, name):
        for statement in DAMAGE[name]:
            db.session.execute(text(statement))

        assert name in violations()


class TestCommand:
    def test_it_says_that_all_is_well(self, app):
        result = CliRunner().invoke(check_ledger_command)

        assert (result.exit_code, result.output) == (0, "Every invariant holds.\n")

    @pytest.mark.usefixtures("school")
    def test_it_names_what_is_violated_and_fails(self):
        db.session.execute(text(DAMAGE["balance_is_the_sum_of_its_entries"][0]))
        db.session.commit()

        result = CliRunner().invoke(check_ledger_command)

        assert result.exit_code == 1
        assert result.output.startswith("VIOLATED balance_is_the_sum_of_its_entries: 1 rows, such as {")
