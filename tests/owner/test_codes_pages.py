"""The console's pages of recharge codes."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import RechargeBatch, RechargeCode
from tests.api import counted_statements
from tests.factories import create_code, create_course, create_student

CODES = "/owner/codes/"
NEW = f"{CODES}new/"
FIND = f"{CODES}find/"
VERBS = ("recharge_batch.issued", "recharge_batch.voided", "recharge_code.voided", "recharge_batch.exported")


def batch_form(course, **values):
    return {"course": course.id, "value": "50", "quantity": "3", "expires_at": "", "label": ""} | values


def confirmed(console, form):
    """The form with the token that the confirmation page gave it."""
    page = console.post(NEW, form)
    assert page.status_code == 200, page.text
    return form | {"form_token": re.search(r'name="form_token" value="([^"]+)"', page.text)[1]}


def make_batch(console, **values):
    response = console.post(
        NEW, confirmed(console, batch_form(values.pop("course", None) or create_course(), **values))
    )
    assert response.status_code == 303, response.text
    return db.session.get(RechargeBatch, int(response.location.split("/")[-2]))


def codes_of(batch):
    db.session.expire_all()
    return db.session.scalars(select(RechargeCode).filter_by(batch_id=batch.id).order_by(RechargeCode.number)).all()


def text_of(code):
    return printed_code(unseal(code.sealed, "recharge-code"))


def use(code, **values):
    code.used_by, code.used_at = create_student(**values), clock.now()
    db.session.commit()


def audited():
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.verb.in_(VERBS)).order_by(AuditEntry.id))
    return [(entry.actor_id, entry.verb, entry.target_type, entry.details) for entry in entries]


def plain(markup):
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def figures(page):
    found = re.findall(r'<div class="figure" id="(\w+)">(.*?)</div>', page.text, re.DOTALL)
    return {status: plain(content).split(" ", 1)[1] for status, content in found}


class TestMakingABatch:
    def test_the_first_form_makes_nothing_and_shows_the_total(self, console):
        course = create_course(name="الجبر")

        page = console.post(NEW, batch_form(course, value="١٥٠", quantity="200", label="مكتبة النور"))

        assert page.status_code == 200
        assert "30,000.00" in page.text
        assert [text in page.text for text in ("الجبر", course.teacher.name, "مكتبة النور")] == [True] * 3
        assert db.session.query(RechargeBatch).count() == 0
        assert audited() == []

    def test_the_confirmed_form_makes_the_batch(self, console, owner):
        course = create_course()

        response = console.post(NEW, confirmed(console, batch_form(course, label="أ")))

        batch = db.session.scalars(select(RechargeBatch)).one()
        assert (response.status_code, response.location) == (303, f"{CODES}batches/{batch.id}/")
        assert (batch.course_id, batch.value, batch.quantity, batch.label) == (course.id, Decimal("50.00"), 3, "أ")
        assert len(codes_of(batch)) == 3

    def test_sending_it_twice_makes_one_batch(self, console):
        form = confirmed(console, batch_form(create_course()))

        first, second = console.post(NEW, form), console.post(NEW, form)

        batch = db.session.scalars(select(RechargeBatch)).one()
        assert first.location == second.location == f"{CODES}batches/{batch.id}/"
        assert db.session.query(RechargeCode).count() == 3
        assert len(audited()) == 1

    def test_a_new_confirmation_makes_another_batch(self, console):
        form = batch_form(create_course())

        console.post(NEW, confirmed(console, form))
        console.post(NEW, confirmed(console, form))

        assert db.session.query(RechargeBatch).count() == 2

    def test_a_form_whose_values_were_changed_after_it_was_sent_is_refused(self, console):
        form = confirmed(console, batch_form(create_course()))
        console.post(NEW, form)

        response = console.post(NEW, form | {"quantity": "9"})

        assert response.status_code == 400
        assert "This form has been sent before with other values." in response.text
        assert db.session.query(RechargeCode).count() == 3

    def test_a_refused_confirmation_may_be_sent_again(self, console):
        form = confirmed(console, batch_form(create_course()))

        refused = console.post(NEW, form | {"value": "0"})
        made = console.post(NEW, form)

        assert (refused.status_code, made.status_code) == (400, 303)
        assert db.session.query(RechargeBatch).count() == 1

    def test_changing_something_shows_the_form_as_it_was_filled_in(self, console):
        form = confirmed(console, batch_form(create_course(), quantity="77"))

        page = console.post(NEW, form | {"change": "1"})

        assert page.status_code == 200
        assert 'value="77"' in page.text
        assert "form_token" not in page.text
        assert db.session.query(RechargeBatch).count() == 0

    def test_a_course_in_the_address_is_chosen_already(self, console):
        course = create_course()

        page = console.get(f"{NEW}?course={course.id}")

        assert re.search(rf'<option selected value="{course.id}">', page.text)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"course": ""}, "A valid integer is required."),
            ({"course": "999999"}, "object does not exist."),
            ({"value": "0.99"}, "Ensure this value is greater than or equal to 1."),
            ({"value": "many"}, "A valid number is required."),
            ({"value": "1.005"}, "Ensure that there are no more than 2 decimal places."),
            ({"quantity": "0"}, "Ensure this value is greater than or equal to 1."),
            ({"quantity": "100001"}, "Ensure this value is less than or equal to 100000."),
            ({"quantity": ""}, "A valid integer is required."),
            ({"expires_at": "2020-01-01T00:00"}, "The expiry must be in the future."),
            ({"expires_at": "tomorrow"}, "Datetime has wrong format."),
            ({"label": "x" * 256}, "Ensure this field has no more than 255 characters."),
            ({"label": "a\0b"}, "Null characters are not allowed."),
        ],
    )
    @pytest.mark.parametrize("is_confirmed", [False, True])
    def test_bad_input_is_said_at_its_field_and_makes_nothing(self, console, values, message, is_confirmed):
        form = batch_form(create_course()) | values | ({"form_token": "a"} if is_confirmed else {})

        response = console.post(NEW, form)

        assert response.status_code == 400
        assert re.search(rf'<div class="field wrong">(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)
        assert db.session.query(RechargeBatch).count() == 0

    def test_without_the_token_nothing_is_made(self, console):
        response = console.post(NEW, confirmed(console, batch_form(create_course())), token="")

        assert response.status_code == 400
        assert db.session.query(RechargeBatch).count() == 0

    def test_the_console_leaves_the_same_rows_as_the_api(self, console, api, owner):
        course = create_course()

        made = make_batch(console, course=course, expires_at="2099-01-01T10:00", label="أ")
        answer = api.as_(owner).post(
            "/api/wallet/recharge-codes/bulk/",
            {"course": course.id, "value": "50", "quantity": 3, "expires_at": "2099-01-01T10:00", "label": "أ"},
        )

        other = db.session.get(RechargeBatch, answer.json["id"])
        for name in ("course_id", "value", "quantity", "expires_at", "label", "is_single", "created_by_id"):
            assert getattr(made, name) == getattr(other, name)
        first, second = ([(c.number, c.value, c.expires_at, c.course_id) for c in codes_of(b)] for b in (made, other))
        assert first == second
        first_entry, second_entry = audited()
        assert first_entry == second_entry


class TestList:
    def test_without_batches_the_page_says_so(self, console):
        assert "No batch of codes has been made yet." in console.get(CODES).text

    def test_a_batch_shows_how_many_of_its_codes_are_in_each_state(self, console):
        batch = make_batch(console, quantity="4")
        used, voided, *_ = codes_of(batch)
        use(used)
        console.post(f"{CODES}{voided.id}/void/", {"reason": "lost"})

        page = console.get(CODES)

        cells = {name: plain(cell) for name, cell in re.findall(r'<td data-label="([^"]*)">(.*?)</td>', page.text)}
        del cells["Made"]
        assert cells == {
            "Batch": f"{batch.id:06d}",
            "Label": "—",
            "Course": f"{batch.course.name} {batch.course.teacher.name}",
            "Value": "50.00 EGP",
            "Unused": "2 100.00 EGP",
            "Used": "1 50.00 EGP",
            "Expired": "—",
            "Cancelled": "1 50.00 EGP",
            "Altogether": "4 200.00 EGP",
        }

    def test_filters_narrow_the_list(self, console):
        first = make_batch(console, label="مكتبة الأمل")
        second = make_batch(console)

        def listed(query):
            return re.findall(rf'href="{CODES}batches/(\d+)/"', console.get(f"{CODES}?{query}").text)

        assert listed("") == [str(second.id), str(first.id)]
        assert listed(f"course={second.course_id}") == [str(second.id)]
        assert listed("label=الامل") == [str(first.id)]

    def test_no_code_stands_in_the_list_or_on_the_batchs_page(self, console):
        batch = make_batch(console)
        pages = console.get(CODES).text + console.get(f"{CODES}batches/{batch.id}/").text

        assert [code.number for code in codes_of(batch) if text_of(code) in pages] == []

    def test_the_statements_do_not_grow_with_the_batches(self, console):
        make_batch(console)
        with counted_statements() as few:
            console.get(CODES)
        for _ in range(4):
            make_batch(console)
        with counted_statements() as many:
            console.get(CODES)

        # Courses to choose from, count, page, all codes together.
        assert (len(few), len(many)) == (4, 4)


class TestBatch:
    def test_the_figures_are_those_of_the_states(self, console):
        batch = make_batch(console, quantity="5", expires_at="2099-01-01T10:00")
        used, voided, *_ = codes_of(batch)
        use(used)
        console.post(f"{CODES}{voided.id}/void/", {"reason": "lost"})

        before = figures(console.get(f"{CODES}batches/{batch.id}/"))
        batch.expires_at = clock.now() - timedelta(days=1)
        db.session.commit()
        after = figures(console.get(f"{CODES}batches/{batch.id}/"))

        settled = {"used": "1 50.00 EGP", "voided": "1 50.00 EGP"}
        assert before == settled | {"unused": "3 150.00 EGP", "expired": "0 0.00 EGP"}
        assert after == settled | {"unused": "0 0.00 EGP", "expired": "3 150.00 EGP"}

    def test_the_file_holds_the_codes_and_is_audited(self, console, owner):
        batch = make_batch(console)

        response = console.get(f"{CODES}batches/{batch.id}/codes.csv")

        lines = response.text.removeprefix("\ufeff").splitlines()
        assert response.mimetype == "text/csv"
        assert [line.split(",")[:2] for line in lines[1:]] == [
            [text_of(code), serial(batch.id, code.number)] for code in codes_of(batch)
        ]
        assert audited()[-1] == (
            owner.id,
            "recharge_batch.exported",
            "recharge_batches",
            {"quantity": 3, "format": "csv"},
        )

    @pytest.mark.parametrize("path", ["", "void/", "codes.csv"])
    @pytest.mark.parametrize("number", ["999999", "9223372036854775808"])
    def test_a_batch_that_there_is_not_is_not_found(self, console, path, number):
        assert console.get(f"{CODES}batches/{number}/{path}").status_code == 404

    def test_a_code_that_was_made_alone_is_no_batch(self, console, api, owner):
        api.as_(owner).post("/api/wallet/recharge-codes/", {"course": create_course().id, "value": "50"})
        single = db.session.scalars(select(RechargeBatch)).one()

        assert console.get(f"{CODES}batches/{single.id}/").status_code == 404

    def test_the_page_runs_three_statements(self, console):
        batch = make_batch(console)
        with counted_statements() as statements:
            console.get(f"{CODES}batches/{batch.id}/")

        # The batch, its figures, its prints and exports.
        assert len(statements) == 3


class TestVoidingABatch:
    def test_what_is_unused_is_cancelled(self, console):
        batch = make_batch(console)
        use(codes_of(batch)[0])

        response = console.post(f"{CODES}batches/{batch.id}/void/", {"reason": "سُرقت", "confirmation": str(batch.id)})

        assert (response.status_code, response.location) == (303, f"{CODES}batches/{batch.id}/")
        assert [code.void_reason for code in codes_of(batch)] == [None, "سُرقت", "سُرقت"]

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"confirmation": "1234567"}, "This is not the number of the batch."),
            ({"confirmation": ""}, "This field may not be blank."),
            ({"reason": " "}, "This field may not be blank."),
            ({"reason": "x" * 501}, "Ensure this field has no more than 500 characters."),
        ],
    )
    def test_without_reason_and_the_right_number_nothing_is_cancelled(self, console, values, message):
        batch = make_batch(console)
        form = {"reason": "lost", "confirmation": f"{batch.id:06d}"} | values

        response = console.post(f"{CODES}batches/{batch.id}/void/", form)

        assert response.status_code == 400
        assert re.search(rf'<div class="field wrong">(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)
        assert {code.voided_at for code in codes_of(batch)} == {None}

    def test_the_console_leaves_the_same_rows_as_the_api(self, console, api, owner):
        course = create_course()
        first, second = make_batch(console, course=course), make_batch(console, course=course)

        console.post(f"{CODES}batches/{first.id}/void/", {"reason": "lost", "confirmation": f"{first.id:06d}"})
        api.as_(owner).post(f"/api/wallet/batches/{second.id}/void/", {"reason": "lost"})

        states = [[(code.void_reason, code.voided_at is None) for code in codes_of(b)] for b in (first, second)]
        assert states[0] == states[1] == [("lost", False)] * 3
        assert audited()[-1] == audited()[-2] == (owner.id, "recharge_batch.voided", "recharge_batches", {"voided": 3})

    def test_of_a_batch_of_which_nothing_is_left_nothing_is_asked(self, console):
        batch = make_batch(console)
        console.post(f"{CODES}batches/{batch.id}/void/", {"reason": "lost", "confirmation": str(batch.id)})

        assert "Nothing of this batch is left to cancel." in console.get(f"{CODES}batches/{batch.id}/void/").text


class TestFinding:
    def test_a_code_is_found_by_itself_and_by_its_serial(self, console):
        batch = make_batch(console)
        code = codes_of(batch)[1]

        for typed in (text_of(code), text_of(code).replace("-", "").lower(), serial(batch.id, 2)):
            response = console.post(FIND, {"typed": typed})
            assert (response.status_code, response.location) == (303, f"{CODES}{code.id}/")

    def test_its_page_shows_who_used_it_and_not_the_code(self, console):
        batch = make_batch(console)
        code = codes_of(batch)[0]
        text = text_of(code)
        use(code, name_ar="منى علي")

        page = console.get(f"{CODES}{code.id}/")

        assert serial(batch.id, 1) in page.text
        assert "منى علي" in page.text
        assert '<span class="badge badge-quiet">Used</span>' in page.text
        assert text not in page.text
        assert "Cancel the code" not in page.text

    @pytest.mark.parametrize("typed", ["", "AAAA-AAAA-AAAA-AAAA", "999999-000001", "ABC", "x\0", "9" * 99, "٪"])
    def test_what_is_no_code_is_said_to_be_none(self, console, typed):
        make_batch(console)

        response = console.post(FIND, {"typed": typed})

        assert response.status_code == 200
        assert "There is no such code." in response.text

    def test_the_page_runs_two_statements(self, console):
        _, code = create_code()
        with counted_statements() as statements:
            console.get(f"{CODES}{code.id}/")

        # The code, its prints.
        assert len(statements) == 2


class TestVoidingACode:
    def test_an_unused_code_is_cancelled_as_the_api_cancels_it(self, console, api, owner):
        first, second, _ = codes_of(make_batch(console))

        response = console.post(f"{CODES}{first.id}/void/", {"reason": "lost"})
        api.as_(owner).post(f"/api/wallet/recharge-codes/{second.id}/void/", {"reason": "lost"})

        db.session.expire_all()
        assert (response.status_code, response.location) == (303, f"{CODES}{first.id}/")
        assert [code.void_reason for code in (first, second)] == ["lost", "lost"]
        assert audited()[-1] == audited()[-2] == (owner.id, "recharge_code.voided", "recharge_codes", {})

    def test_a_used_code_stays_used(self, console):
        code = codes_of(make_batch(console))[0]
        use(code)

        response = console.post(f"{CODES}{code.id}/void/", {"reason": "lost"})

        assert response.status_code == 303
        assert "already been used or cancelled" in console.get(response.location).text
        assert codes_of(code.batch)[0].voided_at is None

    def test_a_reason_must_be_given(self, console):
        code = codes_of(make_batch(console))[0]

        response = console.post(f"{CODES}{code.id}/void/", {"reason": ""})

        assert response.status_code == 303
        assert "This field may not be blank." in console.get(response.location).text
        assert codes_of(code.batch)[0].voided_at is None

    def test_a_code_that_there_is_not_is_not_found(self, console):
        assert console.post(f"{CODES}999999/void/", {"reason": "lost"}).status_code == 404
        assert console.get(f"{CODES}999999/").status_code == 404
