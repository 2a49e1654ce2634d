"""Recharge codes in a real browser: the total while it is typed, a slow form sent once, codes in a row cancelled."""

import pytest
from playwright.sync_api import expect

from edutrack.core.extensions import db
from edutrack.wallet.models import RechargeBatch
from tests.factories import create_batch, create_course, create_enrollment, create_student, give_balance

pytestmark = pytest.mark.concurrency


def test_the_total_follows_what_is_typed_and_a_large_batch_is_sent_once(signed_in_page):
    course = create_course()
    page = signed_in_page("en")
    page.goto(f"/owner/codes/new/?course={course.id}")
    total = page.locator(".live-total")
    expect(total).to_be_hidden()

    page.locator("#value").fill("12.50")
    page.locator("#quantity").fill("٢٠٠٠٠")
    expect(total.locator(".number")).to_have_text("250,000.00")
    page.locator("#quantity").fill("100001")
    expect(total).to_be_hidden()

    page.locator("#quantity").fill("20000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".figures")).to_contain_text("250,000.00")
    expect(page.locator("#making")).to_be_hidden()
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    seen = page.evaluate(
        """() => {
            const form = document.querySelector("form[data-slow]");
            document.getElementById("make").click();
            form.requestSubmit();
            return [form.getAttribute("aria-busy"), document.getElementById("making").hidden];
        }"""
    )
    page.wait_for_url("**/batches/*/")

    assert seen == ["true", False]
    assert len(sent) == 1
    expect(page.locator("#unused strong")).to_have_text("20,000")
    assert db.session.query(RechargeBatch).count() == 1


def test_codes_in_a_row_are_cancelled_after_a_look_at_what_they_come_to_and_the_rest_is_downloaded(signed_in_page):
    batch = create_batch(30)
    page = signed_in_page("en")
    page.goto("/owner/codes/")
    page.locator("#typed").fill(str(batch.id))
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Cancel some codes").click()

    page.locator("#first").fill("11")
    page.locator("#last").fill("31")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".field.wrong .error")).to_have_text("The batch has numbers from 1 to 30.")
    page.locator("#last").fill(f"{batch.id:06d}-000020")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".figures")).to_contain_text("500.00")
    page.locator("#reason").fill("stolen from the shop")
    page.get_by_role("button", name="Cancel these codes").click()

    expect(page.get_by_role("status")).to_have_text("What was unused of these codes has been cancelled.")
    expect(page.locator("#voided strong")).to_have_text("10")
    expect(page.locator("#unused strong")).to_have_text("20")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download for Excel").click()
    assert download.value.suggested_filename == f"batch-{batch.id:06d}-codes.xlsx"


def test_the_story_of_a_code_leads_to_the_student_without_script(signed_in_page):
    student, course = create_student(), create_course()
    create_enrollment(student, course)
    give_balance(student, course, "70.00")
    page = signed_in_page("ar", java_script_enabled=False)
    page.goto("/owner/codes/")
    page.locator("#typed").fill("١-١")
    page.locator("form[role=search] .primary").first.click()

    page.locator(".story a").click()

    assert page.url.endswith(f"/owner/students/{student.id}/")
