"""Browsing courses: by subject, before enrolling, and a teacher's own."""

import pytest

from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.structure.models import Division, SchoolType
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_assistant,
    create_course,
    create_lecture,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_topic,
    create_video,
)

FORBIDDEN = {"detail": "You do not have permission to perform this action."}
COURSE_NOT_FOUND = {"error": "Course not found"}


@pytest.fixture
def teacher(app):
    return create_teacher()


@pytest.fixture
def student(api):
    return api.as_(create_student())


def by_subject(course):
    return f"/api/courses/by_subject/{course.subject_id}/"


def shown(course, **values):
    return {
        "id": course.id,
        "name": course.name,
        "teacher": course.teacher_id,
        "teacher_name": course.teacher.name,
        "grade": course.grade_id,
        "grade_name": course.grade.name,
        "subject": course.subject_id,
        "subject_name": course.subject.name,
        "description": course.description,
        "cover_picture": None,
        "is_active": course.is_active,
        "topic_count": 0,
        "created_at": iso_z(course.created_at),
    } | values


def found(response):
    assert response.status_code == 200
    return [course["id"] for course in response.json["results"]]


def test_a_student_browses_the_active_courses_of_a_subject_newest_first(student, teacher):
    older = create_course(teacher, description="وصف", cover_picture="public/pictures/a.png")
    newer = create_course(teacher)
    create_topic(older)
    create_topic(older, is_active=False)
    create_course(teacher, is_active=False)
    create_course()

    response = student.get(by_subject(older))

    assert response.status_code == 200
    assert response.json == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            shown(newer),
            shown(older, topic_count=1, cover_picture="http://localhost/media/pictures/a.png"),
        ],
    }


def test_a_student_sees_no_course_of_another_grade(api, teacher):
    other_grade = any_grade("الصف الأول الإعدادي")
    course = create_course(teacher)
    create_course(teacher, grade=other_grade)

    assert found(api.as_(create_student()).get(by_subject(course))) == [course.id]
    assert found(api.as_(create_student(grade=None)).get(by_subject(course))) == []


def test_a_subject_of_certain_school_types_is_not_shown_to_others(api):
    types = db.session.query(SchoolType).order_by(SchoolType.id).limit(2).all()
    course = create_course(create_teacher(subject=create_subject(school_types=[types[0]])))

    assert found(api.as_(create_student(school_type=types[0])).get(by_subject(course))) == [course.id]
    assert found(api.as_(create_student(school_type=types[1])).get(by_subject(course))) == []


def test_a_subject_of_certain_divisions_is_not_shown_to_others_but_to_those_without_one(api):
    divisions = db.session.query(Division).order_by(Division.id).limit(2).all()
    course = create_course(create_teacher(subject=create_subject(divisions=[divisions[0]])))

    assert found(api.as_(create_student(division=divisions[0])).get(by_subject(course))) == [course.id]
    assert found(api.as_(create_student(division=divisions[1])).get(by_subject(course))) == []
    assert found(api.as_(create_student(division=None)).get(by_subject(course))) == [course.id]


def test_students_see_no_course_of_a_teacher_whose_account_is_inactive(api):
    course = create_course(create_teacher(is_active=False))

    assert found(api.as_(create_student()).get(by_subject(course))) == []
    assert found(api.as_(create_site_owner()).get(by_subject(course))) == [course.id]


def test_others_than_students_see_all_active_courses_of_a_subject(api, teacher):
    course = create_course(teacher, grade=any_grade("الصف الأول الإعدادي"))
    create_course(teacher, is_active=False)

    for person in (teacher, create_teacher(), create_assistant(), create_site_owner()):
        assert found(api.as_(person).get(by_subject(course))) == [course.id]


@pytest.mark.parametrize("status", ["pending", "declined", "suspended_temporary", "suspended_permanent"])
def test_every_student_may_browse_and_preview(api, teacher, status):
    course = create_course(teacher)
    student = api.as_(create_student(status=status))

    assert found(student.get(by_subject(course))) == [course.id]
    assert student.get(f"/api/courses/{course.id}/preview/").status_code == 200


@pytest.mark.parametrize("subject_id", [987654, 2**63, 0])
def test_an_unknown_subject_is_not_found(student, subject_id):
    response = student.get(f"/api/courses/by_subject/{subject_id}/?ordering=x")

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("query", ["teacher={0.teacher_id}", "search=الاحياء", "search=وافية", "search=محمود"])
def test_courses_of_a_subject_are_narrowed(student, teacher, query):
    create_course(teacher)
    wanted = create_course(
        create_teacher(subject=teacher.subject, name="محمود"), name="الأحياء", description="مراجعة وافيه"
    )

    assert found(student.get(f"{by_subject(wanted)}?{query.format(wanted)}")) == [wanted.id]


def test_courses_of_a_subject_are_ordered(student, teacher):
    b, a, c = (create_course(teacher, name=name) for name in ("b", "a", "c"))

    orders = {
        ordering: found(student.get(f"{by_subject(a)}?ordering={ordering}"))
        for ordering in ("name", "-name", "created_at", "-created_at")
    }

    assert orders == {
        "name": [a.id, b.id, c.id],
        "-name": [c.id, b.id, a.id],
        "created_at": [b.id, a.id, c.id],
        "-created_at": [c.id, a.id, b.id],
    }


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("teacher=x", {"teacher": ["A valid integer is required."]}),
        ("ordering=price", {"ordering": ['"price" is not a valid choice.']}),
    ],
)
def test_a_bad_query_is_refused(student, teacher, query, messages):
    response = student.get(f"{by_subject(create_course(teacher))}?{query}")

    assert (response.status_code, response.json) == (400, messages)


