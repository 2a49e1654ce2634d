"""The console in a real browser: signing in and out, the language, the menu on a phone."""

import pytest
from playwright.sync_api import expect

from tests.factories import PASSWORD
from tests.owner.conftest import PHONE, too_wide

pytestmark = pytest.mark.concurrency


def test_the_owner_signs_in_and_out_in_arabic(open_browser, site_owner):
    page = open_browser()

    page.goto("/owner/audit/")
    expect(page).to_have_url("/owner/login/?next=/owner/audit/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.get_by_label("اسم المستخدم").fill(site_owner.username)
    page.get_by_label("كلمة المرور").fill("not the password")
    page.get_by_role("button", name="تسجيل الدخول").click()
    expect(page.get_by_role("alert")).to_have_text("اسم المستخدم أو كلمة المرور غير صحيحة.")
    expect(page.get_by_label("اسم المستخدم")).to_have_value(site_owner.username)
    expect(page.get_by_label("كلمة المرور")).to_have_value("")

    page.get_by_label("كلمة المرور").fill(PASSWORD)
    page.get_by_role("button", name="تسجيل الدخول").click()
    expect(page).to_have_url("/owner/audit/")
    expect(page.get_by_role("heading", level=1)).to_have_text("سجل العمليات")

    page.get_by_role("button", name="تسجيل الخروج").click()
    expect(page).to_have_url("/owner/login/")
    expect(page.get_by_role("status")).to_have_text("تم تسجيل الخروج.")
    page.goto("/owner/")
    expect(page).to_have_url("/owner/login/?next=/owner/")


def test_the_language_is_switched_where_the_reader_is(signed_in_page):
    page = signed_in_page()
    page.goto("/owner/audit/?verb=teacher")

    page.get_by_role("button", name="English").click()

    expect(page).to_have_url("/owner/audit/?verb=teacher")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    assert page.locator(".sidebar").bounding_box()["x"] == 0

    page.get_by_role("button", name="العربية").click()

    box = page.locator(".sidebar").bounding_box()
    assert box["x"] + box["width"] == pytest.approx(page.evaluate("document.documentElement.clientWidth"))


def test_on_a_phone_the_menu_opens_over_the_page(signed_in_page):
    page = signed_in_page("en", viewport=PHONE)
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    expect(menu).to_be_visible()
    menu.get_by_role("link", name="Audit log").click()

    expect(page).to_have_url("/owner/audit/")
    expect(menu).to_be_hidden()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_is_wider_than_the_window(signed_in_page, language):
    page = signed_in_page(language)

    assert too_wide(page, ["/owner/", "/owner/audit/", "/owner/nowhere/"]) == []
