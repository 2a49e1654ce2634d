"""Settings and print sheets in a real browser: from the logo to the second print, and what fits on a card."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from edutrack.owner.sheets import LAYOUTS
from tests.factories import create_course, create_teacher
from tests.owner.batches import create_batch, links_of
from tests.owner.conftest import too_wide

pytestmark = pytest.mark.concurrency

LONG_COURSE = "مراجعة ليلة الامتحان في الفيزياء الحديثة والكهربية والمغناطيسية للصف الثالث الثانوي (علمي رياضة)"
LONG_TEACHER = "الأستاذ الدكتور عبد الرحمن محمد عبد العزيز"
#: The parts of writing that leave the place they have on the first card, or lie over another.
ASTRAY = """() => {
    const card = document.querySelector(".card"), outer = card.getBoundingClientRect();
    const panel = card.querySelector(".scratch").getBoundingClientRect();
    const box = part => {
        const range = document.createRange();
        range.selectNodeContents(part);
        return part.tagName === "IMG" ? part.getBoundingClientRect() : range.getBoundingClientRect();
    };
    const parts = [...card.querySelectorAll(".writing div div, .logo")].map(part => [part.className, part]);
    const astray = parts.filter(([, part]) => {
        const at = box(part);
        return at.left < panel.right || at.right > outer.right || at.top < outer.top || at.bottom > outer.bottom;
    });
    const places = parts.map(([name, part]) => [name, part.getBoundingClientRect()]);
    const over = places.filter(([, at], index) => index && at.top < places[index - 1][1].bottom - 0.5);
    const writing = card.querySelector(".writing");
    const inner = outer.bottom - parseFloat(getComputedStyle(card).paddingBottom) + 0.5;
    const low = places.filter(([, at]) => at.bottom > inner);
    return [...astray, ...over, ...low].map(([name]) => name);
}"""


def logo():
    content = BytesIO()
    Image.new("RGB", (600, 150), "#c02020").save(content, "PNG")
    return {"name": "logo.png", "mimeType": "image/png", "buffer": content.getvalue()}


def test_cards_carry_the_sites_logo_and_are_printed_again_only_when_asked(signed_in_page):
    batch, codes = create_batch(3)
    page = signed_in_page("en")

    page.get_by_role("link", name="Settings").click()
    page.locator("#site_name").fill("أكاديمية النور")
    page.locator("#logo").set_input_files(logo())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The settings have been saved.")
    expect(page.locator(".sidebar .brand")).to_have_text("أكاديمية النور")
    assert page.locator("img.logo").evaluate("picture => picture.naturalWidth") == 600

    page.goto(f"/owner/codes/batches/{batch.id}/")
    page.locator("#layout").select_option("a4-10")
    page.locator("#from").fill("2")
    page.locator("#print-page").click()
    page.wait_for_url("**/print/**")
    read = {found.text for found in zxingcpp.read_barcodes(Image.open(BytesIO(page.screenshot())))}
    assert read == set(links_of(batch, [codes[2], codes[3]]))
    assert page.locator(".card .logo").first.evaluate("picture => picture.naturalWidth") == 600

    page.get_by_role("link", name="Batch").click()
    page.locator("#layout").select_option("receipt-80")
    with page.expect_navigation():
        page.locator("#print-pdf").click()
    expect(page.get_by_role("alert")).to_contain_text("Some of these cards have been printed before.")
    with page.expect_download() as download:
        page.locator("#print-again").click()
    assert download.value.suggested_filename == f"batch-{batch.id:06d}.pdf"

    page.get_by_role("link", name="Back").click()
    expect(page.locator(".badge-waiting")).to_have_text("Printed again")


def test_names_of_any_length_fit_on_cards_of_every_layout(signed_in_page):
    short, _ = create_batch(41, course=create_course(create_teacher(name="منى"), name="الجبر"))
    long, _ = create_batch(41, course=create_course(create_teacher(name=LONG_TEACHER), name=LONG_COURSE))
    page = signed_in_page()
    astray = {}

    for place, layout in enumerate(LAYOUTS):
        for batch in (short, long):
            numbers = f"from={10 * place + 1}&to={10 * place + 10}"
            page.goto(f"/owner/batches/{batch.id}/print/?layout={layout}&{numbers}")
            page.evaluate("document.fonts.ready")
            astray[layout, batch.course.name] = page.evaluate(ASTRAY)

    assert {name: parts for name, parts in astray.items() if parts} == {}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_is_wider_than_the_window(signed_in_page, language):
    batch, _ = create_batch(2, course=create_course(name=LONG_COURSE))
    page = signed_in_page(language)
    sheet = f"/owner/batches/{batch.id}/print/"
    page.goto(sheet)

    paths = ("/owner/settings/", f"/owner/codes/batches/{batch.id}/", sheet, f"{sheet}?from=2&to=1")

    assert too_wide(page, paths) == []
