"""Registering as a student."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from edutrack import create_app
from edutrack.accounts.models import Student, User
from edutrack.core import clock
from edutrack.core.extensions import db, limiter
from edutrack.core.mail import Mail
from edutrack.core.sealing import seal
from edutrack.structure.models import Area, SchoolType
from edutrack.students import service
from tests.api import counted_statements
from tests.factories import (
    PASSWORD,
    any_division,
    any_grade,
    create_student,
    create_teacher,
    national_id_number,
    registration_form,
)

PATH = "/api/accounts/students/register/"
THIRD_SECONDARY = "الصف الثالث الثانوي"
SECOND_SECONDARY = "الصف الثاني الثانوي"
AZHARI = "أزهري"

REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."
MOBILE = "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."


def school_type(name):
    return db.session.scalars(select(SchoolType).where(SchoolType.name == name)).one()


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def refused(api, form, messages):
    """Assert that the form is refused with these messages, and that nothing was written."""
    before = count(User), count(Student), count(Mail)

    response = api.post(PATH, form)

    assert (response.status_code, response.json) == (400, messages)
    assert (count(User), count(Student), count(Mail)) == before


def test_a_registration_answers_the_whole_profile_of_a_pending_student(api):
    form = registration_form(facebook_link="https://facebook.com/ahmed")

    response = api.post(PATH, form)

    student = db.session.scalars(select(Student).join(User).where(User.username == form["username"])).one()
    assert response.status_code == 201
    assert response.json == {
        "id": student.id,
        "user_id": student.user_id,
        "username": form["username"],
        "email": form["gmail"],
        "student_code": student.student_code,
        "name_ar": "أحمد محمد علي",
        "name_en": "Ahmed Mohamed Ali",
        "full_name": "أحمد محمد علي",
        "phone_number": "01012345678",
        "father_number": "01112345678",
        "mother_number": "01212345678",
        "father_job": "مهندس",
        "educational_state": "school",
        "school_type": form["school_type"],
        "school_type_name": "حكومي",
        "grade": form["grade"],
        "grade_name": "الصف الثالث الإعدادي",
        "division": None,
        "division_name": None,
        "school_name": "مدرسة النيل",
        "national_id": form["national_id"],
        "birth_date": "2010-05-17",
        "gender": "male",
        "gmail": form["gmail"],
        "facebook_link": "https://facebook.com/ahmed",
        "governorate": form["governorate"],
        "governorate_name": student.governorate.name,
        "area": form["area"],
        "area_name": student.area.name,
        "status": "pending",
        "is_active": False,
        "can_access_course": False,
        "created_at": student.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": student.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert len(student.student_code) == 8
    assert student.student_code.isdecimal()
    assert student.user.role == "student"


def test_the_national_id_is_stored_sealed(api):
    form = registration_form()

    student_id = api.post(PATH, form).json["id"]

    stored = db.session.get(Student, student_id).national_id_sealed
    assert stored == seal(form["national_id"], "national-id")
    assert form["national_id"].encode() not in stored


def test_a_registered_student_can_log_in_and_is_told_to_wait_elsewhere(api):
    form = registration_form()
    student_id = api.post(PATH, form).json["id"]

    login = api.post("/api/accounts/login/", {"username": form["username"].upper(), "password": PASSWORD})

    assert login.status_code == 200
    assert login.json == {"role": "student", "name": "أحمد محمد علي", "is_active": False}
    assert api.as_(db.session.get(Student, student_id)).get("/api/accounts/students/").status_code == 403


def test_a_registration_queues_one_mail_with_the_student_code_and_nothing_of_the_form(api):
    form = registration_form(name_en="Win a prize at https://example.org")

    code = api.post(PATH, form).json["student_code"]

    (mail,) = db.session.scalars(select(Mail).where(Mail.recipient == form["gmail"]))
    assert "Registration received" in mail.subject
    assert code in mail.text
    assert not any(form[name] in mail.text for name in ("name_ar", "name_en", "national_id", "username"))


def test_a_form_takes_multipart_where_empty_values_of_nullable_fields_are_null(api):
    form = registration_form(mother_number="", facebook_link="", division="")

    response = api.post(PATH, data=form, content_type="multipart/form-data")

    assert response.status_code == 201
    shown = {name: response.json[name] for name in ("mother_number", "facebook_link", "division", "grade")}
    assert shown == {"mother_number": None, "facebook_link": None, "division": None, "grade": form["grade"]}


def test_optional_fields_may_be_left_out(api):
    form = registration_form()
    for name in ("mother_number", "facebook_link", "division"):
        del form[name]

    response = api.post(PATH, form)

    assert response.status_code == 201
    assert (response.json["mother_number"], response.json["facebook_link"], response.json["division"]) == (None,) * 3


def test_fields_that_are_not_documented_set_nothing(api):
    form = registration_form(
        status="verified", is_active=True, student_code="12345678", role="siteowner", id=7, user_id=7
    )

    response = api.post(PATH, form)

    assert response.status_code == 201
    assert (response.json["status"], response.json["is_active"]) == ("pending", False)
    assert response.json["student_code"] != "12345678"
    assert db.session.get(User, response.json["user_id"]).role == "student"


def test_credentials_that_come_along_are_ignored(api):
    response = api.post(PATH, registration_form(), headers={"Authorization": "Bearer stale"})

    assert response.status_code == 201


def test_arabic_digits_are_kept_as_ascii_ones(api):
    number = national_id_number()
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    form = registration_form(phone_number="01012345678".translate(arabic), national_id=number.translate(arabic))

    response = api.post(PATH, form)

    assert (response.json["phone_number"], response.json["national_id"]) == ("01012345678", number)


def test_an_empty_form_names_every_required_field(api):
    always = (
        "username gmail password name_ar name_en phone_number father_job educational_state national_id birth_date "
        "gender governorate area"
    )
    refused(api, {}, {name: [REQUIRED] for name in always.split()})


@pytest.mark.parametrize("name", ["school_type", "grade", "school_name"])
def test_a_school_student_names_school_type_grade_and_school(api, name):
    form = registration_form()
    del form[name]
    refused(api, form, {name: [REQUIRED]})
    refused(api, form | {name: None}, {name: [REQUIRED]})


BAD_VALUES = {
    "a username of blanks": ("username", "  ", BLANK),
    "a username that is no text": ("username", ["a"], "Not a valid string."),
    "a username of 151 characters": ("username", "u" * 151, "Ensure this field has no more than 150 characters."),
    "a NUL in the username": ("username", "a\0b", "Null characters are not allowed."),
    "a name that is null": ("name_ar", None, NULL),
    "an English name that is too long": ("name_en", "n" * 256, "Ensure this field has no more than 255 characters."),
    "a blank job": ("father_job", "", BLANK),
    "a short phone": ("phone_number", "0101234567", MOBILE),
    "a long phone": ("phone_number", "010123456789", MOBILE),
    "a landline": ("phone_number", "01312345678", MOBILE),
    "an international phone": ("phone_number", "+201012345678", MOBILE),
    "a father's phone": ("father_number", "123", MOBILE),
    "a mother's phone": ("mother_number", "01912345678", MOBILE),
    "no address": ("gmail", "ahmed", "Enter a valid email address."),
    "an address with a line break": ("gmail", "a@example.org\nBcc: b@c.de", "Enter a valid email address."),
    "another state": ("educational_state", "university", '"university" is not a valid choice.'),
    "another gender": ("gender", "other", '"other" is not a valid choice.'),
    "a gender that is a list": ("gender", [], '"list" is not a valid choice.'),
    "a date in another order": (
        "birth_date",
        "17-05-2010",
        "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
    ),
    "a day that is not there": (
        "birth_date",
        "2010-02-30",
        "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
    ),
    "a grade that is a word": ("grade", "third", "A valid integer is required."),
    "a grade that is true": ("grade", True, "A valid integer is required."),
    "an unknown grade": ("grade", 999_999, 'Invalid pk "999999" - object does not exist.'),
    "a grade beyond bigint": ("grade", 2**63, f'Invalid pk "{2**63}" - object does not exist.'),
    "an unknown school type": ("school_type", 999_999, 'Invalid pk "999999" - object does not exist.'),
    "an unknown division": ("division", 999_999, 'Invalid pk "999999" - object does not exist.'),
    "an unknown governorate": ("governorate", 999_999, 'Invalid pk "999999" - object does not exist.'),
    "a governorate that is null": ("governorate", None, NULL),
    "an unknown area": ("area", 999_999, 'Invalid pk "999999" - object does not exist.'),
    "a negative area": ("area", -1, 'Invalid pk "-1" - object does not exist.'),
    "a short national id": ("national_id", "3100517012345", "A national ID has exactly 14 digits."),
    "a national id of another century": ("national_id", "41005170123451", "A national ID starts with 2 or 3."),
    "a national id without a date": (
        "national_id",
        "31013170123451",
        "The national ID does not contain a valid birth date.",
    ),
    "a national id from nowhere": (
        "national_id",
        "31005179923451",
        "The national ID does not contain a valid governorate code.",
    ),
    "a short password": ("password", "Ab3!", "This password is too short. It must contain at least 8 characters."),
    "a numeric password": ("password", "8273645509182", "This password is entirely numeric."),
    "a password that is null": ("password", None, NULL),
}


@pytest.mark.parametrize(("name", "value", "message"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_value_is_refused_by_name(api, name, value, message):
    refused(api, registration_form(**{name: value}), {name: [message]})


def test_a_national_id_from_the_future_is_refused(api):
    tomorrow = clock.today() + timedelta(days=1)
    form = registration_form(national_id=national_id_number(tomorrow), birth_date=tomorrow.isoformat())

    refused(api, form, {"national_id": ["The birth date in the national ID is in the future."]})


def test_a_password_like_the_username_is_refused(api):
    form = registration_form(username="ahmed.mohamed", password="Ahmed.Mohamed1")

    refused(api, form, {"password": ["The password is too similar to the username."]})


def test_one_parent_number_is_enough_and_none_is_too_few(api):
    assert api.post(PATH, registration_form(father_number=None)).status_code == 201
    assert api.post(PATH, registration_form(mother_number=None)).status_code == 201
    refused(
        api,
        registration_form(father_number=None, mother_number=None),
        {"non_field_errors": ["At least one of father_number and mother_number is required."]},
    )


def test_the_national_id_agrees_with_birth_date_and_gender(api):
    day, gender = "The national ID does not match the birth date.", "The national ID does not match the gender."

    refused(api, registration_form(birth_date="2010-05-18"), {"national_id": [day]})
    refused(api, registration_form(gender="female"), {"national_id": [gender]})
    refused(api, registration_form(birth_date="1910-05-17", gender="female"), {"national_id": [day, gender]})
    girl = registration_form(gender="female", national_id=national_id_number(gender="female"))
    assert api.post(PATH, girl).status_code == 201


def test_the_area_belongs_to_the_governorate(api):
    form = registration_form()
    elsewhere = db.session.scalars(select(Area).where(Area.governorate_id != form["governorate"]).limit(1)).one()

    refused(
        api,
        form | {"area": elsewhere.id},
        {"area": ["The selected area does not belong to the selected governorate."]},
    )


def test_a_grade_with_divisions_needs_one(api):
    refused(api, registration_form(grade=any_grade(THIRD_SECONDARY).id), {"division": [REQUIRED]})


def test_a_division_of_the_grade_is_taken_and_named(api):
    form = registration_form(grade=any_grade(THIRD_SECONDARY).id, division=any_division().id)

    response = api.post(PATH, form)

    assert response.status_code == 201
    assert (response.json["division"], response.json["division_name"]) == (form["division"], "أدبي")


@pytest.mark.parametrize("grade", ["الصف الثالث الإعدادي", SECOND_SECONDARY])
def test_a_division_that_the_grade_does_not_have_is_refused(api, grade):
    refused(
        api,
        registration_form(grade=any_grade(grade).id, division=any_division("علمي رياضة").id),
        {"division": ["The selected division does not belong to the selected grade."]},
    )


@pytest.mark.parametrize(("division", "school"), [("أدبي", AZHARI), ("أدبي أزهري", "حكومي")])
def test_a_school_type_that_does_not_have_the_division_is_refused(api, division, school):
    form = registration_form(
        grade=any_grade(THIRD_SECONDARY).id, division=any_division(division).id, school_type=school_type(school).id
    )

    refused(api, form, {"school_type": ["The selected school type does not have the selected division."]})


def test_a_grade_without_divisions_takes_any_school_type(api):
    assert api.post(PATH, registration_form(school_type=school_type(AZHARI).id)).status_code == 201


def test_a_division_without_school_types_is_open_to_all(api):
    division = any_division("أدبي أزهري")
    division.school_types = []
    db.session.commit()
    form = registration_form(grade=any_grade(THIRD_SECONDARY).id, division=division.id)

    assert api.post(PATH, form).status_code == 201


def test_every_broken_rule_is_named_at_once(api):
    form = registration_form(
        father_number=None, mother_number=None, gender="female", area=999_999, grade=None, school_name=None
    )

    refused(
        api,
        form,
        {
            "non_field_errors": ["At least one of father_number and mother_number is required."],
            "national_id": ["The national ID does not match the gender."],
            "area": ['Invalid pk "999999" - object does not exist.'],
            "grade": [REQUIRED],
            "school_name": [REQUIRED],
        },
    )


def test_a_username_is_unique_over_all_roles_ignoring_case(api):
    teacher = create_teacher()

    refused(api, registration_form(username=teacher.user.username.upper()), {"username": ["Username already exists."]})


def test_an_address_is_unique_over_all_roles_ignoring_case(api):
    teacher = create_teacher()

    refused(
        api,
        registration_form(gmail=teacher.user.gmail.upper()),
        {"gmail": ["This email is already associated with an account."]},
    )


def test_a_national_id_is_unique(api):
    form = registration_form()
    assert api.post(PATH, form).status_code == 201

    refused(
        api,
        registration_form(national_id=f" {form['national_id']} "),
        {"national_id": ["This national ID is already registered."]},
    )


def test_a_student_code_that_is_taken_is_drawn_again(api, monkeypatch):
    taken = create_student(student_code="55555555")
    codes = iter([taken.student_code, taken.student_code, "66666666"])
    monkeypatch.setattr(service, "_new_student_code", lambda: next(codes))

    response = api.post(PATH, registration_form())

    assert (response.status_code, response.json["student_code"]) == (201, "66666666")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "answer"),
    [
        (b"[]", "application/json", 400, {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        (
            b'{"name_ar": "\\ud800"}',
            "application/json",
            400,
            {"detail": "JSON parse error - no low surrogate in string: line 1 column 14 (char 13)"},
        ),
        (b"<a/>", "text/xml", 415, {"detail": 'Unsupported media type "text/xml" in request.'}),
    ],
)
def test_a_body_that_is_no_form_is_refused(api, body, content_type, status, answer):
    response = api.post(PATH, data=body, content_type=content_type)

    assert (response.status_code, response.json) == (status, answer)


def test_a_file_where_a_text_belongs_is_refused(api):
    form = registration_form(division="", facebook_link="") | {"name_ar": (BytesIO(b"x"), "name.txt")}

    response = api.post(PATH, data=form, content_type="multipart/form-data")

    assert (response.status_code, response.json) == (400, {"name_ar": ["Not a valid string."]})


def test_a_registration_runs_five_statements_before_its_mail_leaves(api, app, monkeypatch):
    # Somebody else delivers.
    monkeypatch.setitem(app.config, "MAIL_HOST", "mail.example.org")
    form = registration_form()

    with counted_statements() as statements:
        assert api.post(PATH, form).status_code == 201

    # The structure, the user, the student, the profile, the mail.
    assert len(statements) == 5
    assert len([statement for statement in statements if statement.startswith("INSERT INTO mails")]) == 1


@pytest.fixture
def limited_app(make_database, test_environment, monkeypatch):
    """An application that counts attempts per address and takes two failures."""
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    environment = test_environment | {"RATELIMIT_ENABLED": "true", "REGISTRATIONS_PER_ADDRESS": "2"}
    app = create_app({**environment, "DATABASE_URL": make_database()})
    app.config["PASSWORD_HASH_COST"] = (1, 8)
    with app.app_context():
        limiter.reset()
        yield app
        limiter.reset()
        db.session.remove()
        db.engine.dispose()


def test_only_refused_registrations_of_an_address_are_counted(limited_app):
    client = limited_app.test_client()
    forms = [registration_form() for _ in range(4)]

    assert [client.post(PATH, json=form).status_code for form in forms[:3]] == [201, 201, 201]
    assert [client.post(PATH, json={}).status_code for _ in range(2)] == [400, 400]
    refusal = client.post(PATH, json=forms[3])

    wait = refusal.headers["Retry-After"]
    assert refusal.status_code == 429
    assert refusal.json == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.post(PATH, json=forms[3], environ_overrides=elsewhere).status_code == 201