def test_browsing_takes_three_statements_however_many_courses_there_are(student, teacher):
    counts = []
    for _ in range(2):
        course = create_course(teacher)
        create_topic(course)
        with counted_statements() as statements:
            student.get(by_subject(course))
        counts.append(len(statements))

    assert counts == [3, 3]


@pytest.mark.parametrize("path", ["by_subject/1/", "my_courses/", "1/preview/", "1/", ""])
def test_nobody_browses_without_signing_in(api, path):
    response = api.get(f"/api/courses/{path}")

    assert response.status_code == 401
    assert response.json == {"detail": "Authentication credentials were not provided."}


def test_a_preview_shows_active_topics_and_lectures_with_prices_and_nothing_that_plays(student, teacher):
    teacher.profile_picture = "public/pictures/t.png"
    course = create_course(teacher, description="وصف")
    second, first = create_topic(course, order=2), create_topic(course, order=1, description="أول")
    create_lecture(topic=create_topic(course, is_active=False))
    lecture = create_lecture(topic=first, price="99.90", discount="9.90", description="د")
    create_lecture(topic=first, is_active=False)
    create_video(lecture)
    create_video(lecture, is_active=False)

    response = student.get(f"/api/courses/{course.id}/preview/")

    assert response.status_code == 200
    assert response.json == {
        "id": course.id,
        "name": course.name,
        "description": "وصف",
        "cover_picture": None,
        "teacher": {
            "id": teacher.id,
            "name": teacher.name,
            "profile_picture": "http://localhost/media/pictures/t.png",
        },
        "grade": {"id": course.grade_id, "name": course.grade.name},
        "subject": {"id": course.subject_id, "name": course.subject.name},
        "topic_count": 2,
        "total_lectures": 1,
        "topics": [
            {
                "id": first.id,
                "name": first.name,
                "description": "أول",
                "order": 1,
                "lecture_count": 1,
                "lectures": [
                    {
                        "id": lecture.id,
                        "name": lecture.name,
                        "description": "د",
                        "price": "99.90",
                        "final_price": "90.00",
                        "discount": "9.90",
                        "available_days": 7,
                        "order": 1,
                        "video_count": 1,
                    }
                ],
            },
            {
                "id": second.id,
                "name": second.name,
                "description": None,
                "order": 2,
                "lecture_count": 0,
                "lectures": [],
            },
        ],
        "created_at": iso_z(course.created_at),
    }


def test_a_preview_takes_one_statement_however_much_is_in_the_course(student, teacher):
    course = create_course(teacher)
    counts = []
    for _ in range(2):
        create_video(create_lecture(course))
        create_lecture(course)
        with counted_statements() as statements:
            student.get(f"/api/courses/{course.id}/preview/")
        counts.append(len(statements))

    assert counts == [1, 1]


@pytest.mark.parametrize("course_id", [987654, 2**63, 0])
def test_an_unknown_course_has_no_preview(student, course_id):
    response = student.get(f"/api/courses/{course_id}/preview/")

    assert (response.status_code, response.json) == (404, COURSE_NOT_FOUND)


def test_an_inactive_course_is_previewed_by_those_who_run_it_alone(api, teacher):
    course = create_course(teacher, is_active=False)
    people = [teacher, create_assistant(teacher), create_site_owner(), create_student(), create_teacher()]

    statuses = [api.as_(person).get(f"/api/courses/{course.id}/preview/").status_code for person in people]

    assert statuses == [200, 200, 200, 404, 404]


def test_teacher_and_assistants_list_their_courses_inactive_ones_too(api, teacher):
    older, newer = create_course(teacher, is_active=False), create_course(teacher)
    create_topic(older, is_active=False)
    create_course()

    for person in (teacher, create_assistant(teacher)):
        response = api.as_(person).get("/api/courses/my_courses/")

        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [shown(newer), shown(older, topic_count=1)],
        }


def test_own_courses_are_searched_and_ordered(api, teacher):
    b, a = create_course(teacher, name="جبر ب"), create_course(teacher, name="جبر ا")
    create_course(teacher, name="هندسة")

    response = api.as_(teacher).get("/api/courses/my_courses/?search=جبر&ordering=name")

    assert found(response) == [a.id, b.id]


def test_own_courses_take_two_statements_however_many_there_are(api, teacher):
    counts = []
    for _ in range(2):
        create_topic(create_course(teacher))
        with counted_statements() as statements:
            api.as_(teacher).get("/api/courses/my_courses/")
        counts.append(len([statement for statement in statements if "courses" in statement]))

    assert counts == [2, 2]


@pytest.mark.parametrize("create", [create_student, create_site_owner])
def test_only_teachers_and_assistants_have_courses_of_their_own(api, create):
    response = api.as_(create()).get("/api/courses/my_courses/")

    assert (response.status_code, response.json) == (403, FORBIDDEN)
