"""Asking for a course, taking that back, answering, and who sees which enrolment."""

import pytest
from sqlalchemy import func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import Enrollment
from edutrack.structure.models import Division, SchoolType
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_assistant,
    create_course,
    create_enrollment,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
)

ALREADY = {"detail": "You are already enrolled or have a pending request for this course."}
DOES_NOT_FIT = {"detail": "This course is not for your grade, school type or division."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NOT_FOUND = {"detail": "Not found."}


def shown(enrollment, **changes):
    """The documented body of an enrolment, as the database has it."""
    db.session.refresh(enrollment)
    return {
        "id": enrollment.id,
        "student": enrollment.student_id,
        "student_name": enrollment.student.name_ar,
        "student_code": enrollment.student.student_code,
        "course": enrollment.course_id,
        "course_name": enrollment.course.name,
        "grade_name": enrollment.course.grade.name,
        "teacher_name": enrollment.course.teacher.name,
        "status": enrollment.status,
        "status_display": enrollment.status.capitalize(),
        "enrolled_at": iso_z(enrollment.enrolled_at),
        "approved_by": enrollment.approved_by_id,
        "approved_by_name": None,
        "responded_at": enrollment.responded_at and iso_z(enrollment.responded_at),
        "response_note": enrollment.response_note,
    } | changes


def enrollments_of(student):
    return db.session.scalar(select(func.count()).where(Enrollment.student_id == student.id))


def test_a_student_asks_for_a_course_and_waits(api):
    student, course = create_student(), create_course()

    client = api.as_(student)
    with counted_statements() as statements:
        response = client.post("/api/enrollments/", {"course": course.id, "status": "approved"})

    assert response.status_code == 201
    enrollment = db.session.scalars(select(Enrollment)).one()
    assert response.json == shown(enrollment)
    assert response.json["status"] == "pending"
    assert response.json["status_display"] == "Pending"
    # The course on offer, the request, the staff's notifications, the answer.
    assert len(statements) == 4


@pytest.mark.parametrize("status", ["pending", "approved"])
def test_a_student_cannot_ask_twice(api, status):
    student, course = create_student(), create_course()
    create_enrollment(student, course, status)

    response = api.as_(student).post("/api/enrollments/", {"course": course.id})

    assert (response.status_code, response.json) == (400, ALREADY)
    assert enrollments_of(student) == 1


def test_a_rejected_student_asks_again_in_the_same_row(api):
    student, course = create_student(), create_course()
    enrollment = create_enrollment(student, course, "rejected", response_note="لا")
    asked_before = enrollment.enrolled_at

    response = api.as_(student).post("/api/enrollments/", {"course": course.id})

    assert response.status_code == 201
    assert response.json == shown(enrollment, status="pending", approved_by=None, responded_at=None, response_note=None)
    assert enrollment.enrolled_at > asked_before
    assert enrollments_of(student) == 1


@pytest.mark.parametrize("off", ["course", "teacher"])
def test_a_course_that_is_off_takes_nobody(api, off):
    student = create_student()
    course = create_course(create_teacher(is_active=off != "teacher"), is_active=off != "course")

    response = api.as_(student).post("/api/enrollments/", {"course": course.id})

    assert (response.status_code, response.json) == (400, {"detail": "This course is not available."})
    assert enrollments_of(student) == 0


def _course(**values):
    grade = values.pop("grade", None) or any_grade()
    return create_course(create_teacher(subject=create_subject(grades=[grade], **values)))


def _two(model):
    return db.session.scalars(select(model).order_by(model.id).limit(2)).all()


def test_the_grade_must_be_the_courses(api):
    student, course = create_student(), _course(grade=any_grade("الصف الأول الإعدادي"))

    response = api.as_(student).post("/api/enrollments/", {"course": course.id})

    assert (response.status_code, response.json) == (400, DOES_NOT_FIT)
    assert enrollments_of(student) == 0


@pytest.mark.parametrize(("of_subject", "status"), [([], 201), ([0], 201), ([0, 1], 201), ([1], 400)])
def test_the_school_type_must_be_one_of_the_subjects(api, of_subject, status):
    school_types = _two(SchoolType)
    student = create_student(school_type=school_types[0])
    course = _course(school_types=[school_types[index] for index in of_subject])

    response = api.as_(student).post("/api/enrollments/", {"course": course.id})

    assert response.status_code == status
    assert status == 201 or response.json == DOES_NOT_FIT


@pytest.mark.parametrize(
    ("own", "of_subject", "status"), [(0, [], 201), (0, [0], 201), (0, [0, 1], 201), (0, [1], 400), (None, [1], 201)]
)
def test_the_division_must_be_one_of_the_subjects(api, own, of_subject, status):
    divisions = _two(Division)
    student = create_student(division=None if own is None else divisions[own])
    course = _course(divisions=[divisions[index] for index in of_subject])

    response = api.as_(student).post("/api/enrollments/", {"course": course.id})

    assert response.status_code == status
    assert status == 201 or response.json == DOES_NOT_FIT


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, {"course": ["This field is required."]}),
        ({"course": None}, {"course": ["This field may not be null."]}),
        ({"course": "x"}, {"course": ["A valid integer is required."]}),
        ({"course": True}, {"course": ["A valid integer is required."]}),
        ({"course": [1]}, {"course": ["A valid integer is required."]}),
        ({"course": "1\0"}, {"course": ["A valid integer is required."]}),
        ({"course": 0}, {"course": ['Invalid pk "0" - object does not exist.']}),
        ({"course": -1}, {"course": ['Invalid pk "-1" - object does not exist.']}),
        ({"course": 2**62}, {"course": [f'Invalid pk "{2**62}" - object does not exist.']}),
        ({"course": 2**63}, {"course": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ([1], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_a_bad_request_for_a_course_is_refused(api, body, messages):
    student = create_student()

    response = api.as_(student).post("/api/enrollments/", body)

    assert (response.status_code, response.json) == (400, messages)
    assert enrollments_of(student) == 0


def test_a_body_that_is_not_json_is_refused(api):
    student = api.as_(create_student())

    assert student.post("/api/enrollments/", data="course=1", content_type="text/plain").status_code == 415
    broken = student.post("/api/enrollments/", data="{", content_type="application/json")
    assert broken.status_code == 400
    assert broken.json["detail"].startswith("JSON parse error - ")


def test_students_see_their_own_enrollments_newest_first(api):
    student, course = create_student(), create_course()
    first = create_enrollment(student, course, "rejected", response_note="اكتمل العدد")
    second = create_enrollment(student, create_course(), "pending")
    create_enrollment(create_student(), course)

    client = api.as_(student)
    with counted_statements() as statements:
        response = client.get("/api/enrollments/mine/")

    assert response.status_code == 200
    assert response.json == [shown(second), shown(first, approved_by_name=course.teacher.name)]
    assert len(statements) == 1


def test_a_student_cancels_a_pending_request(api):
    student = create_student()
    enrollment = create_enrollment(student, create_course(), "pending")

    response = api.as_(student).delete(f"/api/enrollments/{enrollment.id}/")

    assert (response.status_code, response.json) == (200, {"message": "Enrollment cancelled successfully"})
    assert enrollments_of(student) == 0


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_an_answered_request_cannot_be_cancelled(api, status):
    student = create_student()
    enrollment = create_enrollment(student, create_course(), status)

    response = api.as_(student).delete(f"/api/enrollments/{enrollment.id}/")

    assert (response.status_code, response.json) == (400, {"error": f"Cannot cancel enrollment with status: {status}"})
    assert enrollments_of(student) == 1


def test_a_student_cannot_cancel_for_another(api):
    other = create_student()
    enrollment = create_enrollment(other, create_course(), "pending")

    response = api.as_(create_student()).delete(f"/api/enrollments/{enrollment.id}/")

    assert (response.status_code, response.json) == (403, {"error": "You can only cancel your own enrollments"})
    assert enrollments_of(other) == 1


@pytest.mark.parametrize("number", [2**40, 2**63, 10**18])
def test_cancelling_what_is_not_there_is_not_found(api, number):
    response = api.as_(create_student()).delete(f"/api/enrollments/{number}/")

    assert (response.status_code, response.json) == (404, {"error": "Enrollment not found"})


def _staff_of(course, role):
    return {
        "teacher": lambda: course.teacher,
        "assistant": lambda: create_assistant(course.teacher),
        "siteowner": create_site_owner,
    }[role]()


@pytest.mark.parametrize(("action", "status"), [("approve", "approved"), ("reject", "rejected")])
@pytest.mark.parametrize("role", ["teacher", "assistant", "siteowner"])
def test_staff_answer_a_pending_request(api, role, action, status):
    course = create_course()
    enrollment = create_enrollment(create_student(), course, "pending")
    person = _staff_of(course, role)
    user = getattr(person, "user", person)

    client = api.as_(person)
    with counted_statements() as statements:
        response = client.post(f"/api/enrollments/{enrollment.id}/{action}/", {"response_note": " أهلا "})

    assert response.status_code == 200
    assert response.json == shown(
        enrollment,
        status=status,
        approved_by=user.id,
        approved_by_name=getattr(person, "name", user.username),
        response_note="أهلا",
    )
    assert response.json["responded_at"] is not None
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor_id, entry.target_id) == (f"enrollment.{status}", user.id, enrollment.id)
    # In scope, the answer given, the student's notification, the item.
    assert len(statements) == 4


@pytest.mark.parametrize("action", ["approve", "reject"])
@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_request_is_answered_once(api, action, status):
    course = create_course()
    enrollment = create_enrollment(create_student(), course, status, response_note="first")

    response = api.as_(course.teacher).post(f"/api/enrollments/{enrollment.id}/{action}/")

    assert (response.status_code, response.json) == (400, {"detail": "This enrollment is not pending."})
    assert shown(enrollment)["status"] == status
    assert enrollment.response_note == "first"


def test_an_answer_needs_no_note(api):
    course = create_course()
    enrollment = create_enrollment(create_student(), course, "pending")

    response = api.as_(course.teacher).post(f"/api/enrollments/{enrollment.id}/approve/")

    assert response.status_code == 200
    assert response.json["response_note"] is None


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("x" * 1001, "Ensure this field has no more than 1000 characters."),
        ("a\0b", "Null characters are not allowed."),
        ({}, "Not a valid string."),
        (True, "Not a valid string."),
    ],
)
def test_a_bad_note_is_refused(api, note, message):
    course = create_course()
    enrollment = create_enrollment(create_student(), course, "pending")

    response = api.as_(course.teacher).post(f"/api/enrollments/{enrollment.id}/approve/", {"response_note": note})

    assert (response.status_code, response.json) == (400, {"response_note": [message]})
    assert shown(enrollment)["status"] == "pending"


