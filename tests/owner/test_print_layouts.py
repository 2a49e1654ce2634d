"""Every layout on paper: what can be scanned and read, and that each mark and letter stands where it has to."""

from io import BytesIO

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image, ImageFont
from pypdf import PdfReader

from edutrack.core.caller import Caller, Role
from edutrack.owner.sheets import LAYOUTS, Order, lock_batch, print_pdf
from edutrack.owner.sheets.cards import Card
from edutrack.owner.site import change_site, site_settings
from edutrack.wallet.codes import serial
from tests.factories import create_course, create_site_owner, create_teacher
from tests.owner.batches import create_batch, links_of, scanned

MILLIMETRE = 72 / 25.4
LONG_COURSE = "مراجعة ليلة الامتحان في الفيزياء الحديثة والكهربية والمغناطيسية للصف الثالث الثانوي (علمي رياضة)"
LONG_TEACHER = "الأستاذ الدكتور عبد الرحمن محمد عبد العزيز"

layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


@pytest.fixture
def caller(app):
    owner = create_site_owner()
    return Caller(owner.id, None, owner.username, Role.SITE_OWNER, owner.username, is_active=True)


@pytest.fixture
def print_sheet(caller):
    """Return a function that prints all of a batch."""

    def print_batch(layout, batch):
        return b"".join(print_pdf(caller, Order(lock_batch(caller, batch.id), layout, 1, batch.quantity)))

    return print_batch


class _Upload:
    def __init__(self, picture):
        self.stream = BytesIO()
        picture.save(self.stream, "PNG")
        self.stream.seek(0)


@pytest.fixture
def with_logo(caller, app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "MEDIA_DIR", str(tmp_path))
    with app.test_request_context():
        change_site(caller, logo=_Upload(Image.new("RGB", (800, 100), "#c02020")))


def card_boxes(layout, pages_cards):
    """Return left, bottom, right and top of each card of a page in millimetres from its lower left corner."""
    height = layout.height_with(pages_cards)
    boxes = []
    for place in range(pages_cards):
        row, column = divmod(place, layout.columns)
        # Arabic begins at the right.
        right = layout.page_width - layout.side_margin - column * layout.card_width
        top = height - layout.top_margin - row * layout.card_height
        boxes.append((right - layout.card_width, top - layout.card_height, right, top))
    return boxes


def inside(box, outer, *, by=0.0):
    return all((box[0] >= outer[0] + by, box[1] >= outer[1] + by, box[2] <= outer[2] - by, box[3] <= outer[3] - by))


def letters(page):
    """Return each letter of a page with its box in millimetres."""
    text = page.get_textpage()
    found = []
    for index in range(text.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(text, index))
        if letter.strip() and letter.isprintable():
            found.append((letter, [edge / MILLIMETRE for edge in text.get_charbox(index)]))
    return found


def strokes(page):
    """Return the boxes of a page's straight lines in millimetres: width, height, and the box."""
    boxes = []
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=1):
        box = [edge / MILLIMETRE for edge in item.get_bounds()]
        if min(box[2] - box[0], box[3] - box[1]) < 0.5:
            boxes.append(box)
    return boxes


def scratch_panel(layout, card):
    left = card[0] + layout.padding
    return (left, card[1] + layout.padding, left + layout.scratch_width, card[3] - layout.padding)


