"""Asking for sheets in the console: the form, the warning of a second print, single codes, and who took what when."""

import re

import pytest
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.owner.sheets import LAYOUTS
from edutrack.owner.sheets import queries as sheet_queries
from edutrack.wallet.codes import serial
from edutrack.wallet.models import RechargeCode
from tests.api import counted_statements
from tests.factories import create_course, create_site_owner
from tests.owner.batches import (
    again_link,
    cards_of,
    code_of,
    create_batch,
    links_of,
    printed,
    scanned,
    use,
    void,
)
from tests.owner.console import Console
from tests.racing import race


@pytest.fixture
def single(api, owner):
    """A code that was made alone, through the API, with what its card shows."""
    body = {"course": create_course().id, "value": "50"}
    made = api.as_(owner).post("/api/wallet/recharge-codes/", body).json
    return db.session.get(RechargeCode, made["id"]), made["code"]


def prints():
    found = db.session.scalars(select(AuditEntry).filter_by(verb="recharge_batch.printed").order_by(AuditEntry.id))
    return [entry.details for entry in found]


def plain(markup):
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def taken(page):
    """Return the rows of the page's table of prints and exports, but for the time."""
    body = re.search(r"<th scope=\"col\">Numbers</th>.*?<tbody>(.*?)</tbody>", page.text, re.DOTALL)
    if body is None:
        return []
    rows = re.findall(r"<tr>(.*?)</tr>", body[1], re.DOTALL)
    return [[plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)][1:] for row in rows]


