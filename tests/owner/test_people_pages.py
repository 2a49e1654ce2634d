"""The console's pages about teachers and students, over HTTP with the console's session."""

import re
from datetime import date
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from edutrack.accounts.models import Student, Teacher, User
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.mail.outbox import Mail
from edutrack.core.sealing import seal
from edutrack.notifications.models import Notification
from tests.api import Api, counted_statements
from tests.factories import (
    PASSWORD,
    any_grade,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_user,
    give_balance,
    national_id_number,
)
from tests.owner.console import LANGUAGE, Console

TEACHERS, STUDENTS, QUEUE = "/owner/teachers/", "/owner/students/", "/owner/verification/"
UNCOUNTED = 1  # the console's session, which `counted_statements` leaves out
MOST_STATEMENTS = 10 - UNCOUNTED


@pytest.fixture
def owner(app):
    return create_site_owner()


@pytest.fixture
def console(app, owner):
    visitor = Console(app)
    visitor.post(LANGUAGE, {"language": "en"})
    visitor.sign_in(owner)
    return visitor


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


def errors_at(page, name):
    """Return the messages that stand at a field of a page's form."""
    found = re.search(rf'<label for="{name}">(.*?)(?=<label for=|</fieldset>)', page.text, re.DOTALL)
    assert found, page.text
    return re.findall(r'<p class="error"><bdi>(.*?)</bdi></p>', found[1])


def flashed(console, page):
    """Return what the page that a response leads to says over its content."""
    text = console.get(page.location).text
    return re.findall(r'<div class="alert alert-\w+" role="status"><bdi>(.*?)</bdi>', text)


def rows_of(model, *, without=()):
    """Return a table's rows as plain values, but for the columns that differ from one run to the next."""
    columns = [column for column in model.__table__.columns if column.name not in without]
    return [dict(row._mapping) for row in db.session.execute(select(*columns).order_by(model.id))]


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

    response = console.post(f"{TEACHERS}{teacher.id}/", form_of_teacher(teacher, grades=[str(foreign.id)]))

    assert response.status_code == 400
    assert errors_at(response, "grades") == [f"{teacher.subject.name} is not taught in {foreign.name}."]


def test_only_what_was_changed_counts_as_a_change(console, owner):
    teacher = create_teacher(biography="سطر\nوآخر")

    response = console.post(
        f"{TEACHERS}{teacher.id}/", form_of_teacher(teacher, name="اسم جديد", biography="سطر\r\nوآخر")
    )

    assert (response.status_code, flashed(console, response)) == (303, ["The changes have been saved."])
    db.session.expire_all()
    assert (teacher.name, teacher.biography) == ("اسم جديد", "سطر\nوآخر")
    (entry,) = db.session.scalars(select(AuditEntry)).all()
    assert (entry.verb, entry.actor_id, entry.details) == ("teacher.changed", owner.id, {"fields": ["name"]})


def test_saving_a_form_as_it_was_shown_changes_nothing(console):
    teacher = create_teacher()

    response = console.post(f"{TEACHERS}{teacher.id}/", form_of_teacher(teacher))

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

    response = console.post(f"{TEACHERS}{teacher.id}/", form_of_teacher(teacher, profile_picture=""))

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
    assert _as_the_other_run_left(request, left)


@pytest.mark.parametrize("by_console", [True, False], ids=["console", "api"])
def test_console_and_api_leave_the_same_rows_of_a_verified_student(app, console, owner, by_console, request):
    student = create_student(status="pending", name_ar="طالب المقارنة")

    if by_console:
        assert console.post(f"{QUEUE}{student.id}/verify/").status_code == 303
    else:
        path = f"/api/accounts/students/{student.id}/status/"
        assert Api(app).as_(owner).patch(path, {"status": "verified"}).status_code == 200

    db.session.expire_all()
    left = {
        "student": (student.status, student.user.is_active, student.updated_at > student.created_at),
        "audit": rows_of(AuditEntry, without=("id", "actor_id", "target_id", "recorded_at")),
        "actor": [entry["actor_id"] == owner.id for entry in rows_of(AuditEntry)],
        "told": rows_of(Notification, without=("id", "user_id", "created_at")),
        "mails": [mail["recipient"] == student.user.gmail for mail in rows_of(Mail)],
    }
    assert left["student"] == ("verified", True, True)
    assert _as_the_other_run_left(request, left)


