"""The console's pages of courses."""

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Course
from edutrack.structure.models import Grade
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_course,
    create_enrollment,
    create_lecture,
    create_student,
    create_teacher,
)

COURSES = "/owner/courses/"
NEW = f"{COURSES}new/"


def picture():
    content = BytesIO()
    Image.new("RGB", (40, 20), "teal").save(content, "PNG")
    content.seek(0)
    return content, "cover.png"


def names_in(page):
    return re.findall(r'<td data-label="Course"><a [^>]*><bdi>([^<]*)</bdi>', page.text)


def stored(course_id):
    db.session.expire_all()
    return db.session.get(Course, course_id)


def rows_of(course):
    """All that a course and its audit entry hold, but for ids and moments."""
    entry = db.session.scalars(select(AuditEntry).filter_by(target_type="courses", target_id=course.id)).one()
    columns = {column.key: getattr(course, column.key) for column in Course.__table__.columns}
    for name in ("id", "created_at", "updated_at"):
        del columns[name]
    return columns, (entry.actor_id, entry.verb, entry.details)


class TestList:
    def test_an_empty_list_says_so(self, console):
        assert "There is no course yet." in console.get(COURSES).text

    def test_a_course_shows_what_is_in_it(self, console):
        course = create_course(name="النحو")
        lecture = create_lecture(course)
        create_lecture(topic=lecture.topic)
        create_enrollment(create_student(), course)
        create_enrollment(create_student(), course, "pending")

        page = console.get(COURSES)

        cells = dict(re.findall(r'<td data-label="([^"]*)">(.*?)</td>', page.text))
        assert {name: re.sub(r"<[^>]*>", "", cell) for name, cell in cells.items() if name != "Added"} == {
            "Course": "النحو",
            "Teacher": course.teacher.name,
            "Grade": course.grade.name,
            "Subject": course.subject.name,
            "Lectures": "2",
            "Students": "1",
            "Requests": "1",
            "State": "Shown",
        }

    def test_the_search_finds_arabic_however_it_is_typed(self, console):
        create_course(name="أساسيات الفيزياء")
        create_course(name="الكيمياء")

        assert names_in(console.get(f"{COURSES}?search=اساسيات")) == ["أساسيات الفيزياء"]

    def test_filters_narrow_the_list(self, console):
        course = create_course()
        hidden = create_course(is_active=False)

        assert names_in(console.get(f"{COURSES}?is_active=false")) == [hidden.name]
        assert names_in(console.get(f"{COURSES}?teacher={course.teacher_id}")) == [course.name]
        assert names_in(console.get(f"{COURSES}?subject={hidden.subject_id}")) == [hidden.name]
        assert names_in(console.get(f"{COURSES}?grade={course.grade_id}")) == [hidden.name, course.name]
        assert names_in(console.get(f"{COURSES}?grade={any_grade('الصف الأول الثانوي').id}")) == []

    def test_the_statements_do_not_grow_with_the_courses(self, console):
        create_lecture(create_course())
        with counted_statements() as few:
            console.get(COURSES)
        for _ in range(4):
            create_lecture(create_course())
        with counted_statements() as many:
            console.get(COURSES)

        # Teachers, grades and subjects to choose from, count, page.
        assert (len(few), len(many)) == (5, 5)