class TestForm:
    def test_a_batchs_page_offers_every_layout_and_all_of_its_numbers(self, console):
        batch, _ = create_batch(7)

        page = console.get(f"/owner/codes/batches/{batch.id}/").text

        assert re.findall(r'<option (?:selected )?value="([^"]+)"', page) == list(LAYOUTS)
        assert re.findall(r'<input[^>]* name="(from|to)"[^>]* value="(\d+)"', page) == [("from", "1"), ("to", "7")]
        assert f'method="get" action="/owner/batches/{batch.id}/print/"' in page
        assert f'formaction="/owner/batches/{batch.id}/print.pdf"' in page

    @pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
    def test_every_layout_comes_from_the_browser_too(self, console, layout):
        batch, codes = create_batch(layout.cards_per_page + 1)

        page = console.get(f"/owner/batches/{batch.id}/print/?layout={layout.name}").text

        assert [code for _, code in cards_of(page)] == list(codes.values())
        assert page.count('<section class="page') == 2
        assert f"@page {{ size: {layout.page_width}mm {layout.page_height}mm; margin: 0; }}" in page
        assert ('class="mark' in page, 'class="cut' in page) == (not layout.is_roll, layout.is_roll)

    def test_fields_that_were_emptied_count_as_left_out(self, console):
        batch, codes = create_batch(3)

        page = console.get(f"/owner/batches/{batch.id}/print/?layout=a4-24&from=&to=").text

        assert [code for _, code in cards_of(page)] == list(codes.values())

    @pytest.mark.parametrize(
        ("query", "field", "message"),
        [
            ("from=3&to=2", "to", "The last number is before the first."),
            ("from=x", "from", "A valid integer is required."),
            ("to=0", "to", "Ensure this value is greater than or equal to 1."),
        ],
    )
    @pytest.mark.parametrize("path", ["print/", "print.pdf"])
    def test_what_is_wrong_is_said_at_its_field_and_the_form_keeps_what_was_typed(
        self, console, path, query, field, message
    ):
        batch, _ = create_batch(3)

        response = console.get(f"/owner/batches/{batch.id}/{path}?layout=a4-40&{query}")

        assert response.status_code == 400
        assert re.search(rf'name="{field}"(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)
        assert '<option selected value="a4-40">' in response.text
        typed = dict(part.split("=") for part in query.split("&"))
        assert all(re.search(rf'name="{name}"[^>]* value="{text}"', response.text) for name, text in typed.items())
        assert prints() == []


class TestPrintingAgain:
    @pytest.mark.parametrize("path", ["print/?layout=a4-10", "print.pdf?layout=a4-10"])
    def test_a_page_in_between_names_the_earlier_print_and_records_nothing(self, console, owner, path):
        batch, _ = create_batch(3)
        console.get(f"/owner/batches/{batch.id}/print/?layout=a4-40&from=2")

        response = console.get(f"/owner/batches/{batch.id}/{path}")

        assert (response.status_code, response.mimetype) == (409, "text/html")
        assert "Some of these cards have been printed before." in response.text
        assert taken(response) == [[owner.username, "Printed", "A4, 40 cards a page", "2–3", "2"]]
        assert len(prints()) == 1

    def test_its_button_prints_what_was_asked_for_and_records_a_reprint(self, console):
        batch, codes = create_batch(3)
        console.get(f"/owner/batches/{batch.id}/print/")

        link = again_link(console.get(f"/owner/batches/{batch.id}/print.pdf?layout=a4-40&from=2").text)
        response = console.get(link)

        assert scanned(response.data) == [set(links_of(batch, [codes[2], codes[3]]))]
        assert prints()[1:] == [
            {"layout": "a4-40", "medium": "pdf", "count": 2, "first": 2, "last": 3, "reprint": True}
        ]

    def test_the_button_works_once(self, console):
        batch, _ = create_batch(3)
        console.get(f"/owner/batches/{batch.id}/print/")
        link = again_link(console.get(f"/owner/batches/{batch.id}/print/").text)

        first, second = console.get(link), console.get(link)

        assert (first.status_code, second.status_code) == (200, 409)
        assert [row[1] for row in taken(second)] == ["Printed again", "Printed"]
        assert len(prints()) == 2

    def test_other_numbers_are_printed_without_a_word(self, console):
        batch, _ = create_batch(4)
        console.get(f"/owner/batches/{batch.id}/print/?to=2")

        response = console.get(f"/owner/batches/{batch.id}/print/?from=3")

        assert response.status_code == 200
        assert "reprint" not in prints()[1]

    def test_cards_that_have_been_used_since_are_no_reprint(self, console):
        batch, _ = create_batch(3)
        console.get(f"/owner/batches/{batch.id}/print/?from=2&to=2")
        use(code_of(batch, 2))

        assert console.get(f"/owner/batches/{batch.id}/print/").status_code == 200

    def test_an_earlier_print_of_another_batch_is_none(self, console):
        first, second = create_batch(2)[0], create_batch(2)[0]
        console.get(f"/owner/batches/{first.id}/print/")

        assert console.get(f"/owner/batches/{second.id}/print/").status_code == 200

    def test_the_next_part_of_a_large_reprint_asks_for_itself(self, console, monkeypatch):
        monkeypatch.setattr("edutrack.owner.sheets.service.MOST_CARDS_PREVIEWED", 2)
        batch, _ = create_batch(4)
        console.get(f"/owner/batches/{batch.id}/print.pdf")

        first = printed(console, f"/owner/batches/{batch.id}/print/")
        (next_url,) = re.findall(r'class="button next" href="([^"]+)"', first.text)

        assert "again" not in next_url
        assert console.get(next_url.replace("&amp;", "&")).status_code == 409


@pytest.mark.concurrency
class TestAtOnce:
    def print_at_once(self, app, times):
        owner = create_site_owner()
        batch, _ = create_batch(2)
        consoles = [app.test_client() for _ in range(times)]
        for client in consoles:
            visitor = Console(app)
            visitor.client = client
            visitor.sign_in(owner)
        db.session.commit()
        address = f"/owner/batches/{batch.id}/print/"
        responses = race([lambda client=client: client.get(address) for client in consoles])
        return sorted(response.status_code for response in responses)

    def test_of_prints_at_one_moment_one_is_made_and_the_others_are_warned(self, committing_app):
        assert self.print_at_once(committing_app, 8) == [200] + [409] * 7
        assert [details.get("reprint") for details in prints()] == [None]

    def test_without_the_lock_several_are_made(self, committing_app, monkeypatch):
        monkeypatch.setattr(sheet_queries.Select, "with_for_update", lambda self, **_: self)

        assert self.print_at_once(committing_app, 8).count(200) > 1


class TestRecord:
    def test_a_batchs_page_says_who_took_which_numbers_when_and_how(self, console, owner):
        batch, _ = create_batch(5)
        address = f"/owner/codes/batches/{batch.id}/"
        assert "Nobody has printed or exported this batch yet." in console.get(address).text

        console.get(f"/owner/batches/{batch.id}/print/?layout=a4-10&from=2&to=4")
        console.get(f"{address}codes.csv")
        printed(console, f"/owner/batches/{batch.id}/print.pdf?layout=receipt-80&from=4")

        assert taken(console.get(address)) == [
            [owner.username, "Printed again", "Receipt roll, 80 mm · PDF", "4–5", "2"],
            [owner.username, "Exported", "CSV", "1–5", "5"],
            [owner.username, "Printed", "A4, 10 cards a page", "2–4", "3"],
        ]

    def test_the_page_runs_three_statements_however_often_it_was_printed(self, console):
        batch, _ = create_batch(2)
        for _ in range(3):
            printed(console, f"/owner/batches/{batch.id}/print/")

        with counted_statements() as statements:
            console.get(f"/owner/codes/batches/{batch.id}/")

        # The batch, its figures, its prints.
        assert len(statements) == 3


class TestSingleCodes:
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_code_that_was_made_alone_has_a_sheet_of_its_own(self, console, single, layout):
        code, text = single
        page = console.get(f"/owner/codes/{code.id}/").text
        assert f'action="/owner/codes/{code.id}/print/"' in page

        response = console.get(f"/owner/codes/{code.id}/print.pdf?layout={layout}")

        assert scanned(response.data) == [{f"http://localhost:3000/redeem?code={text}&course={code.course_id}"}]
        name = serial(code.batch_id, 1)
        assert response.headers["Content-Disposition"] == f'attachment; filename="card-{name}.pdf"'
        assert prints() == [{"layout": layout, "medium": "pdf", "count": 1, "first": 1, "last": 1}]

    def test_it_comes_from_the_browser_too_and_its_page_remembers_it(self, console, single, owner):
        code, text = single

        sheet = console.get(f"/owner/codes/{code.id}/print/?layout=receipt-80")

        assert cards_of(sheet.text) == [(serial(code.batch_id, 1), text)]
        assert taken(console.get(f"/owner/codes/{code.id}/")) == [
            [owner.username, "Printed", "Receipt roll, 80 mm", "1", "1"]
        ]

    def test_a_second_print_is_warned_of(self, console, single):
        code, text = single
        console.get(f"/owner/codes/{code.id}/print/")

        warned = console.get(f"/owner/codes/{code.id}/print/")
        again = console.get(again_link(warned.text))

        assert warned.status_code == 409
        assert [card for _, card in cards_of(again.text)] == [text]
        assert [details.get("reprint") for details in prints()] == [None, True]

    def test_one_code_of_a_batch_is_printed_alone_and_known_from_the_batchs_sheet(self, console):
        batch, codes = create_batch(3)
        code = code_of(batch, 2)
        console.get(f"/owner/batches/{batch.id}/print/")

        warned = console.get(f"/owner/codes/{code.id}/print/?from=1&to=3")
        again = console.get(again_link(warned.text))

        assert warned.status_code == 409
        assert [card for _, card in cards_of(again.text)] == [codes[2]]

    @pytest.mark.parametrize("end", [use, void])
    def test_a_code_that_is_settled_is_not_printed(self, console, single, end):
        code, _ = single
        end(code)

        assert 'id="print-pdf"' not in console.get(f"/owner/codes/{code.id}/").text
        assert "There are no unused codes to print." in console.get(f"/owner/codes/{code.id}/print/").text
        assert console.get(f"/owner/codes/{code.id}/print.pdf").status_code == 400
        assert prints() == []

    @pytest.mark.parametrize("path", ["print/", "print.pdf"])
    def test_a_code_that_there_is_not_is_not_found(self, console, path):
        assert console.get(f"/owner/codes/{2**80}/{path}").status_code == 404
        assert console.get(f"/owner/codes/999999/{path}").status_code == 404

    def test_the_statements_are_few(self, console, single):
        code, _ = single

        with counted_statements() as statements:
            console.get(f"/owner/codes/{code.id}/print/")

        # The code, its batch, its card, earlier prints.
        assert len(statements) == 4