@pytest.mark.parametrize("make", [create_teacher, create_assistant])
def test_another_teachers_enrollment_is_not_found_whatever_the_body(api, make):
    enrollment = create_enrollment(create_student(), create_course(), "pending")
    stranger = api.as_(make())

    for action in ("approve", "reject"):
        response = stranger.post(f"/api/enrollments/{enrollment.id}/{action}/", {"response_note": {}})
        assert (response.status_code, response.json) == (404, NOT_FOUND)
    assert stranger.get("/api/enrollments/").json["results"] == []
    assert shown(enrollment)["status"] == "pending"


def test_many_are_answered_at_once_but_only_the_pending_ones_of_own_courses(api):
    course = create_course()
    pending = [create_enrollment(create_student(), course, "pending") for _ in range(3)]
    approved = create_enrollment(create_student(), course, response_note="before")
    foreign = create_enrollment(create_student(), create_course(), "pending")
    ids = [*(each.id for each in pending), pending[0].id, approved.id, foreign.id, 2**62]

    client = api.as_(course.teacher)
    with counted_statements() as statements:
        response = client.post(
            "/api/enrollments/bulk_respond/", {"ids": ids, "status": "rejected", "response_note": "اكتمل العدد"}
        )

    assert (response.status_code, response.json) == (200, {"updated": 3})
    for each in pending:
        db.session.refresh(each)
        assert (each.status, each.response_note) == ("rejected", "اكتمل العدد")
        assert each.approved_by_id == course.teacher.user_id
    assert shown(approved)["response_note"] == "before"
    assert shown(foreign)["status"] == "pending"
    entries = db.session.scalars(select(AuditEntry)).all()
    assert {(entry.verb, entry.target_id) for entry in entries} == {
        ("enrollment.rejected", each.id) for each in pending
    }
    # The answers, the notifications.
    assert len(statements) == 2