class TestEveryLayout:
    @layouts
    def test_each_code_can_be_scanned_at_150_dpi_and_the_pages_are_full(self, print_sheet, layout):
        quantity = layout.cards_per_page + 1
        batch, codes = create_batch(quantity)

        document = print_sheet(layout, batch)

        links = links_of(batch, codes.values())
        assert scanned(document) == [set(links[:-1]), set(links[-1:])]
        with pypdfium2.PdfDocument(document) as pdf:
            sizes = [[round(points / MILLIMETRE, 1) for points in pdf.get_page_size(page)] for page in (0, 1)]
        assert sizes == [[layout.page_width, layout.height_with(count)] for count in (layout.cards_per_page, 1)]

    @layouts
    @pytest.mark.parametrize("names", [("الجبر", "منى"), (LONG_COURSE, LONG_TEACHER)], ids=["short", "long"])
    def test_no_letter_leaves_its_card_or_lies_on_its_edge(self, print_sheet, layout, names):
        course = create_course(create_teacher(name=names[1]), name=names[0])
        batch, _ = create_batch(layout.cards_per_page, course=course)

        document = print_sheet(layout, batch)

        boxes = card_boxes(layout, layout.cards_per_page)
        with pypdfium2.PdfDocument(document) as pdf:
            found = letters(pdf[0])
        astray = [
            (letter, box)
            for letter, box in found
            if sum(inside(box, card, by=layout.padding * 0.6) for card in boxes) != 1
        ]
        assert len(found) > 60 * layout.cards_per_page
        assert astray == []

    @layouts
    def test_the_code_lies_in_the_scratch_panel_and_the_serial_outside(self, print_sheet, layout):
        batch, codes = create_batch(1)

        document = print_sheet(layout, batch)

        (card,) = card_boxes(layout, 1)
        panel = scratch_panel(layout, card)
        with pypdfium2.PdfDocument(document) as pdf:
            found = letters(pdf[0])
        under = "".join(letter for letter, box in found if inside(box, panel))
        beside = "".join(letter for letter, box in found if box[0] > panel[2])
        assert under == codes[1].replace("-", "")
        assert serial(batch.id, 1) in beside
        assert len(under) + len(beside) == len(found)

    @layouts
    def test_long_names_stand_whole_on_all_but_the_smallest_cards(self, print_sheet, layout):
        batch, _ = create_batch(1, course=create_course(create_teacher(name=LONG_TEACHER), name=LONG_COURSE))

        document = print_sheet(layout, batch)

        with pypdfium2.PdfDocument(document) as pdf:
            text = pdf[0].get_textpage().get_text_bounded()
        assert "…" not in text

    @layouts
    def test_a_logo_takes_the_place_of_the_name(self, print_sheet, with_logo, layout):
        batch, codes = create_batch(layout.cards_per_page)

        document = print_sheet(layout, batch)

        assert scanned(document) == [set(links_of(batch, codes.values()))]
        with pypdfium2.PdfDocument(document) as pdf:
            words = pdf[0].get_textpage().get_text_bounded()
            picture = pdf[0].render(scale=2).to_pil().convert("RGB")
        assert site_settings().site_name not in words
        for left, _bottom, right, top in card_boxes(layout, layout.cards_per_page):
            start = layout.height_with(layout.cards_per_page) - top
            crop = [round(edge * 2 * MILLIMETRE) for edge in (left, start, right, start + layout.card_height / 3)]
            assert (192, 32, 32) in {colour for _, colour in picture.crop(crop).getcolors(100_000)}

    def test_a_logo_is_in_the_file_once_however_many_cards_carry_it(self, print_sheet, with_logo):
        batch, _ = create_batch(24)

        document = print_sheet(LAYOUTS["a4-24"], batch)

        drawn = PdfReader(BytesIO(document)).pages[0]["/Resources"]["/XObject"].values()
        assert [picture.get_object()["/Subtype"] for picture in drawn].count("/Image") == 1


