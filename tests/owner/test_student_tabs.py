"""The pages about one student's learning, money and history, over HTTP with the console's session."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.idempotency import IdempotencyKey
from edutrack.courses.models import Enrollment, Reopening, VideoProgress
from edutrack.notifications.models import Notification
from edutrack.wallet.models import Adjustment, BalanceTransaction, CourseBalance
from tests.api import Api
from tests.factories import (
    create_attempt,
    create_course,
    create_enrollment,
    create_homework,
    create_homework_submission,
    create_lecture,
    create_purchase,
    create_quiz,
    create_site_owner,
    create_student,
    create_teacher,
    create_video,
    give_balance,
)
from tests.owner.people import (
    STUDENTS,
    english_console,
    errors_at,
    flashed,
    left_by_both,
    rows_in,
    rows_of,
    sent_again,
)
from tests.racing import race


def page_of(student, tab):
    return f"{STUDENTS}{student.id}/{tab}/"


def balance_of(student, course):
    return db.session.scalar(select(CourseBalance.balance).filter_by(student_id=student.id, course_id=course.id))


class TestLearning:
    def test_it_shows_courses_progress_attempts_and_homework(self, console):
        student = create_student()
        course = create_course(name="كيمياء عضوية")
        create_enrollment(student, course, response_note="أهلًا")
        lecture = create_lecture(course, name="الألكانات")
        watched, begun = create_video(lecture), create_video(lecture)
        create_video(lecture, is_active=False)
        create_purchase(student, lecture)
        for video, percentage in ((watched, "100.00"), (begun, "20.00")):
            db.session.add(progress(student, video, percentage))
        quiz, homework = create_quiz(lecture, title="اختبار"), create_homework(lecture, title="واجب")
        create_attempt(student, quiz, [[0], [0]])
        create_homework_submission(student, homework)

        text = console.get(page_of(student, "learning")).text

        assert [(row[0], row[2], row[5]) for row in rows_in(text, "enrollments")] == [
            ("كيمياء عضوية", "Approved", "أهلًا")
        ]
        assert [row[:4] for row in rows_in(text, "progress")] == [["الألكانات", "كيمياء عضوية", "60%", "1 of 2"]]
        (attempt,) = rows_in(text, "attempts")
        assert (attempt[0], attempt[1], attempt[2], attempt[3]) == ("اختبار", "الألكانات", "1", "Graded")
        assert attempt[4].endswith(f" / {sum(place.points for place in quiz.questions)}")
        (handed_in,) = rows_in(text, "homework")
        assert handed_in[:2] == ["واجب", "الألكانات"]

    def test_what_others_have_done_is_not_shown(self, console):
        other = create_student()
        lecture = create_lecture()
        create_purchase(other, lecture)
        db.session.add(progress(other, create_video(lecture), "50.00"))
        create_attempt(other, create_quiz(lecture))

        text = console.get(page_of(create_student(), "learning")).text

        for nothing in ("No enrolments yet.", "No lectures bought yet", "No quiz has been begun", "No homework has"):
            assert nothing in text

    def test_attempts_come_in_pages(self, console):
        student, lecture = create_student(), create_lecture()
        quiz = create_quiz(lecture, questions=1, max_attempts=30)
        for number in range(26):
            begun = clock.now() - timedelta(days=30 - number)
            create_attempt(student, quiz, attempt_number=number + 1, started_at=begun, status="graded")

        first, second = (console.get(f"{page_of(student, 'learning')}?page={number}").text for number in (1, 2))

        assert [row[2] for row in rows_in(first, "attempts")] == [str(number) for number in range(26, 1, -1)]
        assert [row[2] for row in rows_in(second, "attempts")] == ["1"]

    @pytest.mark.parametrize("status", ["approved", "rejected"])
    def test_a_request_is_answered_once(self, console, owner, status):
        student = create_student()
        enrollment = create_enrollment(student, create_course(), status="pending")
        path = f"{STUDENTS}{student.id}/enrollments/{enrollment.id}/respond/"

        response = console.post(path, {"status": status, "response_note": "أهلًا بك"})

        assert (response.status_code, response.location) == (303, page_of(student, "learning"))
        assert flashed(console, response) == ["The request has been answered, and the student told."]
        again = console.post(path, {"status": "rejected"})
        assert flashed(console, again) == ["This enrollment is not pending."]
        db.session.expire_all()
        assert (enrollment.status, enrollment.approved_by_id) == (status, owner.id)
        assert enrollment.response_note == "أهلًا بك"
        assert [entry["verb"] for entry in rows_of(AuditEntry)] == [f"enrollment.{status}"]
        assert [told["type"] for told in rows_of(Notification)] == [f"enrollment_{status}"]

    def test_a_wrong_answer_is_refused(self, console):
        student = create_student()
        enrollment = create_enrollment(student, create_course(), status="pending")
        path = f"{STUDENTS}{student.id}/enrollments/{enrollment.id}/respond/"

        assert flashed(console, console.post(path, {"status": "eaten"})) == ["&#34;eaten&#34; is not a valid choice."]
        assert console.post(path, {"status": "approved", "response_note": "x" * 1001}).status_code == 303
        db.session.expire_all()
        assert enrollment.status == "pending"

    def test_another_students_request_is_not_found(self, console):
        enrollment = create_enrollment(create_student(), create_course(), status="pending")

        path = f"{STUDENTS}{create_student().id}/enrollments/{enrollment.id}/respond/"

        assert console.post(path, {"status": "approved"}).status_code == 404
        assert db.session.scalar(select(Enrollment.status)) == "pending"


class TestMoney:
    def test_it_shows_balances_purchases_and_the_ledger(self, console):
        student, course = create_student(), create_course(name="كيمياء عضوية")
        lecture = create_lecture(course, name="الألكانات")
        create_purchase(student, lecture)
        give_balance(student, course, "1250.50")
        give_balance(create_student(), create_course(name="لغيره"), "7.00")

        text = console.get(page_of(student, "money")).text

        assert [(row[0], row[2]) for row in rows_in(text, "balances")] == [("كيمياء عضوية", "1,250.50 EGP")]
        (purchase,) = rows_in(text, "purchases")
        assert (purchase[0], purchase[4]) == ("الألكانات كيمياء عضوية", "Open")
        assert [(row[1], row[2], row[4], row[5]) for row in rows_in(text, "ledger")] == [
            ("Recharge code", "كيمياء عضوية", "1,250.50 EGP", "1,250.50 EGP")
        ]
        assert "لغيره" not in text

    def test_it_says_where_there_is_nothing(self, console):
        text = console.get(page_of(create_student(), "money")).text

        for nothing in ("Nothing bought yet.", "No balance in any course yet.", "No entries in the ledger yet."):
            assert nothing in text

    def test_the_ledger_goes_on_beyond_its_first_page(self, console):
        student, course = create_student(), create_course()
        for number in range(51):
            give_balance(student, course, f"{number + 1}.00")

        second = console.get(f"{page_of(student, 'money')}?page=2").text

        assert [row[4] for row in rows_in(second, "ledger")] == ["1.00 EGP"]

    def test_a_balance_is_corrected_once_however_often_the_form_is_sent(self, console, owner):
        student, course = create_student(), create_course()
        give_balance(student, course, "100.00")
        form = {"course": str(course.id), "amount": "-30.50", "reason": "خطأ في الشحن"}
        send = sent_again(console, page_of(student, "adjust"), form)

        responses = [send(), send()]

        assert [(one.status_code, one.location) for one in responses] == [(303, page_of(student, "money"))] * 2
        assert flashed(console, responses[0]) == ["The balance has been corrected."] * 2
        assert balance_of(student, course) == Decimal("69.50")
        (adjustment,) = rows_of(Adjustment)
        assert (adjustment["reason"], adjustment["created_by_id"]) == ("خطأ في الشحن", owner.id)
        assert [entry["verb"] for entry in rows_of(AuditEntry)] == ["balance.adjusted"]

    def test_a_corrected_form_may_be_sent_after_a_refusal(self, console):
        student, course = create_student(), create_course()
        path = page_of(student, "adjust")
        form = {"course": str(course.id), "amount": "-1", "reason": "x", "form_token": "t" * 300}

        refused = console.post(path, form)
        assert (refused.status_code, errors_at(refused, "amount")) == (400, ["The balance cannot go below zero."])
        assert console.post(path, form | {"amount": "5"}).status_code == 303

        assert balance_of(student, course) == Decimal("5.00")

    def test_the_same_form_with_other_values_is_refused(self, console):
        student, course = create_student(), create_course()
        form = {"course": str(course.id), "amount": "5", "reason": "x", "form_token": "once"}
        console.post(page_of(student, "adjust"), form)

        response = console.post(page_of(student, "adjust"), form | {"amount": "6"})

        assert response.status_code == 400
        assert "This form has been sent before with other values." in response.text
        assert balance_of(student, course) == Decimal("5.00")

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("amount", "", "A valid number is required."),
            ("amount", "x", "A valid number is required."),
            ("amount", "0", "The amount may not be zero."),
            ("amount", "0.001", "Ensure that there are no more than 2 decimal places."),
            ("amount", "9999999999", "The balance cannot go above 9999999999.99."),
            ("amount", "NaN", "A valid number is required."),
            ("reason", " ", "This field may not be blank."),
            ("reason", "x" * 501, "Ensure this field has no more than 500 characters."),
            ("course", "", "A valid integer is required."),
            ("course", "999999", "Invalid pk &#34;999999&#34; - object does not exist."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_and_moves_no_money(self, console, field, value, message):
        student, course = create_student(), create_course()
        give_balance(student, course, "1.00")
        form = {"course": str(course.id), "amount": "1.00", "reason": "x", "form_token": "t"}

        response = console.post(page_of(student, "adjust"), form | {field: value})

        assert (response.status_code, errors_at(response, field)) == (400, [message])
        assert (rows_of(Adjustment), rows_of(IdempotencyKey)) == ([], [])
        assert balance_of(student, course) == Decimal("1.00")

    @pytest.mark.parametrize("token", [None, "", "nul\0"])
    def test_without_a_token_no_money_moves(self, console, token):
        student, course = create_student(), create_course()
        form = {"course": str(course.id), "amount": "1.00", "reason": "x"}

        response = console.post(page_of(student, "adjust"), form | ({} if token is None else {"form_token": token}))

        assert response.status_code == 400
        assert rows_of(Adjustment) == []

    @pytest.mark.parametrize("by_console", [True, False], ids=["console", "api"])
    def test_console_and_api_leave_the_same_rows_of_a_correction(self, app, console, owner, by_console, request):
        student, course = create_student(), create_course(name="كورس المقارنة")
        values = {"course": course.id, "amount": "12.50", "reason": "تعويض"}

        if by_console:
            sent = console.post(
                page_of(student, "adjust"), {name: str(value) for name, value in values.items()} | {"form_token": "t"}
            )
            assert sent.status_code == 303
        else:
            body = values | {"student": student.id}
            assert Api(app).as_(owner).post("/api/wallet/adjustments/", body).status_code == 201

        entries = rows_of(AuditEntry, without=("id", "actor_id", "target_id", "recorded_at"))
        left = {
            "adjustment": rows_of(Adjustment, without=("id", "student_id", "course_id", "created_by_id", "created_at")),
            "ledger": [(entry["amount"], entry["balance_after"]) for entry in rows_of(BalanceTransaction)],
            "audit": [(entry["verb"], entry["details"]["amount"]) for entry in entries],
            "told": [told["type"] for told in rows_of(Notification)],
        }
        assert left_by_both(request, left)

    @pytest.mark.concurrency
    def test_a_form_that_is_sent_by_many_at_once_moves_money_once(self, committing_app):
        owner = create_site_owner()
        student, course = create_student(), create_course()
        path, form = page_of(student, "adjust"), {"course": str(course.id), "amount": "10", "reason": "x"}
        consoles = [english_console(committing_app, owner) for _ in range(8)]

        def send(console):
            with committing_app.app_context():
                return console.post(path, form | {"form_token": "the same for all"}).status_code

        assert race([lambda console=console: send(console) for console in consoles]) == [303] * 8
        db.session.expire_all()
        assert balance_of(student, course) == Decimal("10.00")


class TestReopening:
    def test_a_lecture_is_reopened_once_however_often_the_form_is_sent(self, console, owner):
        student = create_student()
        bought = clock.now() - timedelta(days=40)
        ended = bought + timedelta(days=10)
        purchase = create_purchase(
            student, create_lecture(), purchased_at=bought, expires_at=ended, effective_expiry=ended
        )
        path = f"{STUDENTS}{student.id}/purchases/{purchase.id}/reopen/"
        send = sent_again(console, path, {"extra_days": "٧", "note": "كان مريضًا"})

        responses = [send(), send()]

        assert [(one.status_code, one.location) for one in responses] == [(303, page_of(student, "money"))] * 2
        (reopening,) = rows_of(Reopening)
        assert (reopening["extra_days"], reopening["note"], reopening["reopened_by_id"]) == (7, "كان مريضًا", owner.id)
        db.session.expire_all()
        assert not purchase.is_expired
        shown = console.get(page_of(student, "money")).text
        assert "Reopened: 1" in shown
        assert "كان مريضًا" in shown

    @pytest.mark.parametrize(
        ("days", "message"),
        [
            ("", "A valid integer is required."),
            ("0", "Ensure this value is greater than or equal to 1."),
            ("1.5", "A valid integer is required."),
            ("99999999999", "Ensure this value is less than or equal to"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, console, days, message):
        student = create_student()
        purchase = create_purchase(student, create_lecture())

        response = console.post(
            f"{STUDENTS}{student.id}/purchases/{purchase.id}/reopen/", {"extra_days": days, "form_token": "t"}
        )

        (said,) = errors_at(response, "extra_days")
        assert (response.status_code, said[: len(message)]) == (400, message)
        assert rows_of(Reopening) == []

    def test_another_students_purchase_is_not_found(self, console):
        purchase = create_purchase(create_student(), create_lecture())

        path = f"{STUDENTS}{create_student().id}/purchases/{purchase.id}/reopen/"

        assert console.get(path).status_code == 404
        assert console.post(path, {"extra_days": "1", "form_token": "t"}).status_code == 404
        assert rows_of(Reopening) == []


class TestHistory:
    def test_it_shows_what_was_done_about_the_student_in_words(self, app, console, owner):
        student, other = create_student(status="pending"), create_student()
        course = create_course()
        enrollment = create_enrollment(student, course, status="pending")
        purchase = create_purchase(student, create_lecture(course))
        api = Api(app).as_(owner)
        api.patch(f"/api/accounts/students/{student.id}/status/", {"status": "verified"})
        api.post(f"/api/enrollments/{enrollment.id}/approve/", {})
        api.post("/api/wallet/adjustments/", {"student": student.id, "course": course.id, "amount": "5", "reason": "x"})
        api.post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 3})
        api.post(f"/api/accounts/users/{student.user_id}/password/", {"new_password": "another-decent-one"})
        # Ids of other things may be the same; they are about somebody else.
        api.patch(f"/api/accounts/students/{other.id}/status/", {"status": "declined"})
        api.post(f"/api/accounts/users/{create_teacher().user_id}/password/", {"new_password": "another-decent-one"})

        rows = rows_in(console.get(page_of(student, "history")).text, "history")

        assert [row[2].split(" Open until")[0] for row in rows] == [
            "Another password was set How By the staff",
            "A lecture was opened again, extra days: 3",
            f"A balance was corrected by 5.00 pounds Course {course.name} Student {student.name_ar}",
            "An enrolment was approved",
            "A student's status was changed Status Waiting for verification then Verified Active No then Yes",
        ]
        assert {row[1] for row in rows} == {owner.username}
        assert "another-decent-one" not in str(rows)

    def test_a_student_about_whom_nothing_was_done_is_shown_as_such(self, console):
        text = console.get(page_of(create_student(), "history")).text

        assert "Nothing has been recorded about this student yet." in text

    def test_fields_that_the_student_changed_are_named(self, app, console):
        student = create_student()
        Api(app).as_(student).patch("/api/accounts/profile/me/", {"phone_number": "01098765432", "father_job": "طبيب"})

        (row,) = rows_in(console.get(page_of(student, "history")).text, "history")

        assert row[2].startswith("A student changed their own profile Changed Father's job, Mobile number")


def progress(student, video, percentage):
    return VideoProgress(
        student_id=student.id,
        video_id=video.id,
        progress_seconds=10,
        duration_seconds=100,
        progress_percentage=Decimal(percentage),
        is_completed=percentage == "100.00",
        watch_count=1,
        last_watched_at=clock.now(),
    )