class TestNewCourse:
    def test_the_teacher_is_chosen_first(self, console):
        teacher = create_teacher(name="أستاذة منى")

        page = console.get(NEW)

        assert f'<option value="{teacher.id}">أستاذة منى</option>' in page.text
        assert 'name="grade"' not in page.text

    def test_only_the_grades_of_the_teacher_can_be_chosen(self, console):
        teacher = create_teacher()

        page = console.get(f"{NEW}?teacher={teacher.id}")

        select_box = re.search(r'<select[^>]*name="grade".*?</select>', page.text, re.DOTALL)[0]
        assert re.findall(r'value="(\d+)"', select_box) == [str(grade.id) for grade in teacher.grades]
        assert db.session.query(Grade).count() > len(teacher.grades)

    def test_without_teachers_the_page_says_so(self, console):
        assert "There is no teacher yet." in console.get(NEW).text

    @pytest.mark.parametrize("teacher", ["0", "x", "99999999999999999999", "999999", "1\0"])
    def test_a_teacher_whom_there_is_not_is_asked_for_again(self, console, teacher):
        page = console.get(NEW, query_string={"teacher": teacher})

        assert page.status_code == 200
        assert 'name="grade"' not in page.text

    def test_the_console_leaves_the_same_rows_as_the_api(self, console, api, owner):
        teacher = create_teacher()
        values = {"teacher": teacher.id, "grade": teacher.grades[0].id, "description": "شرح", "is_active": "true"}

        sent = console.post(NEW, values | {"name": "من اللوحة"})
        answered = api.as_(owner).post("/api/courses/", values | {"name": "من اللوحة 2"})

        made = stored(int(sent.location.split("/")[-2]))
        other = stored(answered.json["id"])
        assert (sent.status_code, sent.location) == (303, f"{COURSES}{made.id}/")
        columns, entry = rows_of(made)
        same_columns, same_entry = rows_of(other)
        assert columns == same_columns | {"name": "من اللوحة", "search_folded": made.search_folded}
        assert entry == (same_entry[0], same_entry[1], same_entry[2] | {"name": "من اللوحة"})

    def test_a_picture_comes_with_it(self, console):
        teacher = create_teacher()
        values = {"teacher": teacher.id, "grade": teacher.grades[0].id, "name": "بصورة", "cover_picture": picture()}

        response = console.post(NEW, values, content_type="multipart/form-data")

        course = db.session.scalars(select(Course)).one()
        assert response.status_code == 303
        assert course.cover_picture.endswith(".png")
        assert course.cover_picture.removeprefix("public") in console.get(f"{response.location}edit/").text

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"name": ""}, "This field may not be blank."),
            ({"name": "x" * 256}, "Ensure this field has no more than 255 characters."),
            ({"name": "a\0b"}, "Null characters are not allowed."),
            ({"grade": ""}, "A valid integer is required."),
            ({"grade": "9" * 30}, "object does not exist."),
            ({"teacher": "999999"}, "object does not exist."),
            ({"is_active": "perhaps"}, "Must be a valid boolean."),
        ],
    )
    def test_bad_input_is_said_at_its_field_and_adds_nothing(self, console, values, message):
        teacher = create_teacher()
        good = {"teacher": teacher.id, "grade": teacher.grades[0].id, "name": "كورس", "is_active": "true"}

        response = console.post(NEW, good | values)

        assert response.status_code == 400
        assert re.search(rf'<div class="field wrong">(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)
        assert db.session.query(Course).count() == 0

    def test_a_name_that_is_taken_is_refused(self, console):
        course = create_course()
        values = {"teacher": course.teacher_id, "grade": course.grade_id, "name": course.name}

        response = console.post(NEW, values)

        assert response.status_code == 400
        assert "A course with this Teacher, Grade, and Name already exists." in response.text

    def test_a_grade_that_the_teacher_does_not_teach_is_refused(self, console):
        teacher = create_teacher()
        grade = any_grade("الصف الأول الثانوي")

        response = console.post(NEW, {"teacher": teacher.id, "grade": grade.id, "name": "كورس"})

        assert response.status_code == 400
        assert f"Teacher {teacher.name} does not teach grade {grade.name}." in response.text


class TestChanging:
    def test_name_and_description_are_changed(self, console):
        course = create_course()

        response = console.post(
            f"{COURSES}{course.id}/edit/", {"name": "اسم آخر", "description": "", "is_active": "false"}
        )

        changed = stored(course.id)
        assert (response.status_code, response.location) == (303, f"{COURSES}{course.id}/")
        assert (changed.name, changed.description, changed.is_active) == ("اسم آخر", None, False)

    def test_teacher_and_grade_cannot_be_smuggled_in(self, console):
        course, teacher = create_course(), create_teacher()

        console.post(f"{COURSES}{course.id}/edit/", {"name": course.name, "teacher": teacher.id, "grade": "1"})

        assert (stored(course.id).teacher_id, stored(course.id).grade_id) == (course.teacher_id, course.grade_id)

    def test_a_refused_form_keeps_what_was_typed(self, console):
        course = create_course()

        response = console.post(f"{COURSES}{course.id}/edit/", {"name": " ", "description": "شرح جديد"})

        assert response.status_code == 400
        assert "شرح جديد" in response.text
        assert stored(course.id).description is None

    def test_what_is_no_picture_is_refused(self, console):
        course = create_course()
        values = {"name": "آخر", "cover_picture": (BytesIO(b"no picture"), "a.png")}

        response = console.post(f"{COURSES}{course.id}/edit/", values, content_type="multipart/form-data")

        assert response.status_code == 400
        assert "Upload a valid image." in response.text
        assert stored(course.id).name == course.name

    def test_the_picture_is_removed(self, console):
        course = create_course()
        values = {"name": course.name, "cover_picture": picture()}
        console.post(f"{COURSES}{course.id}/edit/", values, content_type="multipart/form-data")
        assert stored(course.id).cover_picture

        response = console.post(f"{COURSES}{course.id}/cover/")

        assert response.status_code == 303
        assert stored(course.id).cover_picture is None

    def test_a_course_is_hidden_and_shown_again_from_the_list(self, console):
        course = create_course()
        target = f"{COURSES}?search={course.id}"

        hidden = console.post(f"{COURSES}{course.id}/activity/", {"is_active": "false", "next": target})

        assert (hidden.status_code, hidden.location) == (303, target)
        assert not stored(course.id).is_active
        console.post(f"{COURSES}{course.id}/activity/", {"is_active": "true"})
        assert stored(course.id).is_active

    @pytest.mark.parametrize("path", ["edit/", "activity/", "cover/", "delete/"])
    @pytest.mark.parametrize("number", ["999999", "9223372036854775808"])
    def test_a_course_that_there_is_not_is_not_found(self, console, path, number):
        assert console.post(f"{COURSES}{number}/{path}", {"name": "x"}).status_code == 404

    @pytest.mark.parametrize("path", ["edit/", "activity/", "cover/", "delete/"])
    def test_without_the_token_nothing_changes(self, console, path):
        course = create_course()

        response = console.post(f"{COURSES}{course.id}/{path}", {"name": "x", "is_active": "false"}, token="")

        assert response.status_code == 400
        assert (stored(course.id).name, stored(course.id).is_active) == (course.name, True)

    def test_the_page_runs_two_statements(self, console):
        course = create_course()
        with counted_statements() as statements:
            console.get(f"{COURSES}{course.id}/edit/")

        assert len(statements) == 1
