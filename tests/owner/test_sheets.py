"""Print sheets of recharge codes: what stands on paper, who may have it, and that every print is remembered."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise

import pypdfium2
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.owner.sheets import Order, find_layout, lock_batch, service, taken_away
from edutrack.owner.sheets.cards import face_of
from edutrack.owner.site import site_settings
from edutrack.wallet.codes import serial
from tests.api import counted_statements
from tests.factories import create_code, create_course, create_teacher
from tests.owner.batches import cards_of, code_of, create_batch, links_of, printed, scanned, use, void
from tests.owner.console import Console


def prints():
    return [
        (entry.actor_id, entry.target_type, entry.target_id, entry.details)
        for entry in db.session.scalars(select(AuditEntry).filter_by(verb="recharge_batch.printed"))
    ]


def caller_of(owner):
    return Caller(owner.id, None, owner.username, Role.SITE_OWNER, owner.username, is_active=True)


@pytest.fixture
def console(app, owner):
    console = Console(app)
    assert console.sign_in(owner).status_code == 303
    return console


def strictly_read(document):
    """Return a PDF read without forgiveness."""
    return PdfReader(BytesIO(document), strict=True)


class TestPdf:
    def test_every_code_of_a_page_can_be_scanned_at_150_dpi(self, console):
        batch, codes = create_batch(24)

        response = console.get(f"/owner/batches/{batch.id}/print.pdf?layout=a4-24")

        assert (response.status_code, response.mimetype) == (200, "application/pdf")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Disposition"] == f'attachment; filename="batch-{batch.id:06d}.pdf"'
        assert scanned(response.data) == [set(links_of(batch, codes.values()))]

    def test_pages_are_a4_and_follow_the_numbers(self, console):
        batch, codes = create_batch(50)

        document = console.get(f"/owner/batches/{batch.id}/print.pdf").data

        links = links_of(batch, codes.values())
        assert scanned(document) == [set(links[:24]), set(links[24:48]), set(links[48:])]
        with pypdfium2.PdfDocument(document) as pdf:
            sizes = [[round(points / 72 * 25.4, 1) for points in pdf.get_page_size(number)] for number in range(3)]
        assert sizes == [[210.0, 297.0]] * 3

    def test_parts_that_were_typeset_apart_become_one_sound_file(self, console, monkeypatch):
        monkeypatch.setattr("edutrack.owner.sheets.pdf._CARDS_PER_PART", 24)
        batch, codes = create_batch(60)

        document = console.get(f"/owner/batches/{batch.id}/print.pdf").data

        links = links_of(batch, codes.values())
        assert scanned(document) == [set(links[:24]), set(links[24:48]), set(links[48:])]
        reader = strictly_read(document)
        assert len(reader.pages) == 3
        assert reader.metadata.title == f"{batch.course.name} – {batch.id:06d}"

    def test_the_writing_is_arabic_in_its_own_font_and_the_serial_stands_beside(self, console):
        teacher = create_teacher(name="هدى السيد")
        batch, _ = create_batch(1, course=create_course(teacher, name="الفيزياء"))

        document = console.get(f"/owner/batches/{batch.id}/print.pdf").data

        with pypdfium2.PdfDocument(document) as pdf:
            text = pdf[0].get_textpage().get_text_bounded()
        assert serial(batch.id, 1) in text
        assert "EduTrack" in text
        (page,) = strictly_read(document).pages
        fonts = {font.get_object()["/BaseFont"].split("+")[1] for font in page["/Resources"]["/Font"].values()}
        assert fonts == {"Cairo-Bold", "Cairo-Regular"}

    def test_with_no_code_left_there_is_no_pdf(self, console):
        batch, _ = create_batch(1)
        use(code_of(batch, 1))

        response = console.get(f"/owner/batches/{batch.id}/print.pdf")

        assert (response.status_code, response.mimetype) == (400, "text/html")
        assert "لا توجد أكواد غير مستخدمة للطباعة." in response.text
        assert prints() == []

    def test_a_typesetter_that_fails_is_an_error_and_no_torn_file(self, console, monkeypatch, tmp_path):
        (tmp_path / "broken.py").write_text("raise SystemExit('no paper')")
        monkeypatch.setattr("edutrack.owner.sheets.pdf.TYPESETTER", tmp_path / "broken.py")
        batch, _ = create_batch(1)

        response = console.get(f"/owner/batches/{batch.id}/print.pdf")

        assert (response.status_code, response.mimetype) == (500, "text/html")

    def test_whoever_goes_away_leaves_no_typesetter_behind(self, app, owner, monkeypatch):
        started = []

        class Remembered(subprocess.Popen):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                started.append(self)

        monkeypatch.setattr("edutrack.owner.sheets.pdf.subprocess.Popen", Remembered)
        monkeypatch.setattr("edutrack.owner.sheets.pdf._CARDS_PER_PART", 24)
        batch, _ = create_batch(72)
        pieces = service.print_pdf(caller_of(owner), Order(lock_batch(None, batch.id), find_layout("a4-24"), 1, 72))

        header, first_part = next(pieces), next(pieces)
        pieces.close()

        assert (header[:5], len(first_part) > 1000) == (b"%PDF-", True)
        assert [process.returncode is None for process in started] == [False, False]


class TestPage:
    def test_the_page_has_every_card_with_its_serial(self, console):
        batch, codes = create_batch(30)

        response = console.get(f"/owner/batches/{batch.id}/print/?layout=a4-24")

        assert response.status_code == 200
        assert cards_of(response.text) == [(serial(batch.id, number), code) for number, code in codes.items()]
        assert response.text.count('<section class="page">') == 2
        assert response.text.count("<svg ") == 30
        assert '<html lang="ar" dir="rtl">' in response.text

    def test_the_card_says_what_it_is_good_for(self, console):
        teacher = create_teacher(name="أ. <هدى> السيد")
        batch, _ = create_batch(
            1, course=create_course(teacher, name="الفيزياء"), expires_at=datetime(2098, 12, 31, 22, tzinfo=UTC)
        )

        page = console.get(f"/owner/batches/{batch.id}/print/").text

        assert '<div class="course_name">الفيزياء</div>' in page
        assert '<div class="teacher_name">أ. &lt;هدى&gt; السيد</div>' in page
        assert '<div class="value">150 جنيه</div>' in page
        assert '<div class="expiry">صالح حتى \u206631/12/2098\u2069</div>' in page
        assert '<bdi dir="ltr">localhost:3000/redeem</bdi>' in page

    def test_the_page_loads_nothing_and_runs_only_its_own_script(self, console):
        batch, _ = create_batch(1)

        response = console.get(f"/owner/batches/{batch.id}/print/")

        nonce = re.search(r"script-src 'nonce-([^']+)'", response.headers["Content-Security-Policy"])[1]
        assert response.headers["Content-Security-Policy"] == (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; font-src data:; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        assert response.headers["Cache-Control"] == "no-store"
        assert re.findall(r"<(?:script|style)[^>]*>", response.text) == [
            f'<style nonce="{nonce}">',
            f'<script nonce="{nonce}">',
        ]
        assert re.findall(r"src=|url\(\"(?!data:)| style=| on[a-z]+=", response.text) == []
        assert re.findall(r'href="([^"]+)"', response.text) == [f"/owner/codes/batches/{batch.id}/"]

    def test_a_large_batch_comes_in_parts_that_lead_on(self, console, monkeypatch):
        monkeypatch.setattr(service, "MOST_CARDS_PREVIEWED", 3)
        batch, codes = create_batch(5)
        use(code_of(batch, 2))

        first = console.get(f"/owner/batches/{batch.id}/print/").text
        (next_url,) = re.findall(r'class="button next" href="([^"]+)"', first)
        second = console.get(next_url.replace("&amp;", "&")).text

        assert [code for _, code in cards_of(first)] == [codes[1], codes[3], codes[4]]
        assert [code for _, code in cards_of(second)] == [codes[5]]
        assert 'class="button next"' not in second

    @pytest.mark.parametrize(("query", "numbers"), [("from=3", [3, 4, 5]), ("to=2", [1, 2]), ("from=2&to=٣", [2, 3])])
    def test_some_numbers_alone_are_printed_when_asked_for(self, console, query, numbers):
        batch, codes = create_batch(5)

        page = console.get(f"/owner/batches/{batch.id}/print/?{query}").text
        document = printed(console, f"/owner/batches/{batch.id}/print.pdf?{query}").data

        assert [code for _, code in cards_of(page)] == [codes[number] for number in numbers]
        assert scanned(document) == [set(links_of(batch, [codes[number] for number in numbers]))]

    def test_a_reprint_is_warned_of_on_the_screen_and_nowhere_else(self, console, owner):
        batch, _ = create_batch(2)
        path = f"/owner/batches/{batch.id}/print/"

        first, second = console.get(path).text, printed(console, path).text

        assert "طُبع من قبل" not in first
        notes, sheets = second.split('<section class="page">')
        assert "طُبع من قبل" in notes
        assert owner.username in notes
        assert "طُبع" not in sheets
        assert ".notes { display: none; }" in second

    def test_with_no_code_left_the_page_says_so_and_nothing_is_recorded(self, console):
        batch, _ = create_batch(1)
        void(code_of(batch, 1))

        page = console.get(f"/owner/batches/{batch.id}/print/").text

        assert cards_of(page) == []
        assert "لا توجد أكواد غير مستخدمة" in page
        assert 'id="print"' not in page
        assert prints() == []

    def test_an_expired_batch_is_warned_of(self, console):
        expired, _ = create_batch(1, expires_at=clock.now() - timedelta(days=1))
        valid, _ = create_batch(1, expires_at=clock.now() + timedelta(days=1))

        assert "انتهت صلاحية هذه الدفعة" in console.get(f"/owner/batches/{expired.id}/print/").text
        assert "انتهت صلاحية هذه الدفعة" not in console.get(f"/owner/batches/{valid.id}/print/").text

    def test_notes_are_in_the_readers_language_and_cards_in_arabic(self, console):
        batch, _ = create_batch(2)
        console.post("/owner/language/", {"language": "en"})

        notes, sheets = console.get(f"/owner/batches/{batch.id}/print/").text.split('<section class="page">')

        assert '<header class="notes" lang="en" dir="ltr">' in notes
        assert "2 unused cards, from number 1 to number 2. Print at actual size (100%), without margins." in notes
        assert "الرقم المسلسل" in sheets


class TestRules:
    def test_used_and_voided_codes_are_never_printed(self, console):
        batch, codes = create_batch(4)
        use(code_of(batch, 1))
        void(code_of(batch, 3))

        page = console.get(f"/owner/batches/{batch.id}/print/").text
        document = printed(console, f"/owner/batches/{batch.id}/print.pdf").data

        assert [code for _, code in cards_of(page)] == [codes[2], codes[4]]
        assert scanned(document) == [set(links_of(batch, [codes[2], codes[4]]))]

    def test_another_batch_is_not_printed_along(self, console):
        batch, codes = create_batch(2)
        create_batch(2, course=batch.course)

        page = console.get(f"/owner/batches/{batch.id}/print/").text

        assert [code for _, code in cards_of(page)] == list(codes.values())

    def test_every_print_is_recorded_without_a_code(self, console, owner):
        batch, _ = create_batch(3)

        console.get(f"/owner/batches/{batch.id}/print/")
        printed(console, f"/owner/batches/{batch.id}/print.pdf?from=2&to=900")

        assert prints() == [
            (
                owner.id,
                "recharge_batches",
                batch.id,
                {"layout": "a4-24", "medium": "page", "count": 3, "first": 1, "last": 3},
            ),
            (
                owner.id,
                "recharge_batches",
                batch.id,
                {"layout": "a4-24", "medium": "pdf", "count": 2, "first": 2, "last": 3, "reprint": True},
            ),
        ]

    def test_prints_are_remembered_newest_first(self, console, owner):
        batch, _ = create_batch(3)
        other, _ = create_batch(1)
        console.get(f"/owner/batches/{other.id}/print/")
        console.get(f"/owner/batches/{batch.id}/print/?to=1")
        printed(console, f"/owner/batches/{batch.id}/print/")

        found = [(row.taken_by, row.layout, row.count, row.is_reprint) for row in taken_away(batch.id)]

        assert found == [(owner.username, "a4-24", 3, True), (owner.username, "a4-24", 1, False)]
        assert all(later.taken_at >= earlier.taken_at for later, earlier in pairwise(taken_away(batch.id)))

    @pytest.mark.parametrize(
        "query",
        [
            "from=0",
            "from=x",
            "to=100001",
            f"to={2**70}",
            "from=1.5",
            "layout=a4%00-24",
            "layout=",
            "from=2&to=1",
            "again=x",
        ],
    )
    @pytest.mark.parametrize("path", ["print/", "print.pdf"])
    def test_what_makes_no_sense_is_a_400_page(self, console, path, query):
        batch, _ = create_batch(1)

        response = console.get(f"/owner/batches/{batch.id}/{path}?{query}")

        assert (response.status_code, response.mimetype) == (400, "text/html")
        assert prints() == []

    @pytest.mark.parametrize("path", ["print/?layout=a4-99", "print.pdf?layout=letter"])
    def test_an_unknown_layout_is_a_404_page(self, console, path):
        batch, _ = create_batch(1)

        response = console.get(f"/owner/batches/{batch.id}/{path}")

        assert (response.status_code, response.mimetype) == (404, "text/html")

    @pytest.mark.parametrize("path", ["print/", "print.pdf"])
    def test_an_unknown_batch_and_a_single_code_are_404_pages(self, console, path):
        _, code = create_code()
        code.batch.is_single = True
        db.session.commit()

        assert console.get(f"/owner/batches/{2**80}/{path}").status_code == 404
        assert console.get(f"/owner/batches/{code.batch_id}/{path}").status_code == 404

    @pytest.mark.parametrize("path", ["print/", "print.pdf"])
    def test_without_the_consoles_session_there_is_no_sheet(self, api, owner, path):
        batch, _ = create_batch(1)

        for visitor in (api, api.as_(owner), api.as_(batch.course.teacher)):
            response = visitor.get(f"/owner/batches/{batch.id}/{path}")
            assert response.status_code == 303
            assert response.location.startswith("/owner/login/?")
        assert prints() == []

    @pytest.mark.parametrize(("path", "expected"), [("print/", 3), ("print.pdf", 4)])
    def test_statements_do_not_grow_with_the_codes(self, console, path, expected):
        small, large = create_batch(1)[0].id, create_batch(60)[0].id

        for batch_id in (small, large):
            db.session.expunge_all()
            with counted_statements() as statements:
                response = console.get(f"/owner/batches/{batch_id}/{path}")
            assert (response.status_code, len(statements)) == (200, expected)


@pytest.mark.parametrize(
    ("expires_at", "words"),
    [
        (None, None),
        (datetime(2026, 12, 31, 22, tzinfo=UTC), "صالح حتى \u206631/12/2026\u2069"),
        (datetime(2026, 12, 31, 21, 59, 59, tzinfo=UTC), "صالح حتى \u206631/12/2026\u2069"),
        (datetime(2026, 12, 31, 10, 30, tzinfo=UTC), "صالح حتى \u206631/12/2026 12:30\u2069"),
        (datetime(2026, 7, 31, 21, tzinfo=UTC), "صالح حتى \u206631/07/2026\u2069"),
    ],
)
def test_a_card_names_the_last_day_on_which_it_is_good(app, expires_at, words):
    batch, _ = create_batch(1, expires_at=expires_at)

    assert face_of(batch, site_settings()).expiry == words


@pytest.mark.parametrize(
    ("value", "words"),
    [("150.00", "150 جنيه"), ("1250.00", "1,250 جنيه"), ("99.50", "99.50 جنيه"), ("1.00", "1 جنيه")],
)
def test_a_card_shows_piastres_only_where_there_are_any(app, value, words):
    batch, _ = create_batch(1, value=Decimal(value))

    assert face_of(lock_batch(None, batch.id), site_settings()).value == words
