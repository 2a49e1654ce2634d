"""Figures in a real browser: from the first page down to a purchase, ranges, files, and a check of the ledger."""

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from edutrack.core import clock
from edutrack.core.extensions import db
from tests.factories import create_course, create_enrollment, create_lecture, create_purchase, create_student
from tests.owner.conftest import too_wide
from tests.workbooks import cells

pytestmark = pytest.mark.concurrency


@pytest.fixture
def lecture(committing_app):
    """A lecture that two students have bought, one today and one forty days ago."""
    course = create_course(name="كورس " * 12)
    lecture = create_lecture(course, name="The lecture")
    for days, paid in ((0, "120.50"), (40, "80.00")):
        student = create_student()
        create_enrollment(student, course)
        moment = clock.now() - timedelta(days=days)
        create_purchase(student, lecture, amount_paid=Decimal(paid), purchased_at=moment)
    db.session.commit()
    return lecture


def test_figures_lead_from_the_first_page_to_who_bought_a_lecture(signed_in_page, lecture):
    page = signed_in_page("en")
    expect(page.locator(".figures")).to_contain_text("120.50")
    expect(page.locator(".chart .help")).to_contain_text("120.50")

    page.get_by_role("link", name="90 days").click()
    expect(page.locator(".chart .help")).to_contain_text("200.50")
    page.get_by_role("link", name="The lecture").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The lecture")
    page.locator("td a").first.click()

    expect(page.locator(".figures")).to_contain_text("120.50")
    expect(page.locator("td a")).to_have_text("The lecture")


def test_a_range_is_asked_for_refused_mended_and_taken_away(signed_in_page, lecture):
    page = signed_in_page("en")
    page.get_by_role("link", name="Revenue by day").click()
    today = page.locator("#end_date").input_value()

    page.locator("#start_date").fill(today)
    page.locator("#end_date").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".field.wrong .error")).to_have_text("The end date cannot be before the start date.")
    page.locator("#end_date").fill(today)
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".figures")).to_contain_text("120.50")
    # A chart is as wide as the page; the picture of a button beside it is not.
    assert page.locator(".chart .downloads svg").first.bounding_box()["width"] == 20
    with page.expect_download() as download:
        page.locator(".chart").get_by_role("link", name="Excel").click()

    assert download.value.suggested_filename == "revenue-days.xlsx"
    assert [row[1:] for row in cells(download.value.path().read_bytes())[1:]] == [[1.0, 120.5]]


def test_the_ledger_is_checked_on_a_button_that_says_that_it_works(signed_in_page, lecture):
    page = signed_in_page("en")
    page.get_by_role("link", name="Ledger health").click()

    # The purchases of this school were never taken from a balance.
    page.locator("#check").click()

    expect(page.get_by_role("heading", name="Something does not agree")).to_be_visible()
    expect(page.locator("#each_paid_purchase_has_one_debit .badge")).to_have_text("Broken: 2")
    expect(page.locator("#no_balance_is_negative .badge")).to_have_text("Holds")
    expect(page.locator("#check")).to_be_enabled()


def test_a_check_under_way_cannot_be_asked_for_again(signed_in_page):
    page = signed_in_page("en")
    page.goto("/owner/ledger/")
    page.route("**/check/", lambda route: route.fulfill(status=204))

    page.locator("#check").click()

    expect(page.locator("#check")).to_have_text("Checking…")
    expect(page.locator("#check")).to_be_disabled()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_is_wider_than_the_window(signed_in_page, lecture, language):
    page = signed_in_page(language)
    student_id = db.session.execute(db.text("SELECT min(student_id) FROM purchases")).scalar()

    paths = (
        "/owner/",
        "/owner/revenue/",
        f"/owner/revenue/courses/{lecture.course_id}/",
        f"/owner/revenue/lectures/{lecture.id}/",
        "/owner/spending/",
        f"/owner/spending/{student_id}/",
        "/owner/trend/",
        "/owner/ledger/",
    )

    assert too_wide(page, paths) == []
