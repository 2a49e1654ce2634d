"""The people pages in a real browser: a teacher with a picture, a teacher shut out, every page in both languages."""

from io import BytesIO

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.factories import (
    PASSWORD,
    any_grade,
    create_assistant,
    create_attempt,
    create_course,
    create_enrollment,
    create_homework,
    create_homework_submission,
    create_lecture,
    create_purchase,
    create_quiz,
    create_student,
    create_subject,
    create_teacher,
    give_balance,
)
from tests.owner.conftest import too_wide

pytestmark = pytest.mark.concurrency


def picture():
    content = BytesIO()
    Image.new("RGB", (60, 60), "teal").save(content, "PNG")
    return {"name": "mona.png", "mimeType": "image/png", "buffer": content.getvalue()}


def test_a_teacher_is_added_with_a_picture_and_signs_in_through_the_api(signed_in_page, served):
    third, first = any_grade(), any_grade("الصف الأول الإعدادي")
    create_subject(name="فيزياء المستقبل", grades=[third])
    page = signed_in_page("en")

    page.get_by_role("link", name="Teachers").click()
    page.get_by_role("link", name="Add a teacher").click()
    page.get_by_label("Name", exact=True).fill("منى السيد")
    page.get_by_label("Gender").select_option("female")
    page.get_by_label("Mobile number", exact=True).fill("0221234567")
    page.get_by_label("Username").fill("mona")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("E-mail address").fill("mona@example.org")
    page.get_by_label("Subject").select_option(label="فيزياء المستقبل")
    # The grades follow the subject.
    expect(page.get_by_label(first.name)).to_be_hidden()
    page.get_by_label(third.name).check()
    preview = page.locator("#preview")
    expect(preview).to_be_hidden()
    page.get_by_label("Picture", exact=True).set_input_files(picture())
    expect(preview).to_be_visible()
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".wrong .error")).to_have_text(
        "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."
    )
    expect(page.get_by_label("Username")).to_have_value("mona")
    page.get_by_label("Mobile number", exact=True).fill("01012345678")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Picture", exact=True).set_input_files(picture())
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_have_text("The teacher has been added.")
    expect(page.get_by_role("heading", level=1)).to_have_text("منى السيد")
    assert page.locator("main .picture").evaluate("image => image.naturalWidth") == 60
    login = httpx.post(
        str(served.base_url.join("/api/accounts/login/")), json={"username": "mona", "password": PASSWORD}
    )
    assert (login.status_code, login.json()["name"]) == (200, "منى السيد")


def test_a_teacher_is_shut_out_only_after_a_question(signed_in_page):
    teacher = create_teacher()
    create_assistant(teacher)
    page = signed_in_page("en")
    page.goto(f"/owner/teachers/{teacher.id}/")
    question = page.get_by_text("Deactivate this teacher?")

    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("and so are the assistants: 1.")).to_be_visible()
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Deactivate").press("Enter")
    page.locator("#ask-deactivate button.danger").press("Enter")

    expect(page.get_by_text("The account is no longer active.")).to_be_visible()
    expect(page.get_by_role("button", name="Activate").first).to_be_visible()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_about_people_is_wider_than_the_window(signed_in_page, language):
    assistant, student = create_assistant(), create_student(status="pending")
    lecture = create_lecture(name="محاضرة لها اسم طويل جدًا لا ينتهي بسهولة في سطر واحد")
    purchase = create_purchase(student, lecture)
    create_enrollment(student, create_course(), status="pending")
    create_homework_submission(student, create_homework(lecture))
    create_attempt(student, create_quiz(lecture))
    give_balance(student, lecture.topic.course, "99999999.50")
    page = signed_in_page(language)

    paths = (
        "/owner/teachers/",
        "/owner/teachers/new/",
        f"/owner/teachers/{assistant.teacher_id}/",
        f"/owner/teachers/{assistant.teacher_id}/edit/",
        "/owner/assistants/",
        f"/owner/assistants/{assistant.id}/",
        f"/owner/accounts/{assistant.user_id}/password/",
        "/owner/students/",
        f"/owner/students/{student.id}/",
        f"/owner/students/{student.id}/learning/",
        f"/owner/students/{student.id}/money/",
        f"/owner/students/{student.id}/history/",
        f"/owner/students/{student.id}/adjust/",
        f"/owner/students/{student.id}/purchases/{purchase.id}/reopen/",
        "/owner/verification/",
    )

    assert too_wide(page, paths) == []
