"""The console's pages about teachers, over HTTP with the console's session."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from edutrack.accounts.models import Teacher, User
from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.mail.outbox import Mail
from edutrack.owner.figures.closing import roll_up
from tests.api import Api
from tests.factories import (
    PASSWORD,
    any_grade,
    create_assistant,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_student,
    create_subject,
    create_teacher,
    create_user,
)
from tests.owner.console import LANGUAGE
from tests.owner.people import (
    TEACHERS,
    errors_at,
    flashed,
    left_by_both,
    plain,
    rows_in,
    rows_of,
)


def picture(kind="PNG"):
    content = BytesIO()
    Image.new("RGB", (20, 20), "teal").save(content, kind)
    content.seek(0)
    return content


def form_of(subject, **values):
    return {
        "name": "منى السيد",
        "gender": "female",
        "phone": "01012345678",
        "secondary_phone": "",
        "username": "mona",
        "password": PASSWORD,
        "gmail": "mona@example.org",
        "subject": str(subject.id),
        "grades": ["", *(str(grade.id) for grade in subject.grades)],
        "video_security": "",
        "biography": "",
        "facebook": "",
    } | values


def form_of_teacher(teacher, **values):
    return (
        form_of(teacher.subject)
        | {
            "name": teacher.name,
            "gender": teacher.gender,
            "phone": teacher.phone,
            "username": teacher.user.username,
            "password": "",
            "gmail": teacher.user.gmail,
        }
        | values
    )


def figures_in(text):
    """Return the figures of a page, by their names."""
    found = re.findall(r'<span class="figure-label">(.*?)</span><strong>(.*?)</strong>', text, re.DOTALL)
    return {name: plain(value).removesuffix(" EGP") for name, value in found}


def test_teachers_are_listed_searched_and_filtered(console):
    physics, maths = create_subject(name="الفيزياء الحديثة"), create_subject(name="الجبر")
    create_teacher(name="أحمد فؤاد", subject=physics)
    create_teacher(name="منة الله", subject=maths, is_active=False)

    def shown(query=""):
        text = console.get(f"{TEACHERS}{query}").text
        return [name for name in ("أحمد فؤاد", "منة الله") if f"<bdi>{name}</bdi>" in text]

    assert shown() == ["أحمد فؤاد", "منة الله"]
    assert shown("?search=احمد") == ["أحمد فؤاد"]
    assert shown("?is_active=false") == ["منة الله"]
    assert shown(f"?subject={physics.id}") == ["أحمد فؤاد"]
    assert shown(f"?grades={any_grade().id}") == ["أحمد فؤاد", "منة الله"]
    assert shown("?search=nobody") == []
    assert "Nothing matches this search." in console.get(f"{TEACHERS}?search=nobody").text


def test_a_school_without_teachers_says_so(console):
    assert "There are no teachers yet." in console.get(TEACHERS).text


def test_a_teacher_is_added_with_a_picture_and_can_sign_in(app, console):
    subject = create_subject()

    response = console.post(
        f"{TEACHERS}new/",
        form_of(subject, profile_picture=(picture(), "mona.png")),
        content_type="multipart/form-data",
    )

    (teacher,) = db.session.scalars(select(Teacher)).all()
    assert (response.status_code, response.location) == (303, f"{TEACHERS}{teacher.id}/")
    assert flashed(console, response) == ["The teacher has been added."]
    assert (teacher.name, teacher.user.username, teacher.secondary_phone) == ("منى السيد", "mona", None)
    shown = console.get(response.location).text
    assert f'src="/media/{teacher.profile_picture.removeprefix("public/")}"' in shown
    login = Api(app).post("/api/accounts/login/", {"username": "mona", "password": PASSWORD})
    assert (login.status_code, login.json["role"]) == (200, "teacher")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field may not be blank."),
        ("name", "x" * 256, "Ensure this field has no more than 255 characters."),
        ("name", "nul\0", "Null characters are not allowed."),
        ("phone", "0221234567", "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."),
        ("secondary_phone", "1", "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."),
        ("gmail", "nobody", "Enter a valid email address."),
        ("gender", "", "This field is required."),
        ("gender", "other", "&#34;other&#34; is not a valid choice."),
        ("password", "", "This field is required."),
        ("password", "12345678", "This password is entirely numeric."),
        ("subject", "", "This field is required."),
        ("subject", "x", "A valid integer is required."),
        ("subject", str(2**63), f"Invalid pk &#34;{2**63}&#34; - object does not exist."),
        ("grades", [""], "This list may not be empty."),
        ("grades", ["999999"], "Invalid pk &#34;999999&#34; - object does not exist."),
        ("video_security", "999999", "Invalid pk &#34;999999&#34; - object does not exist."),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_written(console, field, value, message):
    subject = create_subject()
    users = len(rows_of(User))

    response = console.post(f"{TEACHERS}new/", form_of(subject) | {field: value})

    assert response.status_code == 400
    assert errors_at(response, field) == [message]
    assert (rows_of(Teacher), len(rows_of(User)), rows_of(AuditEntry)) == ([], users, [])
    # What was typed is still there, but for the password.
    assert field == "gmail" or 'value="mona@example.org"' in response.text
    assert PASSWORD not in response.text


def test_names_that_are_taken_are_refused_at_their_fields(console):
    create_user("student", username="Mona")

    response = console.post(f"{TEACHERS}new/", form_of(create_subject()))

    assert response.status_code == 400
    assert errors_at(response, "username") == ["Username already exists."]


def test_a_file_that_is_no_picture_is_refused_at_its_field(console):
    response = console.post(
        f"{TEACHERS}new/",
        form_of(create_subject(), profile_picture=(BytesIO(b"<svg/>"), "mona.png")),
        content_type="multipart/form-data",
    )

    assert response.status_code == 400
    assert errors_at(response, "profile_picture") == [
        "Upload a valid image. The file you uploaded was either not an image or a corrupted image."
    ]


def test_refusals_are_in_the_language_of_the_page(console):
    console.post(LANGUAGE, {"language": "ar"})

    response = console.post(f"{TEACHERS}new/", form_of(create_subject(), phone="1", gmail="x"))

    assert errors_at(response, "phone") == ["رقم الموبايل 11 رقمًا ويبدأ بـ 010 أو 011 أو 012 أو 015."]
    assert errors_at(response, "gmail") == ["أدخل بريدًا إلكترونيًا صحيحًا."]


def test_grades_that_do_not_learn_the_subject_are_refused(console):
    teacher = create_teacher()
    foreign = any_grade("الصف الأول الإعدادي")

    response = console.post(f"{TEACHERS}{teacher.id}/edit/", form_of_teacher(teacher, grades=[str(foreign.id)]))

    assert response.status_code == 400
    assert errors_at(response, "grades") == [f"{teacher.subject.name} is not taught in {foreign.name}."]


def test_only_what_was_changed_counts_as_a_change(console, owner):
    teacher = create_teacher(biography="سطر\nوآخر")

    response = console.post(
        f"{TEACHERS}{teacher.id}/edit/", form_of_teacher(teacher, name="اسم جديد", biography="سطر\r\nوآخر")
    )

    assert (response.status_code, flashed(console, response)) == (303, ["The changes have been saved."])
    db.session.expire_all()
    assert (teacher.name, teacher.biography) == ("اسم جديد", "سطر\nوآخر")
    (entry,) = db.session.scalars(select(AuditEntry)).all()
    assert (entry.verb, entry.actor_id, entry.details) == ("teacher.changed", owner.id, {"fields": ["name"]})


def test_saving_a_form_as_it_was_shown_changes_nothing(console):
    teacher = create_teacher()

    response = console.post(f"{TEACHERS}{teacher.id}/edit/", form_of_teacher(teacher))

    assert response.status_code == 303
    assert rows_of(AuditEntry) == []


def test_a_picture_is_removed_by_its_tick(console):
    subject = create_subject()
    console.post(
        f"{TEACHERS}new/",
        form_of(subject, profile_picture=(picture(), "mona.png")),
        content_type="multipart/form-data",
    )
    (teacher,) = db.session.scalars(select(Teacher)).all()
    assert teacher.profile_picture is not None

    response = console.post(f"{TEACHERS}{teacher.id}/edit/", form_of_teacher(teacher, profile_picture=""))

    db.session.expire_all()
    assert (response.status_code, teacher.profile_picture) == (303, None)


def test_a_teacher_is_shut_out_and_let_in_again(app, console):
    teacher = create_teacher()
    api = Api(app).as_(teacher)

    response = console.post(f"{TEACHERS}{teacher.id}/deactivate/")
    assert (response.status_code, response.location) == (303, f"{TEACHERS}{teacher.id}/")
    assert flashed(console, response) == ["The account is no longer active."]
    assert api.get("/api/accounts/me/").status_code == 403

    assert flashed(console, console.post(f"{TEACHERS}{teacher.id}/activate/")) == ["The account is active again."]
    assert api.get("/api/accounts/me/").status_code == 200


@pytest.mark.parametrize("by_console", [True, False], ids=["console", "api"])
def test_console_and_api_leave_the_same_rows_of_a_new_teacher(app, console, owner, by_console, request):
    """Both runs write down what is left; the second is held against the first."""
    subject = create_subject(name="مادة المقارنة")
    before = len(rows_of(User))
    values = form_of(subject, biography="معلمة", grades=[str(subject.grades[0].id)])

    if by_console:
        assert console.post(f"{TEACHERS}new/", values).status_code == 303
    else:
        body = values | {"grades": [subject.grades[0].id], "secondary_phone": None, "facebook": None}
        body |= {"video_security": None, "subject": subject.id}
        assert Api(app).as_(owner).post("/api/accounts/teachers/", body).status_code == 201

    (teacher,) = db.session.scalars(select(Teacher)).all()
    left = {
        "teacher": rows_of(Teacher, without=("id", "user_id", "subject_id", "created_at")),
        "user": rows_of(User, without=("id", "password_hash", "created_at"))[before:],
        "grades": [grade.id for grade in teacher.grades],
        "audit": [
            {**entry, "details": {**entry["details"], "subject": entry["details"]["subject"] == subject.id}}
            for entry in rows_of(AuditEntry, without=("id", "actor_id", "target_id", "recorded_at"))
        ],
        "mails": [mail["recipient"] for mail in rows_of(Mail)],
    }
    assert left_by_both(request, left)


def test_a_teachers_page_shows_courses_students_revenue_and_assistants(console):
    teacher = create_teacher(name="هالة فؤاد", biography="سطر أول")
    algebra, geometry = create_course(teacher, name="الجبر"), create_course(teacher, name="الهندسة", is_active=False)
    student, other = create_student(), create_student()
    for course in (algebra, geometry):
        create_enrollment(student, course)
    create_enrollment(other, algebra)
    create_enrollment(create_student(), algebra, status="pending")
    long_ago = clock.now() - timedelta(days=70)
    create_purchase(student, create_lecture(algebra, price="100.00"), amount_paid="100.00", purchased_at=long_ago)
    create_purchase(other, create_lecture(algebra), amount_paid="40.50")
    create_purchase(student, create_lecture(create_course()), amount_paid="999.00")
    create_assistant(teacher, name="كريم وجدي")
    create_assistant(name="غريب")

    text = console.get(f"{TEACHERS}{teacher.id}/").text

    assert figures_in(text) == {"Revenue": "140.50", "Revenue this month": "40.50", "Students": "2"}
    # Course, grade, students, waiting, purchases, revenue; the best first.
    grade = any_grade().name
    assert rows_in(text, "courses") == [
        ["الجبر", grade, "2", "1", "2", "140.50 EGP", "Shown"],
        ["الهندسة", grade, "1", "0", "0", "0.00 EGP", "Hidden"],
    ]
    assert [row[0] for row in rows_in(text, "assistants")] == ["كريم وجدي"]
    assert "سطر أول" in text


def test_a_teachers_figures_are_the_same_once_they_are_rolled_up(console):
    teacher = create_teacher()
    lecture = create_lecture(create_course(teacher))
    create_purchase(create_student(), lecture, amount_paid="25.00", purchased_at=clock.now() - timedelta(days=3))
    create_purchase(create_student(), lecture, amount_paid="10.00")
    before = figures_in(console.get(f"{TEACHERS}{teacher.id}/").text)

    roll_up()

    assert before["Revenue"] == "35.00"
    assert figures_in(console.get(f"{TEACHERS}{teacher.id}/").text) == before


def test_a_teacher_without_anything_is_shown_as_such(console):
    text = console.get(f"{TEACHERS}{create_teacher().id}/").text

    assert figures_in(text) == {"Revenue": "0.00", "Revenue this month": "0.00", "Students": "0"}
    assert "This teacher has no course yet." in text
    assert "This teacher has no assistants." in text


def test_what_deactivating_a_teacher_does_is_said_beforehand(console):
    teacher = create_teacher()
    create_course(teacher)
    create_course(teacher, is_active=False)
    create_assistant(teacher)

    text = console.get(f"{TEACHERS}{teacher.id}/").text

    assert "The teacher is shut out at once, and so are the assistants: 1." in text
    assert "The courses take no new students, purchases or codes: 1 open now." in text
    console.post(f"{TEACHERS}{teacher.id}/deactivate/")
    assert "This account is not active" in console.get(f"{TEACHERS}{teacher.id}/").text
