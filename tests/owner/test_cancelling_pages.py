"""The console's pages on which codes that lie in a row are cancelled."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.wallet.codes import serial
from edutrack.wallet.models import RechargeCode
from tests.api import counted_statements
from tests.factories import create_batch, create_student

#: A serial as an Arabic keyboard writes it.
ARABIC = str.maketrans("0123456789-", "٠١٢٣٤٥٦٧٨٩–")


def page_of(batch):
    return f"/owner/codes/batches/{batch.id}/void-range/"


def codes_of(batch):
    db.session.expire_all()
    return db.session.scalars(select(RechargeCode).filter_by(batch_id=batch.id).order_by(RechargeCode.number)).all()


def use(code):
    code.used_by, code.used_at = create_student(), clock.now()
    db.session.commit()


def voided_numbers(batch):
    return [code.number for code in codes_of(batch) if code.voided_at is not None]


def audited():
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "recharge_batch.range_voided"))
    return [(entry.actor_id, entry.target_type, entry.target_id, entry.details) for entry in entries]


def figures(page):
    return re.findall(r'<strong>(?:<bdi class="number" dir="ltr">)?([\d,.]+)', page.text)


class TestChoosing:
    def test_the_numbers_lead_to_what_they_come_to(self, console):
        batch = create_batch(9)

        response = console.get(f"{page_of(batch)}?first=3&last=7")

        assert (response.status_code, response.location) == (303, f"{page_of(batch)}3-7/")

    @pytest.mark.parametrize(
        "typed", [lambda text: text, lambda text: f" {text}\u200f", lambda text: text.translate(ARABIC)]
    )
    def test_a_serial_stands_for_its_number(self, console, typed):
        batch = create_batch(9)
        first, last = typed(serial(batch.id, 2)), typed(serial(batch.id, 5))

        response = console.get(page_of(batch), query_string={"first": first, "last": last})

        assert response.location == f"{page_of(batch)}2-5/"

    @pytest.mark.parametrize(
        ("first", "last", "message"),
        [
            ("", "3", "A valid integer is required."),
            ("1", "x", "A valid integer is required."),
            ("0", "3", "Ensure this value is greater than or equal to 1."),
            ("1", "999999999999999999999", "Ensure this value is less than or equal to 100000."),
            ("1", "10", "The batch has numbers from 1 to 9."),
            ("5", "4", "The last number is before the first."),
            ("1", "999999-000002", "This serial is of another batch."),
            ("1", "2\0", "A valid integer is required."),
        ],
    )
    def test_bad_numbers_are_said_at_their_field(self, console, first, last, message):
        batch = create_batch(9)

        response = console.get(page_of(batch), query_string={"first": first, "last": last})

        assert response.status_code == 400
        assert re.search(rf'<div class="field wrong">(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)

    def test_without_numbers_they_are_asked_for(self, console):
        page = console.get(page_of(create_batch(9)))

        assert page.status_code == 200
        assert "This batch has the numbers 1 to" in page.text
        assert "field wrong" not in page.text


class TestPreview:
    def test_it_counts_what_is_unused_and_its_value_and_cancels_nothing(self, console):
        batch = create_batch(9, expires_at=clock.now() + timedelta(days=1))
        use(codes_of(batch)[3])

        page = console.get(f"{page_of(batch)}3-7/")

        assert figures(page) == ["4", "200.00"]
        assert voided_numbers(batch) == []

    def test_where_nothing_is_left_nothing_is_asked(self, console):
        batch = create_batch(2)
        use(codes_of(batch)[0])

        page = console.get(f"{page_of(batch)}1-1/")

        assert "None of these codes is left to cancel." in page.text
        assert "<textarea" not in page.text

    @pytest.mark.parametrize("numbers", ["0-3", "4-3", "1-10", "1-99999999999999999999"])
    def test_numbers_that_the_batch_does_not_have_are_refused(self, console, numbers):
        assert console.get(f"{page_of(create_batch(9))}{numbers}/").status_code == 400

    def test_a_batch_that_there_is_not_is_not_found(self, console):
        for path in ("", "1-2/"):
            assert console.get(f"/owner/codes/batches/999999/void-range/{path}").status_code == 404

    def test_it_runs_two_statements(self, console):
        batch = create_batch(9)
        with counted_statements() as statements:
            console.get(f"{page_of(batch)}1-9/")

        # The batch, how many are unused.
        assert len(statements) == 2


class TestCancelling:
    def test_what_is_unused_between_the_numbers_is_cancelled(self, console, owner):
        batch = create_batch(9)
        use(codes_of(batch)[3])

        response = console.post(f"{page_of(batch)}3-7/", {"reason": "سُرقت"})

        assert (response.status_code, response.location) == (303, f"/owner/codes/batches/{batch.id}/")
        assert voided_numbers(batch) == [3, 5, 6, 7]
        assert {code.void_reason for code in codes_of(batch)} == {None, "سُرقت"}
        assert audited() == [(owner.id, "recharge_batches", batch.id, {"first": 3, "last": 7, "voided": 4})]

    def test_other_batches_keep_theirs(self, console):
        batch, other = create_batch(3), create_batch(3)

        console.post(f"{page_of(batch)}1-3/", {"reason": "lost"})

        assert (voided_numbers(batch), voided_numbers(other)) == ([1, 2, 3], [])

    def test_what_was_cancelled_before_keeps_its_reason(self, console):
        batch = create_batch(3)
        console.post(f"{page_of(batch)}1-2/", {"reason": "first"})

        console.post(f"{page_of(batch)}1-3/", {"reason": "second"})

        assert [code.void_reason for code in codes_of(batch)] == ["first", "first", "second"]

    def test_sent_twice_it_is_done_and_recorded_once(self, console):
        batch = create_batch(3)

        responses = [console.post(f"{page_of(batch)}1-3/", {"reason": "lost"}) for _ in range(2)]

        assert [response.status_code for response in responses] == [303, 303]
        assert len(audited()) == 1

    @pytest.mark.parametrize(
        ("reason", "message"),
        [(" ", "This field may not be blank."), ("x" * 501, "Ensure this field has no more than 500 characters.")],
    )
    def test_without_a_reason_nothing_is_cancelled(self, console, reason, message):
        batch = create_batch(3)

        response = console.post(f"{page_of(batch)}1-3/", {"reason": reason})

        assert response.status_code == 400
        assert re.search(rf'<div class="field wrong">(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)
        assert voided_numbers(batch) == []

    def test_without_the_token_nothing_is_cancelled(self, console):
        batch = create_batch(3)

        assert console.post(f"{page_of(batch)}1-3/", {"reason": "lost"}, token="").status_code == 400
        assert voided_numbers(batch) == []

    def test_numbers_that_the_batch_does_not_have_cancel_nothing(self, console):
        batch = create_batch(3)

        assert console.post(f"{page_of(batch)}1-4/", {"reason": "lost"}).status_code == 400
        assert voided_numbers(batch) == []
