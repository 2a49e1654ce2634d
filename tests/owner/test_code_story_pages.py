"""Finding a code or its batch in the console, what became of a code, all codes together, and a batch as a workbook."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import BalanceTransaction, RechargeCode
from tests.api import counted_statements
from tests.factories import (
    create_batch,
    create_code,
    create_course,
    create_enrollment,
    create_student,
    give_balance,
)
from tests.workbooks import cells

CODES = "/owner/codes/"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def codes_of(batch):
    return db.session.scalars(select(RechargeCode).filter_by(batch_id=batch.id).order_by(RechargeCode.number)).all()


def find(console, typed):
    return console.post(f"{CODES}find/", {"typed": typed})


def numbers_found(page):
    return re.findall(r'href="/owner/codes/batches/(\d+)/"', page.text)


def plain(markup):
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def figures(page):
    found = re.findall(r'<div class="figure" id="(\w+)">(.*?)</div>', page.text, re.DOTALL)
    return {status: plain(content).split(" ", 1)[1] for status, content in found}


def story(page):
    (found,) = re.findall(r'<ol class="story">(.*?)</ol>', page.text, re.DOTALL)
    return [plain(step) for step in re.findall(r"<li.*?</li>", found, re.DOTALL)]


class TestFinding:
    @pytest.mark.parametrize(
        "typed",
        [
            lambda text: text.translate(ARABIC),
            lambda text: text.replace("-", "–"),
            lambda text: text.replace("-", " - "),
            lambda text: f"\u200f{text}\u200e",
            lambda text: text.lstrip("0"),
        ],
    )
    def test_a_serial_is_found_however_it_is_typed(self, console, typed):
        batch = create_batch(3)
        code = codes_of(batch)[1]

        response = find(console, typed(serial(batch.id, 2)))

        assert (response.status_code, response.location) == (303, f"{CODES}{code.id}/")

    @pytest.mark.parametrize("typed", ["{:06d}", "{:06d}-", "{}"])
    def test_a_batchs_number_leads_to_the_batch(self, console, typed):
        batch = create_batch()

        response = find(console, typed.format(batch.id))

        assert (response.status_code, response.location) == (303, f"{CODES}batches/{batch.id}/")

    def test_a_part_of_a_number_names_every_batch_that_has_it_the_exact_one_first(self, console):
        for number in (77, 770, 1_770_001, 78):
            create_batch(1, id=number)

        page = find(console, "٧٧")

        assert page.status_code == 200
        assert numbers_found(page) == ["77", "1770001", "770"]
        assert numbers_found(find(console, "0077")) == ["77", "770"]

    def test_six_digits_name_no_other_batch(self, console):
        for number in (77, 1_000_077):
            create_batch(1, id=number)

        assert find(console, "000077").location == f"{CODES}batches/77/"

    @pytest.mark.parametrize("typed", ["999999", "999999-", "-5", "9" * 13, "12%", "٪"])
    def test_a_number_of_no_batch_is_said_to_be_none(self, console, typed):
        create_batch(1)

        response = find(console, typed)

        assert response.status_code == 200
        assert "There is no such code." in response.text

    def test_a_code_made_alone_is_found_by_its_serial_and_not_as_a_batch(self, console):
        _, code = create_code()
        code.batch.is_single = True
        db.session.commit()

        assert find(console, serial(code.batch_id, 1)).location == f"{CODES}{code.id}/"
        assert "There is no such code." in find(console, f"{code.batch_id:06d}").text

    def test_however_many_batches_are_found_two_statements_run(self, console):
        for number in range(7700, 7730):
            create_batch(1, id=number)
        with counted_statements() as statements:
            page = find(console, "77")

        assert len(numbers_found(page)) == 20
        # The code, the batches.
        assert len(statements) == 2


class TestStory:
    def test_a_used_code_tells_who_used_it_and_where_it_is_in_the_ledger(self, console):
        student, course = create_student(name_ar="منى علي"), create_course()
        create_enrollment(student, course)
        give_balance(student, course, "70.00")
        code = db.session.scalars(select(RechargeCode)).one()
        entry = db.session.scalars(select(BalanceTransaction)).one()

        page = console.get(f"{CODES}{code.id}/")

        made, used = story(page)
        assert made.endswith(f"by {code.batch.created_by.username}")
        assert f"منى علي {student.student_code}" in used
        assert f"Entry {entry.id:,} of the ledger: 70.00 EGP added, balance after it 70.00 EGP" in used
        assert f'href="/owner/students/{student.id}/"' in page.text

    def test_a_cancelled_code_tells_why(self, console):
        code = codes_of(create_batch(1))[0]
        console.post(f"{CODES}{code.id}/void/", {"reason": "<lost>"})

        assert story(console.get(f"{CODES}{code.id}/"))[1].endswith("Reason: &lt;lost&gt;")

    def test_an_expired_code_tells_when(self, console):
        code = codes_of(create_batch(1, expires_at=clock.now() - timedelta(days=1)))[0]

        assert [step.split()[:3] for step in story(console.get(f"{CODES}{code.id}/"))] == [
            ["It", "was", "made"],
            ["It", "has", "expired"],
        ]

    def test_of_an_unused_code_there_is_nothing_but_its_making(self, console):
        code = codes_of(create_batch(1))[0]

        assert len(story(console.get(f"{CODES}{code.id}/"))) == 1


class TestAltogether:
    def test_all_codes_are_counted_with_their_value(self, console):
        batch = create_batch(4)
        used, voided, *_ = codes_of(batch)
        used.used_by, used.used_at = create_student(), clock.now()
        voided.voided_at, voided.void_reason = clock.now(), "lost"
        create_batch(2, expires_at=clock.now() - timedelta(days=1))
        create_code()

        page = console.get(CODES)

        assert figures(page) == {
            "unused": "3 200.00 EGP",
            "used": "1 50.00 EGP",
            "expired": "2 100.00 EGP",
            "voided": "1 50.00 EGP",
        }

    def test_they_are_narrowed_as_the_list_is(self, console):
        course = create_course()
        create_batch(2, course=course, label="مكتبة الأمل")
        create_batch(5, course=course)
        create_batch(7)

        assert figures(console.get(f"{CODES}?course={course.id}"))["unused"] == "7 350.00 EGP"
        assert figures(console.get(f"{CODES}?label=الامل"))["unused"] == "2 100.00 EGP"

    def test_without_codes_there_is_nothing(self, console):
        assert set(figures(console.get(CODES)).values()) == {"0 0.00 EGP"}


class TestWorkbook:
    def test_it_holds_the_codes_and_is_audited(self, console, owner):
        batch = create_batch(3)
        used, *_ = codes_of(batch)
        used.used_by, used.used_at = create_student(), clock.now()
        db.session.commit()

        response = console.get(f"{CODES}batches/{batch.id}/codes.xlsx")

        assert response.headers["Content-Disposition"] == f'attachment; filename="batch-{batch.id:06d}-codes.xlsx"'
        header, *rows = cells(response.data)
        assert header == ["code", "serial", "value", "expires_at", "status"]
        assert rows == [
            [printed_code(unseal(code.sealed, "recharge-code")), serial(batch.id, number), 50, status]
            for number, (code, status) in enumerate(
                zip(codes_of(batch), ["used", "unused", "unused"], strict=True), start=1
            )
        ]
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "recharge_batch.exported")).one()
        assert (entry.actor_id, entry.target_id) == (owner.id, batch.id)
        assert entry.details == {"quantity": 3, "format": "xlsx"}

    def test_of_a_batch_that_there_is_not_there_is_none(self, console):
        assert console.get(f"{CODES}batches/999999/codes.xlsx").status_code == 404
