"""A course's page as a tree, and the pages on which topics, lectures, videos and study materials are changed."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.files import read_stored
from edutrack.courses.models import Course, Lecture, StudyMaterial, Topic, Video
from edutrack.notifications.models import Notification
from tests.api import counted_statements
from tests.factories import (
    create_course,
    create_enrollment,
    create_homework,
    create_lecture,
    create_material,
    create_purchase,
    create_quiz,
    create_student,
    create_topic,
    create_video,
)
from tests.owner.contents import COURSES, address, count, errors_in, fresh, last_verb, page_of, text_of, the_only

LECTURE = {
    "name": "المبتدأ والخبر",
    "description": "",
    "price": "120",
    "discount": "20.5",
    "available_days": "30",
    "is_active": "true",
}


class TestTree:
    def test_an_empty_course_says_where_to_begin(self, console):
        page = page_of(console, create_course())

        assert "There is nothing in this course yet." in page.text
        assert "topics/new/" in page.text

    def test_everything_stands_where_it_belongs(self, console):
        course = create_course()
        first, second = (create_topic(course, name=name, order=order) for order, name in ((2, "Two"), (1, "One")))
        lecture = create_lecture(topic=first, name="Inside two", price=120, discount=20, is_active=False)
        create_lecture(topic=second, name="Inside one", price=0, available_days=1)
        create_video(lecture, name="Film", duration_seconds=605)
        create_material(lecture, title="Sheet", file_name="sheet.pdf")
        create_homework(lecture, questions=0, title="Work")
        create_quiz(lecture, questions=0, title="Later", opens_at=clock.now() + timedelta(days=1))
        create_quiz(lecture, questions=0, title="Over", closes_at=clock.now() - timedelta(days=1))
        create_lecture(name="Elsewhere")

        page = page_of(console, course)

        tree = text_of(re.search(r'<ol class="tree" data-tree.*</section>', page.text, re.DOTALL)[0])
        shown = re.sub(r"(Add|Edit)( a)?( the)? (lecture|topic|video|file)", "", tree)
        assert re.sub(" +", " ", shown) == (
            "One 1 lecture Inside one Free 1 day 0 videos There is nothing in this lecture yet. "
            "Two 1 lecture Inside two Hidden Instead of 120.00 EGP 100.00 EGP 7 days 1 video 1 file 3 exercises "
            "Film YouTube 10:05 Sheet sheet.pdf Work Homework Later Not open yet Quiz Over Closed Quiz"
        )

    def test_what_is_named_in_the_address_is_open(self, console):
        lectures = [create_lecture(create_course()) for _ in range(2)]
        for _ in range(9):
            create_lecture(topic=create_topic(lectures[0].topic.course))

        page = console.get(f"{COURSES}{lectures[0].course_id}/?topic={lectures[0].topic_id}&lecture={lectures[0].id}")

        opened = re.findall(r'<li class="branch" id="([\w-]+)".*?<details( open)?>', page.text, re.DOTALL)
        assert {name for name, is_open in opened if is_open} == {
            f"topic-{lectures[0].topic_id}",
            f"lecture-{lectures[0].id}",
        }

    def test_markup_in_names_is_shown_as_text(self, console):
        lecture = create_lecture(name="<script>alert(1)</script>")

        assert "<script>alert" not in page_of(console, lecture.topic.course).text

    def test_a_hidden_course_and_waiting_students_are_pointed_out(self, console):
        course = create_course(is_active=False)
        create_enrollment(create_student(), course, "pending")

        page = page_of(console, course)

        assert "Students do not see this course" in page.text
        assert "1 student asks for a place in this course." in page.text

    def test_the_statements_do_not_grow_with_what_is_in_the_course(self, console):
        small, large = create_lecture().topic.course, create_course()
        for _ in range(3):
            topic = create_topic(large)
            for _ in range(3):
                lecture = create_lecture(topic=topic)
                create_video(lecture)
                create_material(lecture)
                create_homework(lecture, questions=0)
        with counted_statements() as few:
            page_of(console, small)
        with counted_statements() as many:
            page_of(console, large)

        assert (len(few), len(many)) == (7, 7)

    @pytest.mark.parametrize("query", ["?topic=x&lecture=9%00", "?topic=99999999999999999999"])
    def test_nonsense_in_the_address_opens_nothing(self, console, query):
        assert console.get(f"{COURSES}{create_lecture().course_id}/{query}").status_code == 200


class TestTopics:
    def test_a_topic_is_added_as_the_last_one(self, console):
        course = create_topic(order=4).course

        sent = console.post(f"{COURSES}{course.id}/topics/new/", {"name": "Last", "is_active": "false"})

        topic = db.session.scalars(select(Topic).filter_by(name="Last")).one()
        assert (sent.status_code, sent.location) == (303, f"{COURSES}{course.id}/?topic={topic.id}#topic-{topic.id}")
        assert (topic.course_id, topic.order, topic.is_active) == (course.id, 5, False)
        assert last_verb() == "topic.created"

    def test_a_form_that_is_sent_twice_adds_one(self, console):
        course = create_course()
        values = {"name": "Once", "form_token": "made-with-the-form"}

        locations = [console.post(f"{COURSES}{course.id}/topics/new/", values).location for _ in range(2)]

        assert locations[0] == locations[1]
        assert count(Topic) == 1

    def test_a_form_that_comes_again_with_other_values_is_refused(self, console):
        new = f"{COURSES}{create_course().id}/topics/new/"
        console.post(new, {"name": "Once", "form_token": "made-with-the-form"})

        again = console.post(new, {"name": "Other", "form_token": "made-with-the-form"})

        assert again.status_code == 400
        assert "sent before with other values" in again.text
        assert count(Topic) == 1

    def test_a_topic_is_changed(self, console):
        topic = create_topic(name="Before")

        sent = console.post(address(topic), {"name": "After", "description": "About", "is_active": "false"})

        changed = fresh(topic)
        assert sent.status_code == 303
        assert (changed.name, changed.description, changed.is_active) == ("After", "About", False)

    def test_a_refused_form_keeps_what_was_typed(self, console):
        topic = create_topic(name="Before")

        sent = console.post(address(topic), {"name": "", "description": "Typed"})

        assert (sent.status_code, errors_in(sent)) == (400, {"name": "This field may not be blank."})
        assert "Typed" in sent.text
        assert fresh(topic).name == "Before"

    def test_the_course_cannot_be_smuggled_in(self, console):
        topic, other = create_topic(), create_course()

        console.post(address(topic), {"name": "x", "course": other.id})

        assert fresh(topic).course_id == topic.course_id

    def test_an_unused_topic_goes_with_all_that_is_in_it(self, console):
        video = create_video()
        topic = video.lecture.topic
        course_id = topic.course_id

        sent = console.post(f"{address(topic)}delete/")

        assert (sent.status_code, sent.location) == (303, f"{COURSES}{course_id}/")
        assert (count(Topic), count(Lecture), count(Video)) == (0, 0, 0)
        assert last_verb() == "topic.deleted"

    def test_what_was_bought_stays_and_the_page_says_why(self, console):
        lecture = create_lecture()
        create_purchase(create_student(), lecture)

        for item in (lecture.topic, lecture):
            sent = console.post(f"{address(item)}delete/")

            assert (sent.status_code, sent.location) == (303, address(item))
            assert "Students have bought from this" in console.get(sent.location).text
        assert count(Lecture) == 1


class TestLectures:
    def test_a_lecture_is_added_and_its_students_are_told_once(self, console):
        topic = create_topic()
        create_enrollment(create_student(), topic.course)
        values = LECTURE | {"form_token": "made-with-the-form"}

        sent = [console.post(f"{address(topic)}lectures/new/", values) for _ in range(2)]

        lecture = the_only(Lecture)
        target = f"{COURSES}{topic.course_id}/?topic={topic.id}&lecture={lecture.id}#lecture-{lecture.id}"
        assert [(one.status_code, one.location) for one in sent] == [(303, target)] * 2
        assert (lecture.name, str(lecture.final_price), lecture.available_days) == ("المبتدأ والخبر", "99.50", 30)
        assert count(Notification) == 1

    @pytest.mark.parametrize(
        ("values", "errors"),
        [
            ({"name": ""}, {"name": "This field may not be blank."}),
            ({"price": ""}, {"price": "A valid number is required."}),
            ({"price": "-1"}, {"price": "Ensure this value is greater than or equal to 0."}),
            ({"price": "1.234"}, {"price": "Ensure that there are no more than 2 decimal places."}),
            ({"price": "NaN"}, {"price": "A valid number is required."}),
            ({"price": "9" * 20}, {"price": "Ensure that there are no more than 12 digits in total."}),
            ({"discount": "121"}, {"discount": "The discount cannot be higher than the price."}),
            ({"available_days": "0"}, {"available_days": "Ensure this value is greater than or equal to 1."}),
            ({"available_days": "9" * 30}, {"available_days": "Ensure this value is less than or equal to 3660."}),
            ({"name": "x\0"}, {"name": "Null characters are not allowed."}),
        ],
    )
    def test_what_a_lecture_cannot_be_is_said_at_its_field(self, console, values, errors):
        topic = create_topic()

        sent = console.post(f"{address(topic)}lectures/new/", LECTURE | values)

        assert (sent.status_code, errors_in(sent)) == (400, errors)
        assert count(Lecture) == 0

    def test_a_lecture_is_changed_and_moved_to_another_topic(self, console):
        lecture = create_lecture()
        other = create_lecture(topic=create_topic(lecture.topic.course)).topic

        sent = console.post(address(lecture), LECTURE | {"topic": other.id, "is_active": "false"})

        changed = fresh(lecture)
        assert sent.location.endswith(f"?topic={other.id}&lecture={lecture.id}#lecture-{lecture.id}")
        assert (changed.topic_id, changed.order, changed.is_active) == (other.id, 2, False)
        assert (str(changed.price), str(changed.discount)) == ("120.00", "20.50")

    def test_the_form_shows_what_is_stored_and_offers_the_topics_of_the_course(self, console):
        lecture = create_lecture()
        create_topic(create_course(), name="Another course")

        page = console.get(address(lecture))

        assert f'value="{lecture.price}"' in page.text
        assert f'<option selected value="{lecture.topic_id}">{lecture.topic.name}</option>' in page.text
        assert "Another course" not in page.text

    def test_a_topic_of_another_course_is_refused(self, console):
        lecture, other = create_lecture(), create_topic()

        sent = console.post(address(lecture), LECTURE | {"topic": other.id})

        assert errors_in(sent) == {"topic": f'Invalid pk "{other.id}" - object does not exist.'}
        assert fresh(lecture).topic_id == lecture.topic_id

    def test_an_unused_lecture_is_deleted(self, console):
        lecture = create_lecture()

        console.post(f"{address(lecture)}delete/")

        assert (count(Lecture), last_verb()) == (0, "lecture.deleted")


class TestCourse:
    def test_a_course_that_nobody_uses_is_deleted(self, console):
        course = create_lecture().topic.course

        sent = console.post(f"{COURSES}{course.id}/delete/")

        assert (sent.status_code, sent.location, count(Course)) == (303, COURSES, 0)

    def test_a_course_with_students_stays_and_the_page_says_why(self, console):
        course = create_course()
        create_enrollment(create_student(), course, "rejected")

        sent = console.post(f"{COURSES}{course.id}/delete/")

        assert sent.location == f"{COURSES}{course.id}/edit/"
        assert "Students have asked for this course" in console.get(sent.location).text
        assert count(Course) == 1


def test_a_file_that_comes_again_with_other_content_is_refused(console):
    lecture = create_lecture()
    new = f"{COURSES}lectures/{lecture.id}/materials/new/"

    def send(content):
        values = {"title": "Sheet", "is_active": "true", "form_token": "once", "file": (BytesIO(content), "sheet.pdf")}
        return console.post(new, values, content_type="multipart/form-data")

    first, same, other = send(b"%PDF-1.7 first"), send(b"%PDF-1.7 first"), send(b"%PDF-1.7 other")

    assert [first.status_code, same.status_code, other.status_code] == [303, 303, 400]
    assert "sent before with other values" in other.text
    material = the_only(StudyMaterial)
    assert read_stored(material.file) == b"%PDF-1.7 first"


PATHS = [
    "topics/{}/",
    "topics/{}/delete/",
    "topics/{}/lectures/new/",
    "lectures/{}/",
    "lectures/{}/delete/",
    "lectures/{}/videos/new/",
    "lectures/{}/materials/new/",
    "videos/{}/",
    "videos/{}/delete/",
    "materials/{}/",
    "materials/{}/delete/",
    "{}/topics/new/",
    "{}/order/",
    "videos/{}/before/1/",
    "lectures/{}/before/1/",
    "topics/{}/before/1/",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("number", ["999999", "9223372036854775808"])
def test_what_there_is_not_is_not_found(console, path, number):
    assert console.post(f"{COURSES}{path.format(number)}", {"name": "x"}).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_is_looked_at(console, path):
    assert console.post(f"{COURSES}{path.format(1)}", {"name": "x"}, token="").status_code == 400


@pytest.mark.parametrize("make", [create_topic, create_lecture, create_video, create_material])
def test_a_form_runs_few_statements(console, make):
    item = make()
    with counted_statements() as statements:
        assert console.get(address(item)).status_code == 200

    assert len(statements) <= 3
