"""Who is told what, and when: each telling in the transaction of what it tells."""

from decimal import Decimal

import pytest
from sqlalchemy import select, text

from edutrack.accounts.models import User
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture
from edutrack.courses.queries.scope import find_lecture
from edutrack.courses.service import lectures
from edutrack.notifications.models import Notification
from tests.api import Api, counted_statements
from tests.factories import (
    create_assistant,
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
    give_balance,
)
from tests.racing import race


def told():
    """Return who was told what: user id, type and params, in order of user."""
    db.session.rollback()
    columns = (Notification.user_id, Notification.type, Notification.params)
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(Notification.user_id, Notification.id))]


def inserts(statements):
    return [statement for statement in statements if statement.startswith("INSERT INTO notifications")]


def said_to(api, person, language="en"):
    items = api.as_(person).get("/api/notifications/", headers={"Accept-Language": language}).json["results"]
    return [item["message"] for item in items]


class TestEnrollments:
    def test_a_request_is_told_to_the_teacher_and_the_active_assistants(self, api):
        course, student = create_course(), create_student()
        assistant = create_assistant(course.teacher)
        create_assistant(course.teacher, is_active=False)
        create_assistant()
        client = api.as_(student)

        with counted_statements() as statements:
            enrollment = client.post("/api/enrollments/", {"course": course.id}).json

        params = {
            "enrollment_id": enrollment["id"],
            "course_id": course.id,
            "student_id": student.id,
            "course_name": course.name,
            "student_name": student.name_ar,
        }
        assert told() == [(person.user_id, "enrollment_requested", params) for person in (course.teacher, assistant)]
        assert len(inserts(statements)) == 1
        assert said_to(api, assistant) == [f"{student.name_ar} asks to join “{course.name}”."]
        assert said_to(api, course.teacher, "ar") == [f"يطلب {student.name_ar} الاشتراك في «{course.name}»."]

    def test_a_refused_request_is_told_to_nobody(self, api):
        student = create_student()

        response = api.as_(student).post("/api/enrollments/", {"course": create_course(is_active=False).id})

        assert response.status_code == 400
        assert told() == []

    @pytest.mark.parametrize(
        ("action", "kind", "message"),
        [
            ("approve", "enrollment_approved", "You can now study in “{}”."),
            ("reject", "enrollment_rejected", "Your request to join “{}” was rejected."),
        ],
    )
    def test_the_answer_is_told_to_the_student(self, api, action, kind, message):
        course, student = create_course(), create_student()
        enrollment = create_enrollment(student, course, "pending")

        api.as_(course.teacher).post(f"/api/enrollments/{enrollment.id}/{action}/", {})

        params = {
            "enrollment_id": enrollment.id,
            "course_id": course.id,
            "student_id": student.id,
            "course_name": course.name,
        }
        assert told() == [(student.user_id, kind, params)]
        assert said_to(api, student) == [message.format(course.name)]

    def test_many_answers_are_told_by_one_statement_and_only_to_those_answered(self, api):
        course = create_course()
        waiting = [create_enrollment(create_student(), course, "pending") for _ in range(4)]
        answered = create_enrollment(create_student(), course)
        foreign = create_enrollment(create_student(), create_course(), "pending")
        body = {"ids": [each.id for each in (*waiting, answered, foreign)], "status": "approved"}
        client = api.as_(course.teacher)

        with counted_statements() as statements:
            assert client.post("/api/enrollments/bulk_respond/", body).json == {"updated": 4}

        assert [(user, kind) for user, kind, _ in told()] == [
            (each.student.user_id, "enrollment_approved") for each in waiting
        ]
        assert len(inserts(statements)) == 1

    def test_answering_nothing_tells_nothing(self, api):
        answered = create_enrollment(create_student(), create_course())

        response = api.as_(create_site_owner()).post(
            "/api/enrollments/bulk_respond/", {"ids": [answered.id], "status": "rejected"}
        )

        assert response.json == {"updated": 0}
        assert told() == []


