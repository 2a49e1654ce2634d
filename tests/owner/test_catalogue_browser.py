"""The catalogue in a real browser: building a course, putting it in order, answering requests, the structure."""

import re

import pytest
from playwright.sync_api import expect

from edutrack.core.extensions import db
from edutrack.courses.models import Enrollment, Topic
from tests.factories import (
    create_course,
    create_enrollment,
    create_homework,
    create_lecture,
    create_material,
    create_purchase,
    create_student,
    create_topic,
    create_video,
)
from tests.owner.conftest import too_wide

pytestmark = pytest.mark.concurrency


def branches(page):
    return page.locator("[data-tree] > .branch > details > summary .branch-name")


def course_with_topics(*names):
    course = create_course()
    for order, name in enumerate(names, 1):
        create_lecture(topic=create_topic(course, name=name, order=order))
    return course


def test_a_course_is_built_from_a_topic_down_to_a_video(signed_in_page):
    course = create_course()
    page = signed_in_page("en")
    page.goto(f"/owner/courses/{course.id}/")

    page.get_by_role("link", name="Add a topic").click()
    page.get_by_label("Name").fill("Grammar")
    page.get_by_role("button", name="Add the topic").click()
    page.get_by_role("link", name="Add a lecture").click()
    page.get_by_label("Name").fill("Verbs")
    page.get_by_label("Price in pounds").fill("80")
    page.get_by_label("Discount in pounds").fill("90")
    page.get_by_label("Open for how many days").fill("14")
    page.get_by_role("button", name="Add the lecture").click()
    expect(page.locator(".field.wrong .error")).to_have_text("The discount cannot be higher than the price.")
    page.get_by_label("Discount in pounds").fill("10")
    page.get_by_role("button", name="Add the lecture").click()
    expect(page.locator(".branch .branch .branch-facts")).to_have_text(re.compile(r"70\.00 EGP\s+14 days"))
    page.get_by_role("link", name="Add a video").click()
    page.get_by_label("Name").fill("Part one")
    expect(page.get_by_label("Recording")).to_be_hidden()
    page.get_by_label("Where it lies").select_option("file")
    expect(page.get_by_label("Recording")).to_be_visible()
    page.get_by_label("Where it lies").select_option("youtube")
    page.get_by_label("Address or id on the platform").fill("https://youtu.be/dQw4w9WgXcQ")
    page.get_by_role("button", name="Add the video").click()

    expect(page.get_by_role("link", name="Part one")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("The video has been added.")


def test_the_arrows_put_topics_in_order_without_script(signed_in_page):
    course = course_with_topics("A", "B", "C")
    page = signed_in_page("en", java_script_enabled=False)
    page.goto(f"/owner/courses/{course.id}/")
    expect(page.locator(".grip")).to_have_count(0)

    page.get_by_role("button", name="Move up: C").click()

    expect(branches(page)).to_have_text(["A", "C", "B"])


def test_a_topic_is_dragged_by_its_handle_and_what_is_open_stays_open(signed_in_page):
    course = course_with_topics("A", "B", "C")
    for _ in range(8):
        create_lecture(topic=db.session.query(Topic).filter_by(name="C").one())
    page = signed_in_page("en")
    page.goto(f"/owner/courses/{course.id}/")
    branches(page).nth(1).click()
    handles = page.locator("[data-tree] > .branch > .grip")

    with page.expect_navigation():
        handles.nth(2).drag_to(branches(page).nth(0), target_position={"x": 5, "y": 2})

    expect(branches(page)).to_have_text(["C", "A", "B"])
    expect(page.get_by_role("status")).to_have_text("The new order has been saved.")
    opened = page.locator("[data-tree] > .branch:has(> details[open]) > details > summary .branch-name")
    expect(opened).to_have_text(["B"])


def test_what_was_bought_is_not_deleted(signed_in_page):
    lecture = create_lecture()
    create_purchase(create_student(), lecture)
    page = signed_in_page("ar")
    page.goto(f"/owner/courses/lectures/{lecture.id}/")

    page.get_by_role("button", name="حذف المحاضرة").click()
    page.locator(".ask:popover-open").get_by_role("button", name="حذف المحاضرة").click()

    expect(page.locator(".alert-danger")).to_contain_text("اشترى طلاب من هذا المحتوى")
    expect(page.get_by_role("heading", level=1)).to_have_text(lecture.name)


def test_requests_are_ticked_at_once_and_approved(signed_in_page):
    course = create_course()
    for _ in range(3):
        create_enrollment(create_student(), course, "pending")
    page = signed_in_page("en")
    page.goto(f"/owner/courses/{course.id}/")

    page.get_by_role("link", name="Answer the requests").click()
    page.get_by_label("Tick all on this page").check()
    page.get_by_label(re.compile("Answer the request of")).first.uncheck()
    expect(page.get_by_label("Tick all on this page")).not_to_be_checked()
    page.get_by_role("button", name="Approve the ticked ones").click()

    expect(page.get_by_role("status")).to_have_text("Requests approved: 2. The students have been told.")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert db.session.query(Enrollment).filter_by(status="approved").count() == 2


def test_a_grade_is_added_and_moved(signed_in_page):
    page = signed_in_page("en")
    page.goto("/owner/structure/")

    page.get_by_role("link", name="Add a grade").click()
    page.get_by_label("Name").fill("Kindergarten")
    page.get_by_role("button", name="Add a grade").click()
    expect(page.locator("tbody tr").last).to_contain_text("Kindergarten")
    page.get_by_role("button", name="Move up: Kindergarten").click()

    expect(page.locator("tbody tr").nth(-2)).to_contain_text("Kindergarten")


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_is_wider_than_the_window(signed_in_page, language):
    lecture = create_lecture(name="محاضرة_طويلة" * 12)
    create_video(lecture, name="video" * 30)
    create_homework(lecture, questions=0, title="واجب" * 30)
    material = create_material(lecture, title="ملزمة" * 30, file_name="x" * 100 + ".pdf")
    create_enrollment(create_student(name_ar="طالب " * 20), lecture.topic.course, "pending")
    page = signed_in_page(language)
    course = f"/owner/courses/{lecture.course_id}/?topic={lecture.topic_id}&lecture={lecture.id}"
    forms = [f"/owner/courses/materials/{material.id}/", f"/owner/courses/lectures/{lecture.id}/videos/new/"]

    paths = (course, *forms, "/owner/enrollments/", "/owner/structure/", "/owner/structure/subjects/")

    assert too_wide(page, paths) == []
