"""Codes in a real browser: from the form to the card, and from the picture of the card to the student's balance."""

import re
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from edutrack.core.extensions import db
from edutrack.wallet.models import RechargeBatch
from tests.api import access_token
from tests.factories import create_course, create_enrollment, create_student
from tests.owner.conftest import too_wide

pytestmark = pytest.mark.concurrency


def fill_in(page, course):
    page.goto(f"/owner/codes/new/?course={course.id}")
    page.locator("#value").fill("50")
    page.locator("#quantity").fill("100")
    page.locator("form.form .primary").click()


def test_a_batch_is_made_printed_and_redeemed_from_the_picture_of_its_sheet(signed_in_page, served):
    course, student = create_course(), create_student()
    create_enrollment(student, course)
    page = signed_in_page("en")

    fill_in(page, course)
    expect(page.locator(".figures")).to_contain_text("5,000.00")
    assert db.session.query(RechargeBatch).count() == 0
    page.locator("#make").click()
    expect(page.get_by_role("status")).to_have_text("The codes have been made.")
    expect(page.locator("#unused strong")).to_have_text("100")
    page.locator("#print-page").click()
    page.wait_for_url("**/print/**")
    (text, *_) = [found.text for found in zxingcpp.read_barcodes(Image.open(BytesIO(page.screenshot())))]

    code = re.search(r"code=([A-Z2-9-]+)", text)[1]
    headers = {"Authorization": f"Bearer {access_token(student.user)}"}
    redeemed = served.post("/api/wallet/redeem/", json={"code": code, "course": course.id}, headers=headers)

    assert (redeemed.status_code, redeemed.json()["new_balance"]) == (200, "50.00")
    page.goto("/owner/codes/")
    page.locator("#typed").fill(code)
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".story")).to_contain_text(student.name_ar)
    assert code not in page.content()
    assert code not in page.url


def test_a_batch_is_cancelled_once_its_number_is_typed(signed_in_page):
    page = signed_in_page("en")
    fill_in(page, create_course())
    page.locator("#make").click()
    page.get_by_role("link", name="Cancel the batch").click()
    page.locator("#reason").fill("lost on the way")

    page.locator("#confirmation").fill("12345")
    page.get_by_role("button", name="Cancel these codes").click()
    expect(page.locator(".field.wrong .error")).to_have_text("This is not the number of the batch.")
    page.locator("#confirmation").fill(page.url.split("/")[-3])
    page.get_by_role("button", name="Cancel these codes").click()

    expect(page.locator("#voided strong")).to_have_text("100")
    expect(page.get_by_role("link", name="Cancel the batch")).to_have_count(0)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_is_wider_than_the_window(signed_in_page, language):
    course = create_course(name="كورس " * 12)
    page = signed_in_page(language)
    fill_in(page, course)
    page.locator("#make").click()
    page.wait_for_url("**/batches/*/")
    batch = page.url

    paths = (batch, f"{batch}void/", "/owner/codes/", "/owner/courses/", f"/owner/courses/{course.id}/")

    assert too_wide(page, paths) == []