class TestMoney:
    def test_a_redeemed_code_is_told_to_the_student(self, api):
        course, student = create_course(), create_student()
        create_enrollment(student, course)
        code, _ = create_code(course, value=Decimal("150.00"))

        response = api.as_(student).post("/api/wallet/redeem/", {"code": code, "course": course.id})

        params = {
            "course_id": course.id,
            "transaction_id": response.json["transaction_id"],
            "course_name": course.name,
            "amount": "150.00",
        }
        assert told() == [(student.user_id, "balance_added", params)]
        assert said_to(api, student) == [f"150.00 EGP were added to your balance in “{course.name}”."]

    def test_a_refused_code_is_told_to_nobody(self, api):
        course, student = create_course(), create_student()
        create_enrollment(student, course)

        assert (
            api.as_(student)
            .post("/api/wallet/redeem/", {"code": "AAAA-BBBB-CCCC-DDDD", "course": course.id})
            .status_code
            == 404
        )

        assert told() == []

    def test_a_purchase_is_told_to_the_teacher_alone(self, api):
        lecture, student = create_lecture(price=Decimal("70.00")), create_student()
        course = lecture.topic.course
        create_assistant(course.teacher)
        create_enrollment(student, course)
        give_balance(student, course, "70.00")

        purchase = api.as_(student).post("/api/purchases/", {"lecture": lecture.id}).json

        params = {
            "purchase_id": purchase["id"],
            "lecture_id": lecture.id,
            "course_id": course.id,
            "student_id": student.id,
            "lecture_name": lecture.name,
            "course_name": course.name,
            "student_name": student.name_ar,
        }
        assert told() == [(course.teacher.user_id, "lecture_purchased", params)]
        assert said_to(api, course.teacher) == [f"{student.name_ar} bought “{lecture.name}” of “{course.name}”."]

    def test_a_purchase_that_fails_is_told_to_nobody(self, api):
        lecture, student = create_lecture(price=Decimal("70.00")), create_student()
        create_enrollment(student, lecture.topic.course)

        assert api.as_(student).post("/api/purchases/", {"lecture": lecture.id}).status_code == 400

        assert told() == []

    def test_a_reopening_is_told_to_the_student(self, api):
        lecture, student = create_lecture(), create_student()
        purchase = create_purchase(student, lecture)

        api.as_(lecture.topic.course.teacher).post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 3})

        params = {
            "purchase_id": purchase.id,
            "lecture_id": lecture.id,
            "course_id": lecture.course_id,
            "lecture_name": lecture.name,
            "extra_days": 3,
        }
        assert told() == [(student.user_id, "lecture_reopened", params)]
        assert said_to(api, student) == [f"You can watch “{lecture.name}” for longer. Extra days: 3."]


class TestAccounts:
    @pytest.mark.parametrize(
        ("before", "body", "state"),
        [
            ("pending", {"status": "verified"}, "verified"),
            ("pending", {"status": "declined"}, "declined"),
            ("verified", {"status": "suspended_temporary"}, "suspended_temporary"),
            ("verified", {"status": "suspended_permanent"}, "suspended_permanent"),
            ("verified", {"is_active": False}, "inactive"),
        ],
    )
    def test_a_change_by_the_site_owner_is_told_to_the_student(self, api, before, body, state):
        student = create_student(status=before)

        api.as_(create_site_owner()).patch(f"/api/accounts/students/{student.id}/status/", body)

        assert told() == [(student.user_id, "account_status_changed", {"state": state})]

    def test_no_change_is_told_to_nobody(self, api):
        student = create_student()

        api.as_(create_site_owner()).patch(f"/api/accounts/students/{student.id}/status/", {"status": "verified"})

        assert told() == []