@pytest.mark.parametrize("role", ["assistant", "siteowner"])
def test_assistants_answer_many_of_their_teachers_and_owners_of_all(api, role):
    course = create_course()
    own = create_enrollment(create_student(), course, "pending")
    foreign = create_enrollment(create_student(), create_course(), "pending")
    person = _staff_of(course, role)

    response = api.as_(person).post(
        "/api/enrollments/bulk_respond/", {"ids": [own.id, foreign.id], "status": "approved"}
    )

    answered = ["approved", "approved" if role == "siteowner" else "pending"]
    assert (response.status_code, response.json) == (200, {"updated": answered.count("approved")})
    assert [shown(each)["status"] for each in (own, foreign)] == answered
    assert own.approved_by_id == getattr(person, "user", person).id


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"ids": None}, {"ids": ["This field may not be null."]}),
        ({"ids": 1}, {"ids": ['Expected a list of items but got type "int".']}),
        ({"ids": ["x"]}, {"ids": ["A valid integer is required."]}),
        ({"ids": [2**63]}, {"ids": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"ids": [1] * 1001}, {"ids": ["Ensure this field has no more than 1000 elements."]}),
        ({"status": "pending"}, {"status": ['"pending" is not a valid choice.']}),
        ({"status": 1}, {"status": ['"1" is not a valid choice.']}),
    ],
)
def test_a_bad_bulk_answer_is_refused_whole(api, change, messages):
    course = create_course()
    enrollment = create_enrollment(create_student(), course, "pending")
    body = {"ids": [enrollment.id], "status": "approved"} | change

    response = api.as_(course.teacher).post("/api/enrollments/bulk_respond/", body)

    assert (response.status_code, response.json) == (400, messages)
    assert shown(enrollment)["status"] == "pending"