class TestMarks:
    @pytest.mark.parametrize("name", ["a4-10", "a4-24", "a4-40"])
    def test_crop_marks_stand_at_every_cut_and_on_no_card(self, print_sheet, name):
        layout = LAYOUTS[name]
        batch, _ = create_batch(1)

        document = print_sheet(layout, batch)

        with pypdfium2.PdfDocument(document) as pdf:
            marks = [box for box in strokes(pdf[0]) if max(box[2] - box[0], box[3] - box[1]) < 5]
        upright = sorted({round(box[0] + box[2]) / 2 for box in marks if box[3] - box[1] > 3})
        level = {round(box[1] + box[3]) / 2 for box in marks if box[2] - box[0] > 3}
        assert len(marks) == 2 * (layout.columns + 1) + 2 * (layout.rows + 1)
        assert len(level) == layout.rows + 1
        assert upright == [
            round(2 * (layout.side_margin + column * layout.card_width)) / 2 for column in range(layout.columns + 1)
        ]
        block = (
            layout.side_margin,
            layout.top_margin,
            layout.page_width - layout.side_margin,
            layout.page_height - layout.top_margin,
        )
        touching = [
            box
            for box in marks
            if box[2] > block[0] - 1 and box[0] < block[2] + 1 and box[3] > block[1] - 1 and box[1] < block[3] + 1
        ]
        assert touching == []
        assert all(inside(box, (0, 0, layout.page_width, layout.page_height), by=1.5) for box in marks)

    def test_receipts_have_cut_lines_across_the_roll_and_no_crop_marks(self, print_sheet):
        layout = LAYOUTS["receipt-80"]
        batch, _ = create_batch(3)

        document = print_sheet(layout, batch)

        with pypdfium2.PdfDocument(document) as pdf:
            lines = strokes(pdf[0])
        assert [round(box[2] - box[0]) for box in lines] == [80] * 4
        heights = sorted(round((box[1] + box[3]) / 2, 1) for box in lines)
        assert heights == [layout.top_margin + row * layout.card_height for row in range(4)]

    def test_receipts_are_black_on_white(self, print_sheet):
        batch, _ = create_batch(1)

        document = print_sheet(LAYOUTS["receipt-80"], batch)

        with pypdfium2.PdfDocument(document) as pdf:
            colours = pdf[0].render(scale=3).to_pil().convert("HSV").getcolors(1_000_000)
        # Letters smoothed at their edges are grey; nothing is coloured.
        assert max(saturation for _, (_hue, saturation, value) in colours if value > 90) < 100


class TestArabic:
    def test_letters_are_joined_and_run_from_right_to_left(self, print_sheet):
        word = "الهندسة"
        batch, _ = create_batch(1, course=create_course(name=word))

        document = print_sheet(LAYOUTS["a4-10"], batch)

        with pypdfium2.PdfDocument(document) as pdf:
            found = letters(pdf[0])
        place = "".join(letter for letter, _ in found).index(word)
        boxes = [box for _, box in found[place : place + len(word)]]
        middles = [(box[0] + box[2]) / 2 for box in boxes]
        assert middles == sorted(middles, reverse=True)
        font = ImageFont.truetype("edutrack/owner/sheets/fonts/Cairo-Bold.ttf", 100, layout_engine=0)
        size = 7.6 * LAYOUTS["a4-10"].text_scale
        apart = sum(font.getlength(letter) for letter in word) / 100 * size / MILLIMETRE
        assert max(box[2] for box in boxes) - min(box[0] for box in boxes) < 0.85 * apart

    def test_a_number_within_arabic_keeps_its_order(self, print_sheet):
        batch, _ = create_batch(12)

        document = print_sheet(LAYOUTS["a4-24"], batch)

        with pypdfium2.PdfDocument(document) as pdf:
            found = letters(pdf[0])
        name = serial(batch.id, 12)
        place = "".join(letter for letter, _ in found).index(name)
        lefts = [box[0] for _, box in found[place : place + len(name)]]
        assert lefts == sorted(lefts)


@pytest.mark.parametrize(
    ("code", "is_wide"),
    [("WMWA-BCDE-FGHJ-KLNP", True), ("WMAB-CDEF-GHJK-WMNP", False), ("ABCD-EFGH-WWWW-MMMM", True)],
)
def test_codes_of_the_widest_letters_are_set_smaller(code, is_wide):
    card = Card(number=1, serial="000001-000001", groups=tuple(code.split("-")), link="")

    assert card.is_wide == is_wide


@layouts
def test_the_widest_code_stays_in_its_panel(print_sheet, layout, monkeypatch):
    monkeypatch.setattr("edutrack.owner.sheets.queries.unseal", lambda *_: "W" * 16)
    batch, _ = create_batch(1)

    document = print_sheet(layout, batch)

    panel = scratch_panel(layout, card_boxes(layout, 1)[0])
    with pypdfium2.PdfDocument(document) as pdf:
        wide = [box for letter, box in letters(pdf[0]) if letter == "W"]
    assert len(wide) == 16
    assert all(inside(box, panel, by=0.3) for box in wide)