class TestLectures:
    @pytest.fixture
    def course(self, app):
        """A course with two approved students, one who waits and one who was rejected."""
        course = create_course()
        self.students = [create_student(), create_student(status="suspended_temporary")]
        for student in self.students:
            create_enrollment(student, course)
        create_enrollment(create_student(), course, "pending")
        create_enrollment(create_student(), course, "rejected")
        create_enrollment(create_student(), create_course())
        return course

    def expected(self, lecture):
        params = {
            "lecture_id": lecture.id,
            "course_id": lecture.course_id,
            "lecture_name": lecture.name,
            "course_name": lecture.topic.course.name,
        }
        return [(student.user_id, "lecture_published", params) for student in self.students]

    def create(self, api, topic, **values):
        body = {"topic": topic.id, "name": "الحركة", "price": "50", "available_days": 7} | values
        response = api.as_(topic.course.teacher).post("/api/lectures/", body)
        assert response.status_code == 201
        return db.session.get_one(Lecture, response.json["id"])

    def test_one_that_is_created_active_is_told_to_the_approved_by_one_statement(self, api, course):
        with counted_statements() as statements:
            lecture = self.create(api, create_topic(course))

        assert told() == self.expected(lecture)
        assert len(inserts(statements)) == 1
        assert said_to(api, self.students[0]) == [f"“الحركة” is now available in “{course.name}”."]

    def test_one_that_is_created_inactive_is_told_when_it_becomes_active_once(self, api, course):
        lecture = self.create(api, create_topic(course), is_active=False)
        client = api.as_(course.teacher)
        assert told() == []

        for _ in range(2):
            assert client.patch(f"/api/lectures/{lecture.id}/", {"is_active": True}).json["is_active"] is True
        client.patch(f"/api/lectures/{lecture.id}/", {"name": "السرعة"})

        assert [(user, kind) for user, kind, _ in told()] == [
            (student.user_id, "lecture_published") for student in self.students
        ]

    def test_off_and_on_again_is_told_again(self, api, course):
        lecture = create_lecture(course)
        for is_active in (False, True):
            api.as_(course.teacher).patch(f"/api/lectures/{lecture.id}/", {"is_active": is_active})

        assert told() == self.expected(lecture)

    def test_a_change_that_is_refused_tells_nobody(self, api, course):
        lecture = create_lecture(course, is_active=False)

        response = api.as_(course.teacher).patch(
            f"/api/lectures/{lecture.id}/", {"is_active": True, "discount": "9999"}
        )

        assert response.status_code == 400
        assert told() == []
        assert db.session.get_one(Lecture, lecture.id).is_active is False

    def test_what_students_cannot_see_is_told_to_nobody(self, api, course):
        self.create(api, create_topic(course, is_active=False))

        assert told() == []

    def test_thousands_are_told_by_one_statement(self, api):
        course = create_course()
        count = 2000
        _enroll_many(course, count)
        topic = create_topic(course)

        with counted_statements() as statements:
            self.create(api, topic)

        assert len(told()) == count
        assert len(inserts(statements)) == 1


def _enroll_many(course, count):
    student = create_student()
    columns = [
        column.name
        for column in type(student).__table__.columns
        if column.computed is None and column.name not in ("id", "user_id", "student_code", "national_id_sealed")
    ]
    listed = ", ".join(columns)
    first = db.session.scalar(select(User.id).order_by(User.id.desc())) + 1
    series = {"first": first, "last": first + count - 1, "student": student.id, "course": course.id}
    for statement in (
        "INSERT INTO users (id, username, gmail, password_hash, role, is_active, created_at) OVERRIDING SYSTEM VALUE "
        "SELECT n, 'many' || n, 'many' || n || '@example.org', 'x', 'student', true, now() "
        "FROM generate_series(CAST(:first AS bigint), :last) n",
        f"INSERT INTO students (user_id, student_code, national_id_sealed, {listed}) "  # noqa: S608
        f"SELECT n, 'm' || n, CAST('m' || n AS bytea), {listed} "
        "FROM students, generate_series(CAST(:first AS bigint), :last) n WHERE students.id = :student",
        "INSERT INTO enrollments (student_id, course_id, status, enrolled_at, responded_at) "
        "SELECT id, :course, 'approved', now(), now() FROM students WHERE student_code LIKE 'm%'",
    ):
        db.session.execute(text(statement), series)
    db.session.commit()


@pytest.mark.concurrency
class TestOneActivation:
    """Several requests switch a lecture on at the same moment: its students are told once."""

    CLIENTS = 8

    def activate_by_many(self, app):
        course = create_course(create_teacher())
        create_enrollment(create_student(), course)
        lecture = create_lecture(course, is_active=False)
        path, client = f"/api/lectures/{lecture.id}/", Api(app).as_(course.teacher)
        responses = race([lambda: client.patch(path, {"is_active": True})] * self.CLIENTS)
        assert {response.status_code for response in responses} == {200}

    def test_it_is_told_once(self, committing_app):
        self.activate_by_many(committing_app)

        assert len(told()) == 1

    def test_without_the_lock_it_is_told_more_than_once(self, committing_app, monkeypatch):
        monkeypatch.setattr(lectures, "lock_lecture", find_lecture)

        self.activate_by_many(committing_app)

        assert len(told()) > 1