def _as_the_other_run_left(request, left):
    kept = request.config.stash.setdefault(_LEFT, {})
    return kept.setdefault(request.node.originalname, left) == left


_LEFT = pytest.StashKey[dict]()


def test_students_are_listed_searched_and_filtered(console):
    first = create_student(name_ar="أسماء مصطفى", status="pending")
    second = create_student(name_ar="يوسف علي", grade=any_grade("الصف الأول الإعدادي"))

    def shown(query=""):
        text = console.get(f"{STUDENTS}{query}").text
        return [name for name in ("أسماء مصطفى", "يوسف علي") if f"<bdi>{name}</bdi>" in text]

    assert shown() == ["أسماء مصطفى", "يوسف علي"]
    assert shown("?search=اسماء مصطفي") == ["أسماء مصطفى"]
    assert shown(f"?search={second.student_code}") == ["يوسف علي"]
    assert shown("?status=pending") == ["أسماء مصطفى"]
    assert shown(f"?grade={second.grade_id}") == ["يوسف علي"]
    assert shown(f"?school_type={first.school_type_id}") == ["أسماء مصطفى", "يوسف علي"]
    assert shown(f"?governorate={first.governorate_id}") == ["أسماء مصطفى", "يوسف علي"]
    assert shown(f"?governorate={first.governorate_id + 1}") == []


def test_a_school_without_students_says_so(console):
    assert "Nobody has registered yet." in console.get(STUDENTS).text
    assert "Nobody is waiting to be verified." in console.get(QUEUE).text


def test_the_queue_shows_who_waits_oldest_first_beside_what_the_national_id_says(console):
    number = national_id_number(date(2009, 3, 2), "female")
    create_student(name_ar="الأقدم", status="pending", national_id_sealed=seal(number, "national-id"))
    create_student(name_ar="الأحدث", status="pending")
    create_student(name_ar="موثق")

    text = console.get(QUEUE).text
    older, newer = re.findall(r"<article.*?</article>", text, re.DOTALL)

    assert "الأقدم" in older
    assert number in older
    assert "Does not agree with the form" in older
    # Birth date and gender differ; the governorate of birth is the home's.
    assert re.findall(r'<tr class="(\w+)">', older) == ["differs", "differs", "same"]
    assert re.findall(r'<time datetime="([\d-]{10})">', older) == ["2009-03-02", "2010-05-17"]
    assert "الأحدث" in newer
    assert re.findall(r'<tr class="(\w+)">', newer) == ["same", "same", "same"]
    assert "Agrees with the form" in newer
    assert "موثق" not in text


def test_being_born_elsewhere_is_shown_and_is_no_contradiction(console):
    number = national_id_number()
    number = f"{number[:7]}88{number[9:]}"
    create_student(status="pending", national_id_sealed=seal(number, "national-id"))

    text = console.get(QUEUE).text

    assert re.findall(r'<tr class="(\w+)">', text) == ["same", "same", "elsewhere"]
    assert "Abroad" in text
    assert "Agrees with the form" in text


def test_a_number_that_cannot_be_read_is_shown_as_such(console):
    create_student(status="pending", national_id_sealed=seal("1" * 14, "national-id"))

    text = console.get(QUEUE).text

    assert "1" * 14 in text
    assert "The number cannot be read" in text
    assert "Does not agree with the form" in text


@pytest.mark.parametrize(
    ("decision", "status", "is_active", "message"),
    [
        ("verify", "verified", True, "The student has been verified, and told."),
        ("decline", "declined", False, "The student has been declined, and told."),
    ],
)
def test_a_student_is_decided_on_from_the_queue(console, owner, decision, status, is_active, message):
    student = create_student(status="pending")

    response = console.post(f"{QUEUE}{student.id}/{decision}/")

    assert (response.status_code, response.location) == (303, QUEUE)
    assert flashed(console, response) == [message]
    db.session.expire_all()
    assert (student.status, student.user.is_active) == (status, is_active)
    (entry,) = db.session.scalars(select(AuditEntry)).all()
    assert (entry.verb, entry.actor_id, entry.target_id) == ("student.status.changed", owner.id, student.id)