def test_staff_list_the_enrollments_of_their_courses(api):
    course = create_course()
    first = create_enrollment(create_student(), course)
    second = create_enrollment(create_student(), course, "pending")
    create_enrollment(create_student(), create_course())

    for person in (course.teacher, create_assistant(course.teacher)):
        client = api.as_(person)
        with counted_statements() as statements:
            response = client.get("/api/enrollments/")
        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [shown(second), shown(first, approved_by_name=course.teacher.name)],
        }
        assert len(statements) == 2
    everything = api.as_(create_site_owner()).get("/api/enrollments/?all=true").json
    assert set(everything) == {"count", "results"}
    assert (everything["count"], everything["results"][1:]) == (3, response.json["results"])


def test_the_list_narrows_by_course_status_and_search(api):
    teacher = create_teacher()
    first, second = create_course(teacher), create_course(teacher)
    sara = create_student(name_ar="سارة أحمد", name_en="Sara Ahmed", student_code="20000001")
    create_enrollment(sara, first)
    create_enrollment(create_student(), first, "pending")
    create_enrollment(create_student(), second, "pending")

    def count(**query):
        return api.as_(teacher).get("/api/enrollments/", query_string=query).json["count"]

    assert count(course=first.id) == 2
    assert count(status="pending") == 2
    assert count(course=first.id, status="pending") == 1
    assert count(course=2**40) == 0
    assert count(search="احمد ساره") == 1
    assert count(search="SARA") == 1
    assert count(search="٢٠٠٠٠٠٠١") == 1
    assert count(search="nobody") == 0
    assert count(search="") == 3


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"course": "x"}, {"course": ["A valid integer is required."]}),
        ({"status": "gone"}, {"status": ['"gone" is not a valid choice.']}),
        ({"search": "a\0"}, {"search": ["Null characters are not allowed."]}),
        ({"page_size": "x"}, {"page_size": ["A valid integer is required."]}),
    ],
)
def test_a_bad_filter_is_refused(api, query, messages):
    response = api.as_(create_teacher()).get("/api/enrollments/", query_string=query)

    assert (response.status_code, response.json) == (400, messages)


def test_each_side_keeps_to_its_own_routes(api):
    enrollment = create_enrollment(create_student(), create_course(), "pending")
    student, teacher = api.as_(enrollment.student), api.as_(enrollment.course.teacher)

    for response in (
        student.get("/api/enrollments/"),
        student.post(f"/api/enrollments/{enrollment.id}/approve/"),
        student.post(f"/api/enrollments/{enrollment.id}/reject/"),
        student.post("/api/enrollments/bulk_respond/", {"ids": [enrollment.id], "status": "approved"}),
        teacher.post("/api/enrollments/", {"course": enrollment.course_id}),
        teacher.get("/api/enrollments/mine/"),
        teacher.delete(f"/api/enrollments/{enrollment.id}/"),
        teacher.get("/api/courses/enrolled/"),
    ):
        assert (response.status_code, response.json) == (403, FORBIDDEN)
    assert api.get("/api/enrollments/mine/").status_code == 401


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        ("pending", "Your account is not verified yet."),
        ("declined", "Your account is not verified yet."),
        ("suspended_temporary", "Your account is inactive. Please contact an administrator."),
    ],
)
def test_a_student_who_is_not_verified_asks_in_vain(api, status, detail):
    student = create_student(status=status)

    response = api.as_(student).post("/api/enrollments/", {"course": create_course().id})

    assert (response.status_code, response.json) == (403, {"detail": detail})
