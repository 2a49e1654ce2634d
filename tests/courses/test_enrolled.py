"""The courses that a student is in."""

from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from tests.api import counted_statements
from tests.factories import create_course, create_enrollment, create_student


def test_only_approved_courses_are_listed_newest_first(api):
    student = create_student()
    course = create_course(description="من أول السنة", cover_picture="public/covers/a.webp")
    first = create_enrollment(student, course)
    second = create_enrollment(student, create_course())
    create_enrollment(student, create_course(), "pending")
    create_enrollment(student, create_course(), "rejected")
    create_enrollment(create_student(), create_course())
    db.session.expire_all()

    client = api.as_(student)
    with counted_statements() as statements:
        response = client.get("/api/courses/enrolled/")

    assert response.status_code == 200
    assert len(statements) == 2
    body = response.json
    assert [body["count"], body["next"], body["previous"]] == [2, None, None]
    assert [result["enrolled_at"] for result in body["results"]] == [
        iso_z(second.enrolled_at),
        iso_z(first.enrolled_at),
    ]
    assert body["results"][1] == {
        "id": course.id,
        "name": course.name,
        "teacher": {"id": course.teacher_id, "name": course.teacher.name},
        "grade": {"id": course.grade_id, "name": course.grade.name},
        "subject": {"id": course.subject_id, "name": course.subject.name},
        "description": "من أول السنة",
        "cover_picture": "http://localhost/media/covers/a.webp",
        "enrolled_at": iso_z(first.enrolled_at),
        "status": "approved",
    }
    assert body["results"][0]["description"] is None
    assert body["results"][0]["cover_picture"] is None


def test_a_course_that_was_switched_off_stays_listed(api):
    student = create_student()
    course = create_course(is_active=False)
    create_enrollment(student, course)

    assert [each["id"] for each in api.as_(student).get("/api/courses/enrolled/").json["results"]] == [course.id]


def test_pages_do_not_overlap(api):
    student = create_student()
    courses = [create_course() for _ in range(3)]
    for course in courses:
        create_enrollment(student, course)

    pages = [api.as_(student).get(f"/api/courses/enrolled/?page_size=2&page={number}").json for number in (1, 2)]

    assert [each["id"] for page in pages for each in page["results"]] == [each.id for each in reversed(courses)]
    assert pages[0]["next"] == "http://localhost/api/courses/enrolled/?page_size=2&page=2"