def test_a_students_page_shows_profile_access_and_money(console):
    student = create_student(name_ar="سلمى حسن")
    course = create_course(name="كيمياء عضوية")
    create_enrollment(student, course, response_note="أهلًا")
    lecture = create_lecture(course, name="الألكانات")
    create_purchase(student, lecture)
    give_balance(student, course, "1250.50")

    text = console.get(f"{STUDENTS}{student.id}/").text

    for shown in ("سلمى حسن", student.student_code, "كيمياء عضوية", "أهلًا", "الألكانات", "1,250.50", "Recharge code"):
        assert shown in text, shown
    # What can be done is about the account; money is read.
    assert sorted(re.findall(r'action="/owner/students/\d+/(\w+)/"', text)) == ["deactivate", "status"]


def test_a_students_page_says_where_there_is_nothing(console):
    text = console.get(f"{STUDENTS}{create_student().id}/").text

    for nothing in ("No enrolments yet.", "Nothing bought yet.", "No balance in any course yet.", "No entries in the"):
        assert nothing in text


def test_the_status_is_changed_on_the_students_page(console):
    student = create_student()

    response = console.post(f"{STUDENTS}{student.id}/status/", {"status": "suspended_permanent"})

    assert (response.status_code, response.location) == (303, f"{STUDENTS}{student.id}/")
    assert flashed(console, response) == ["The status has been changed, and the student told."]
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("suspended_permanent", False)


def test_an_unknown_status_changes_nothing(console):
    student = create_student()

    response = console.post(f"{STUDENTS}{student.id}/status/", {"status": "gone", "is_active": "false"})

    assert flashed(console, response) == ["&#34;gone&#34; is not a valid choice."]
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("verified", True)
    assert rows_of(AuditEntry) == []


def test_a_verified_student_is_switched_off_and_on(console):
    student = create_student()

    console.post(f"{STUDENTS}{student.id}/deactivate/")
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("verified", False)

    console.post(f"{STUDENTS}{student.id}/activate/")
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("verified", True)


def changing_paths():
    teacher, student = create_teacher(), create_student(status="pending")
    return [
        f"{TEACHERS}new/",
        f"{TEACHERS}{teacher.id}/",
        f"{TEACHERS}{teacher.id}/deactivate/",
        f"{TEACHERS}{teacher.id}/activate/",
        f"{STUDENTS}{student.id}/status/",
        f"{STUDENTS}{student.id}/activate/",
        f"{STUDENTS}{student.id}/deactivate/",
        f"{QUEUE}{student.id}/verify/",
        f"{QUEUE}{student.id}/decline/",
    ]


def test_no_form_changes_anything_without_its_token(console):
    paths = changing_paths()
    before = [rows_of(table) for table in (User, Teacher, Student, AuditEntry)]

    for path in paths:
        sent = form_of(create_subject(), is_active="false", status="verified")
        assert console.post(path, sent, token="").status_code == 400

    assert [rows_of(table) for table in (User, Teacher, Student, AuditEntry)] == before


def test_who_is_not_there_is_not_found(console):
    for path in changing_paths()[1:]:
        for number in ("0", "999999", str(2**63)):
            missing = re.sub(r"/\d+/", f"/{number}/", path)
            assert console.post(missing, {"status": "x"}).status_code == 404, missing
    assert console.get(f"{STUDENTS}999999/").status_code == 404
    assert console.get(f"{TEACHERS}999999/").status_code == 404


def statements_of(console, path):
    with counted_statements() as statements:
        assert console.get(path).status_code == 200
    return len(statements)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (TEACHERS, 4),
        (f"{TEACHERS}new/", 3),
        (f"{TEACHERS}{{teacher}}/", 4),
        (STUDENTS, 5),
        (QUEUE, 2),
        (f"{STUDENTS}{{student}}/", 7),
    ],
)
def test_a_page_takes_few_statements_however_many_rows_it_shows(console, path, count):
    def add_people():
        course = create_course()
        for _ in range(3):
            student = create_student(status="pending")
            create_enrollment(student, course)
            create_purchase(student, create_lecture(course))
            give_balance(student, course, "10.00")
        return course.teacher, student

    teacher, student = add_people()
    path = path.format(teacher=teacher.id, student=student.id)
    few = statements_of(console, path)
    add_people()
    for _ in range(3):
        create_purchase(student, create_lecture())

    assert (few, statements_of(console, path)) == (count, count)
    assert count <= MOST_STATEMENTS
