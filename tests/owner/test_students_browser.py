"""Students in a real browser: the queue by keys, by buttons and without a script, ticked rows, learning and money."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from edutrack.accounts.models import Student
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import Enrollment, Purchase
from edutrack.wallet.models import CourseBalance
from tests.factories import (
    PASSWORD,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_student,
    give_balance,
)
from tests.owner.conftest import sign_in_on

pytestmark = pytest.mark.concurrency


def statuses(*students):
    db.session.expire_all()
    return [db.session.get(Student, student.id).status for student in students]


def waiting(count):
    return [create_student(status="pending", name_ar=f"طالب {number}") for number in range(count)]


def test_the_queue_is_worked_through_with_keys(signed_in_page):
    first, second, third, fourth = waiting(4)
    page = signed_in_page()
    page.goto("/owner/verification/")
    expect(page.locator(".keys")).to_contain_text("رفض")
    said = page.get_by_role("status")

    page.keyboard.press("v")  # Nobody is meant yet.
    page.keyboard.press("j")
    expect(page.locator(f"#student-{first.id}")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("v")

    expect(said).to_have_text("تم توثيق الطالب وإبلاغه.")
    # The next one stands where the last one stood.
    expect(page.locator(f"#student-{third.id}")).to_be_focused()
    page.keyboard.press("d")
    expect(said).to_have_text("تم رفض الطالب وإبلاغه.")
    expect(page.locator(f"#student-{fourth.id}")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("[data-tick-count]")).to_have_text("(1)")
    assert statuses(first, second, third, fourth) == ["pending", "verified", "declined", "pending"]


def test_several_are_ticked_in_the_queue_and_declined_after_a_question(signed_in_page):
    students = waiting(3)
    page = signed_in_page("en")
    page.goto("/owner/verification/")

    page.get_by_label("Tick all on this page").check()
    page.get_by_label("Tick طالب 1").uncheck()
    page.get_by_role("button", name="Decline them").click()
    page.keyboard.press("v")  # Keys rest while a question is open.
    page.locator("#ask-decline").get_by_role("button", name="Decline them").click()

    expect(page.get_by_role("status")).to_have_text("Students declined and told: 2.")
    assert statuses(*students) == ["declined", "pending", "declined"]


def test_the_queue_works_without_a_script(open_browser, site_owner):
    students = waiting(3)
    page = open_browser(java_script_enabled=False)
    sign_in_on(page, site_owner.username, PASSWORD, "en")
    page.goto("/owner/verification/")
    expect(page.locator(".keys")).to_be_hidden()
    expect(page.get_by_label("Tick all on this page")).to_be_hidden()

    page.get_by_label("Tick طالب 0").check()
    page.get_by_role("button", name="Verify them").click()
    card = page.locator(f"#student-{students[1].id}")
    card.get_by_role("button", name="Decline").click()
    card.locator(".ask button.danger").click()
    page.locator(f"#student-{students[2].id}").get_by_role("button", name="Verify").click()

    expect(page.get_by_text("Nobody is waiting to be verified.")).to_be_visible()
    assert statuses(*students) == ["verified", "declined", "verified"]


def test_ticked_students_of_the_list_are_changed_after_a_question(signed_in_page):
    first, second = create_student(name_ar="سلمى حسن"), create_student(name_ar="يوسف علي")
    page = signed_in_page()
    page.goto("/owner/students/")

    page.get_by_label("تحديد سلمى حسن").check()
    page.get_by_label("للطلاب المحددين").select_option("suspended_temporary")
    page.get_by_role("button", name="متابعة").click()
    page.get_by_role("button", name="تطبيق التغيير").click()

    expect(page.get_by_role("status")).to_have_text("تم تطبيق التغيير على الطالب وإبلاغه.")
    assert statuses(first, second) == ["suspended_temporary", "verified"]


def test_a_request_is_answered_on_the_students_page(signed_in_page):
    student = create_student()
    create_enrollment(student, create_course(name="كيمياء عضوية"), status="pending")
    page = signed_in_page("en")
    page.goto(f"/owner/students/{student.id}/")

    page.get_by_role("link", name="Learning").click()
    page.get_by_role("button", name="Approve: كيمياء عضوية").click()
    question = page.locator(".ask:popover-open")
    question.get_by_label("Note to the student").fill("أهلًا بك")
    question.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("status")).to_have_text("The request has been answered, and the student told.")
    expect(page.get_by_role("button", name="Approve: كيمياء عضوية")).to_have_count(0)
    db.session.expire_all()
    assert db.session.execute(select(Enrollment.status, Enrollment.response_note)).one() == ("approved", "أهلًا بك")


def test_a_balance_is_corrected_and_a_lecture_reopened(signed_in_page):
    student, course = create_student(), create_course(name="كيمياء عضوية")
    ended = clock.now() - timedelta(days=2)
    begun = ended - timedelta(days=10)
    create_purchase(student, create_lecture(course), purchased_at=begun, expires_at=ended, effective_expiry=ended)
    give_balance(student, course, "100.00")
    page = signed_in_page("en")
    page.goto(f"/owner/students/{student.id}/money/")

    page.get_by_role("link", name="Correct: كيمياء عضوية").click()
    page.get_by_label("Amount in pounds").fill("-500")
    page.get_by_label("Reason").fill("خطأ في الشحن")
    page.get_by_role("button", name="Correct the balance").click()
    expect(page.locator(".wrong .error")).to_have_text("The balance cannot go below zero.")
    page.get_by_label("Amount in pounds").fill("-40")
    page.get_by_role("button", name="Correct the balance").click()
    expect(page.get_by_role("status")).to_have_text("The balance has been corrected.")
    expect(page.get_by_role("row").filter(has_text="خطأ في الشحن")).to_contain_text("-40.00")

    page.get_by_role("link", name="Reopen:").click()
    page.get_by_label("Extra days").fill("5")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("status")).to_have_text("The lecture has been reopened, and the student told.")
    expect(page.get_by_text("Reopened: 1")).to_be_visible()

    db.session.expire_all()
    assert db.session.scalar(select(CourseBalance.balance)) == 60
    assert db.session.scalar(select(Purchase.effective_expiry)) > clock.now() + timedelta(days=4)


def test_somebody_gets_another_password_and_is_signed_out(signed_in_page):
    student = create_student(name_ar="سلمى حسن")
    page = signed_in_page("en")
    page.goto(f"/owner/students/{student.id}/")

    page.get_by_role("link", name="Set a password").click()
    page.get_by_label("New password").fill("12345678")
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator(".wrong .error")).to_have_text("This password is entirely numeric.")
    expect(page.get_by_label("New password")).to_have_value("")
    page.get_by_label("New password").fill("a-temporary-password")
    page.get_by_role("button", name="Set the password").click()

    expect(page.get_by_role("status")).to_have_text("The password has been changed, and all sessions have ended.")
    expect(page.get_by_role("heading", level=1)).to_have_text("سلمى حسن")
    page.get_by_role("button", name="End all sessions").click()
    page.locator(".ask:popover-open").get_by_role("button", name="End all sessions").click()
    expect(page.get_by_role("status")).to_have_text("No session was open.")
