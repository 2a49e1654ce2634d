"""The site owner's courses: making, changing, listing and deleting them."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import Course
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_assistant,
    create_course,
    create_lecture,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
    create_video,
)

NOT_FOUND = {"detail": "Not found."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def png():
    content = BytesIO()
    Image.new("RGB", (4, 4), "red").save(content, "PNG")
    content.seek(0)
    return content


def fetched(client, url):
    """The status with which a stored picture answers."""
    with client.get(url.removeprefix("http://localhost")) as response:
        return response.status_code


def shown(course, **values):
    """The body of a course without topics."""
    return {
        "id": course.id,
        "name": course.name,
        "teacher": course.teacher_id,
        "teacher_id": course.teacher_id,
        "teacher_name": course.teacher.name,
        "grade": course.grade_id,
        "grade_name": course.grade.name,
        "subject": course.subject_id,
        "subject_name": course.subject.name,
        "description": course.description,
        "cover_picture": None,
        "is_active": True,
        "topics": [],
        "topic_count": 0,
        "total_lectures": 0,
        "total_videos": 0,
        "created_at": iso_z(course.created_at),
        "updated_at": iso_z(course.updated_at),
    } | values


def test_the_owner_creates_a_course_whose_subject_is_the_teachers(owner):
    teacher = create_teacher()

    response = owner.post(
        "/api/courses/",
        {"name": "  جبر  ", "teacher": teacher.id, "grade": teacher.grades[0].id, "subject": 999, "id": 5},
    )

    assert response.status_code == 201
    course = db.session.get(Course, response.json["id"])
    assert response.json == shown(course)
    assert (course.name, course.subject_id, course.description) == ("جبر", teacher.subject_id, None)


def test_a_course_is_created_from_a_form_with_a_cover_picture(owner, app):
    teacher = create_teacher()

    response = owner.post(
        "/api/courses/",
        data={
            "name": "هندسة",
            "teacher": str(teacher.id),
            "grade": str(teacher.grades[0].id),
            "description": "شرح",
            "is_active": "false",
            "cover_picture": (png(), "cover.gif.exe"),
        },
    )

    assert response.status_code == 201
    course = db.session.get(Course, response.json["id"])
    url = response.json["cover_picture"]
    assert url.startswith("http://localhost/media/pictures/")
    assert url.endswith(".png")
    assert response.json == shown(course, cover_picture=url, is_active=False)
    assert fetched(owner, url) == 200


def test_the_creation_of_a_course_is_audited(owner):
    teacher = create_teacher()

    course_id = owner.post("/api/courses/", {"name": "جبر", "teacher": teacher.id, "grade": teacher.grades[0].id}).json[
        "id"
    ]

    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.target_type == "courses")).one()
    assert (entry.verb, entry.target_id, entry.actor_id) == ("course.created", course_id, owner.user.id)


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"name": "x" * 256}, {"name": ["Ensure this field has no more than 255 characters."]}),
        ({"name": ["x"]}, {"name": ["Not a valid string."]}),
        ({"name": "a\0b"}, {"name": ["Null characters are not allowed."]}),
        ({"teacher": "x"}, {"teacher": ["A valid integer is required."]}),
        ({"teacher": 987654}, {"teacher": ['Invalid pk "987654" - object does not exist.']}),
        ({"teacher": 2**63}, {"teacher": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"grade": 987654}, {"grade": ['Invalid pk "987654" - object does not exist.']}),
        ({"grade": True}, {"grade": ["A valid integer is required."]}),
        ({"description": "x" * 10_001}, {"description": ["Ensure this field has no more than 10000 characters."]}),
        ({"is_active": "maybe"}, {"is_active": ["Must be a valid boolean."]}),
        (
            {"cover_picture": "http://elsewhere.example/a.png"},
            {"cover_picture": ["The submitted data was not a file. Check the encoding type on the form."]},
        ),
    ],
)
def test_bad_values_are_refused_and_nothing_is_written(owner, values, messages):
    teacher = create_teacher()

    response = owner.post("/api/courses/", {"name": "جبر", "teacher": teacher.id, "grade": any_grade().id} | values)

    assert (response.status_code, response.json) == (400, messages)
    assert db.session.scalar(select(func.count()).select_from(Course)) == 0


def test_name_teacher_and_grade_are_required(owner):
    response = owner.post("/api/courses/", {})

    required = ["This field is required."]
    assert (response.status_code, response.json) == (400, {"name": required, "teacher": required, "grade": required})


def test_a_cover_that_is_no_picture_is_refused(owner):
    teacher = create_teacher()

    response = owner.post(
        "/api/courses/",
        data={
            "name": "جبر",
            "teacher": str(teacher.id),
            "grade": str(any_grade().id),
            "cover_picture": (BytesIO(b"<svg/>"), "a.png"),
        },
    )

    assert response.status_code == 400
    assert response.json == {
        "cover_picture": ["Upload a valid image. The file you uploaded was either not an image or a corrupted image."]
    }


def test_a_teacher_gives_courses_only_to_grades_they_teach(owner):
    teacher = create_teacher()
    other = any_grade("الصف الأول الإعدادي")

    response = owner.post("/api/courses/", {"name": "جبر", "teacher": teacher.id, "grade": other.id})

    assert response.status_code == 400
    assert response.json == {"grade": [f"Teacher {teacher.name} does not teach grade {other.name}."]}


def test_a_second_course_of_that_name_for_teacher_and_grade_is_refused(owner):
    course = create_course()

    response = owner.post(
        "/api/courses/", {"name": course.name, "teacher": course.teacher_id, "grade": course.grade_id}
    )

    assert response.status_code == 400
    assert response.json == {"non_field_errors": ["A course with this Teacher, Grade, and Name already exists."]}


def test_renaming_a_course_to_another_ones_name_is_refused(owner):
    course = create_course()
    other = create_course(course.teacher)

    response = owner.patch(f"/api/courses/{other.id}/", {"name": course.name})

    assert response.status_code == 400
    assert response.json == {"non_field_errors": ["A course with this Teacher, Grade, and Name already exists."]}


def test_the_owner_changes_a_course(owner):
    course = create_course()

    response = owner.patch(
        f"/api/courses/{course.id}/",
        {
            "name": "جديد",
            "description": "وصف",
            "is_active": False,
            "teacher": course.teacher_id,
            "grade": course.grade_id,
            "created_at": "2020-01-01T00:00:00Z",
        },
    )

    db.session.expire_all()
    assert response.status_code == 200
    assert response.json == shown(course, is_active=False)
    assert (course.name, course.description, course.is_active) == ("جديد", "وصف", False)
    assert course.updated_at > course.created_at


def test_teacher_and_grade_of_a_course_stay(owner):
    course = create_course()

    response = owner.patch(
        f"/api/courses/{course.id}/", {"name": "جديد", "teacher": create_teacher().id, "grade": course.grade_id + 1}
    )

    assert response.status_code == 400
    assert response.json == {
        "teacher": ["Cannot change the teacher of an existing course."],
        "grade": ["Cannot change the grade of an existing course."],
    }
    db.session.expire_all()
    assert course.name != "جديد"


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"teacher": None}, {"teacher": ["This field may not be null."]}),
        ({"teacher": "x"}, {"teacher": ["A valid integer is required."]}),
        ({"teacher": 987654}, {"teacher": ["Cannot change the teacher of an existing course."]}),
        ({"grade": None}, {"grade": ["This field may not be null."]}),
        ({"grade": 987654}, {"grade": ["Cannot change the grade of an existing course."]}),
        ({"description": {}}, {"description": ["Not a valid string."]}),
        ({"is_active": None}, {"is_active": ["This field may not be null."]}),
        (
            {"cover_picture": "a.png"},
            {"cover_picture": ["The submitted data was not a file. Check the encoding type on the form."]},
        ),
    ],
)
def test_a_bad_change_is_refused_whole(owner, values, messages):
    course = create_course()

    response = owner.patch(f"/api/courses/{course.id}/", {"name": "جديد", "description": "جديد"} | values)

    assert (response.status_code, response.json) == (400, messages)
    assert owner.get(f"/api/courses/{course.id}/").json == shown(course)


def test_a_replaced_cover_is_removed_and_null_takes_it_away(owner):
    course = create_course()
    first = owner.patch(f"/api/courses/{course.id}/", data={"cover_picture": (png(), "a.png")}).json["cover_picture"]

    second = owner.patch(f"/api/courses/{course.id}/", data={"cover_picture": (png(), "b.png")}).json["cover_picture"]
    none = owner.patch(f"/api/courses/{course.id}/", {"cover_picture": None}).json["cover_picture"]

    assert first != second
    assert none is None
    assert [fetched(owner, url) for url in (first, second)] == [404, 404]


def test_a_course_shows_all_its_topics_with_their_lectures_in_order(owner):
    course = create_course()
    second = create_topic(course, order=2, description="ثان", is_active=False)
    first = create_topic(course, order=1)
    lecture = create_lecture(topic=second, price="120.50", discount="20.00", description="د", is_active=False)
    create_video(lecture)
    create_video(lecture, is_active=False)

    response = owner.get(f"/api/courses/{course.id}/")

    assert response.status_code == 200
    assert response.json == shown(
        course,
        topic_count=2,
        total_lectures=1,
        total_videos=2,
        topics=[
            {
                "id": first.id,
                "name": first.name,
                "description": None,
                "order": 1,
                "is_active": True,
                "lecture_count": 0,
                "lectures": [],
            },
            {
                "id": second.id,
                "name": second.name,
                "description": "ثان",
                "order": 2,
                "is_active": False,
                "lecture_count": 1,
                "lectures": [
                    {
                        "id": lecture.id,
                        "name": lecture.name,
                        "description": "د",
                        "price": "120.50",
                        "final_price": "100.50",
                        "discount": "20.00",
                        "available_days": 7,
                        "order": 1,
                        "is_active": False,
                        "video_count": 2,
                    }
                ],
            },
        ],
    )


def test_the_list_of_courses_is_a_page_newest_first(owner):
    older, newer = create_course(), create_course()

    response = owner.get("/api/courses/")

    assert response.status_code == 200
    assert response.json == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [shown(newer), shown(older)],
    }


def test_the_list_streams_whole(owner):
    course = create_course()

    response = owner.get("/api/courses/?all=true")

    assert response.json == {"count": 1, "results": [shown(course)]}


def test_the_list_takes_two_statements_however_many_courses_there_are(owner):
    counts = []
    for _ in range(2):
        lecture = create_lecture()
        create_video(lecture)
        create_lecture(topic=lecture.topic)
        with counted_statements() as statements:
            owner.get("/api/courses/")
        counts.append(len(statements))

    assert counts == [2, 2]


def test_a_course_takes_two_statements(owner):
    lecture = create_lecture()

    with counted_statements() as statements:
        owner.get(f"/api/courses/{lecture.course_id}/")

    assert len(statements) == 2


@pytest.mark.parametrize(
    "query",
    [
        "teacher={wanted.teacher_id}",
        "grade={wanted.grade_id}",
        "subject={wanted.subject_id}",
        "is_active=false",
        "search=الاحياء",
        "search=شرحٌ وافٍ أحياء",
        "search={wanted.teacher.name}",
    ],
)
def test_the_list_of_courses_is_narrowed(owner, query):
    grade = any_grade("الصف الأول الإعدادي")
    wanted = create_course(
        create_teacher(name="محمود سامي"), grade=grade, name="الأحياء", description="شرح واف", is_active=False
    )
    create_course()

    response = owner.get("/api/courses/?" + query.format(wanted=wanted))

    assert [course["id"] for course in response.json["results"]] == [wanted.id]


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("teacher=x", {"teacher": ["A valid integer is required."]}),
        ("is_active=maybe", {"is_active": ["Must be a valid boolean."]}),
        ("ordering=price", {"ordering": ['"price" is not a valid choice.']}),
        ("page_size=x", {"page_size": ["A valid integer is required."]}),
    ],
)
def test_a_bad_query_is_refused(owner, query, messages):
    response = owner.get(f"/api/courses/?{query}")

    assert (response.status_code, response.json) == (400, messages)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("create", [create_teacher, create_assistant, create_student])
def test_only_the_owner_lists_and_creates_courses(api, create, method):
    response = getattr(api.as_(create()), method)("/api/courses/")

    assert (response.status_code, response.json) == (403, FORBIDDEN)


def test_teacher_and_assistants_see_their_course_and_nobody_elses(api):
    course = create_course()
    assistant = create_assistant(course.teacher)

    statuses = [
        api.as_(person).get(f"/api/courses/{course.id}/").status_code
        for person in (course.teacher, assistant, create_teacher(), create_assistant(), create_student())
    ]

    assert statuses == [200, 200, 404, 404, 403]


def test_teachers_neither_change_nor_delete_courses(api):
    course = create_course()
    teacher = api.as_(course.teacher)

    responses = [
        teacher.patch(f"/api/courses/{course.id}/", {"name": "x"}),
        teacher.delete(f"/api/courses/{course.id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(403, FORBIDDEN)] * 2


@pytest.mark.parametrize("course_id", [987654, 2**63, 0, "9" * 30])
def test_unknown_courses_are_not_found(owner, course_id):
    responses = [
        owner.get(f"/api/courses/{course_id}/"),
        owner.patch(f"/api/courses/{course_id}/", {"name": None}),
        owner.delete(f"/api/courses/{course_id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(404, NOT_FOUND)] * 3
