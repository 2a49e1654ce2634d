"""A student's own profile: seen by everybody who has one, changed under the rules of registration."""

import pytest
from sqlalchemy import select

from edutrack.accounts.models import STUDENT_STATUSES
from edutrack.core.audit import AuditEntry
from edutrack.core.auth import INACTIVE
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.structure.models import Area, SchoolType
from tests.api import counted_statements
from tests.factories import (
    any_division,
    any_grade,
    create_assistant,
    create_site_owner,
    create_student,
    create_teacher,
    national_id_number,
)

PATH = "/api/accounts/profile/me/"
THIRD_SECONDARY = "الصف الثالث الثانوي"
REQUIRED = "This field is required."
FORBIDDEN = {"detail": "You do not have permission to perform this action."}


def body_of(student, **changes):
    """Return the whole body that a profile of the factories has."""
    shown = {
        "id": student.id,
        "user_id": student.user_id,
        "username": student.user.username,
        "email": student.user.gmail,
        "student_code": student.student_code,
        "name_ar": student.name_ar,
        "name_en": student.name_en,
        "full_name": student.name_ar,
        "phone_number": "01212345678",
        "father_number": "01512345678",
        "mother_number": None,
        "father_job": "مهندس",
        "educational_state": "school",
        "school_type": student.school_type_id,
        "school_type_name": "حكومي",
        "grade": student.grade_id,
        "grade_name": "الصف الثالث الإعدادي",
        "division": None,
        "division_name": None,
        "school_name": "مدرسة النيل",
        "national_id": unseal(student.national_id_sealed, "national-id"),
        "birth_date": "2010-05-17",
        "gender": "male",
        "gmail": student.user.gmail,
        "facebook_link": None,
        "governorate": student.governorate_id,
        "governorate_name": student.governorate.name,
        "area": student.area_id,
        "area_name": student.area.name,
        "status": "verified",
        "is_active": True,
        "can_access_course": True,
        "created_at": student.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": student.updated_at.isoformat().replace("+00:00", "Z"),
    }
    return shown | changes


def audit_entries():
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def refused(api, student, changes, messages):
    """Assert that the change is refused with these messages, and that nothing was written."""
    before = api.as_(student).get(PATH).json
    entries = len(audit_entries())

    response = api.as_(student).patch(PATH, changes)

    assert (response.status_code, response.json) == (400, messages)
    assert api.as_(student).get(PATH).json == before
    assert len(audit_entries()) == entries


def test_a_student_sees_the_whole_profile(api):
    student = create_student()

    response = api.as_(student).get(PATH)

    assert (response.status_code, response.json) == (200, body_of(student))


def test_a_profile_is_one_statement(api):
    client = api.as_(create_student())

    with counted_statements() as statements:
        client.get(PATH)

    assert len(statements) == 1


@pytest.mark.parametrize("status", STUDENT_STATUSES)
def test_a_student_of_any_status_sees_the_profile(api, status):
    student = create_student(status=status, is_active=False)

    response = api.as_(student).get(PATH)

    assert response.status_code == 200
    assert response.json == body_of(student, status=status, is_active=False, can_access_course=False)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_nobody_but_students_has_a_profile(api, method):
    assert api.request(method, PATH).status_code == 401
    for person in (create_site_owner(), create_teacher(), create_assistant()):
        response = api.as_(person).request(method, PATH, {} if method == "PATCH" else None)
        assert (response.status_code, response.json) == (403, FORBIDDEN)


@pytest.mark.parametrize(
    ("status", "is_active"), [("suspended_temporary", True), ("suspended_permanent", False), ("verified", False)]
)
def test_a_blocked_student_changes_nothing(api, status, is_active):
    student = create_student(status=status, is_active=is_active)

    response = api.as_(student).patch(PATH, {"phone_number": "not looked at"})

    assert (response.status_code, response.json) == (403, {"detail": INACTIVE})


CHANGES = {
    "username": "another.name",
    "gmail": "another@example.org",
    "name_en": "Another Name",
    "phone_number": "01099999999",
    "father_number": None,
    "mother_number": "01288888888",
    "father_job": "طبيب",
    "school_name": "مدرسة أخرى",
    "facebook_link": "https://facebook.com/another",
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_field_can_be_changed_alone_and_the_rest_stays(api, name):
    student = create_student(mother_number="01277777777")

    response = api.as_(student).patch(PATH, {name: CHANGES[name]})

    db.session.refresh(student)
    expected = body_of(student, **{"mother_number": "01277777777", name: CHANGES[name]})
    assert (response.status_code, response.json) == (200, expected)
    assert response.json["updated_at"] > response.json["created_at"]
    assert response.json["email"] == response.json["gmail"]
    assert api.as_(student).get(PATH).json == response.json


def test_school_and_home_can_be_changed_together(api):
    student = create_student()
    area = db.session.scalars(select(Area).where(Area.governorate_id != student.governorate_id).limit(1)).one()
    azhari = db.session.scalars(select(SchoolType).where(SchoolType.name == "أزهري")).one()
    changes = {
        "grade": any_grade(THIRD_SECONDARY).id,
        "division": any_division("أدبي أزهري").id,
        "school_type": azhari.id,
        "governorate": area.governorate_id,
        "area": area.id,
    }

    response = api.as_(student).patch(PATH, changes)

    names = {"grade_name": THIRD_SECONDARY, "division_name": "أدبي أزهري", "school_type_name": "أزهري"}
    assert response.status_code == 200
    assert {name: response.json[name] for name in changes | names} == changes | names
    assert response.json["area_name"] == area.name
    assert response.json["status"] == "verified"


def test_multipart_changes_a_profile_and_empties_a_nullable_field(api):
    student = create_student(mother_number="01277777777", facebook_link="https://facebook.com/x")

    response = api.as_(student).patch(
        PATH, data={"facebook_link": "", "father_job": "طبيب"}, content_type="multipart/form-data"
    )

    db.session.refresh(student)
    expected = body_of(student, mother_number="01277777777", facebook_link=None, father_job="طبيب")
    assert (response.status_code, response.json) == (200, expected)


def test_what_the_form_does_not_name_cannot_be_set(api):
    student = create_student(status="pending")
    password_hash = student.user.password_hash
    before = api.as_(student).get(PATH).json

    response = api.as_(student).patch(
        PATH,
        {
            "id": 1,
            "user_id": 1,
            "student_code": "12345678",
            "status": "verified",
            "is_active": True,
            "can_access_course": True,
            "role": "siteowner",
            "email": "other@example.org",
            "full_name": "آخر",
            "created_at": "2020-01-01T00:00:00Z",
            "password": "another-password",
        },
    )

    assert (response.status_code, response.json) == (200, before)
    db.session.refresh(student.user)
    assert student.user.password_hash == password_hash
    assert audit_entries() == []


def test_sending_the_profile_back_unchanged_changes_nothing(api):
    student = create_student()
    client = api.as_(student)
    before = client.get(PATH).json

    response = client.patch(PATH, before)

    assert (response.status_code, response.json) == (200, before)
    assert audit_entries() == []


def identity_change(name):
    number = national_id_number()
    return {"national_id": number} if name == "national_id" else {"name_ar": "اسم آخر"}


@pytest.mark.parametrize("name", ["national_id", "name_ar"])
def test_a_verified_student_whose_identity_changes_waits_again(api, name):
    student = create_student()

    response = api.as_(student).patch(PATH, identity_change(name))

    assert response.status_code == 200
    shown = (response.json["status"], response.json["is_active"], response.json["can_access_course"])
    assert shown == ("pending", False, False)


def test_a_birth_date_changes_together_with_the_national_id_that_says_it(api):
    student = create_student()
    changes = {"birth_date": "2010-05-18", "national_id": "31005180123457"}

    response = api.as_(student).patch(PATH, changes)

    assert response.status_code == 200
    assert {name: response.json[name] for name in changes} == changes
    assert response.json["status"] == "pending"


def test_a_declined_student_who_changes_something_waits_again(api):
    student = create_student(status="declined")

    response = api.as_(student).patch(PATH, {"father_job": "طبيب"})

    assert (response.json["status"], response.json["is_active"]) == ("pending", False)


def test_a_declined_student_who_changes_nothing_stays_declined(api):
    student = create_student(status="declined")

    response = api.as_(student).patch(PATH, {"father_job": student.father_job})

    assert response.json["status"] == "declined"


def test_a_pending_student_stays_pending(api):
    response = api.as_(create_student(status="pending")).patch(PATH, identity_change("name_ar"))

    assert (response.json["status"], response.json["is_active"]) == ("pending", False)


def test_a_change_is_recorded_by_the_names_of_its_fields_alone(api):
    student = create_student()
    number = national_id_number()

    api.as_(student).patch(PATH, {"national_id": number, "gmail": "new@example.org"})

    (entry,) = audit_entries()
    assert (entry.actor_id, entry.verb, entry.target_type, entry.target_id) == (
        student.user_id,
        "student.profile.changed",
        "students",
        student.id,
    )
    assert entry.details == {"fields": ["gmail", "national_id"], "status": "pending"}


def test_a_profile_keeps_a_parent_number(api):
    student = create_student()

    refused(
        api,
        student,
        {"father_number": None},
        {"non_field_errors": ["At least one of father_number and mother_number is required."]},
    )


@pytest.mark.parametrize("name", ["school_type", "grade", "school_name"])
def test_a_profile_keeps_what_a_school_student_needs(api, name):
    refused(api, create_student(), {name: None}, {name: [REQUIRED]})


def test_a_part_of_the_identity_agrees_with_the_rest(api):
    student = create_student()

    day, gender = "The national ID does not match the birth date.", "The national ID does not match the gender."
    refused(api, student, {"birth_date": "2010-05-18"}, {"national_id": [day]})
    refused(api, student, {"gender": "female"}, {"national_id": [gender]})
    refused(api, student, {"national_id": "31005180123447"}, {"national_id": [day, gender]})


def test_an_area_or_governorate_alone_agrees_with_the_other(api):
    student = create_student()
    elsewhere = db.session.scalars(select(Area).where(Area.governorate_id != student.governorate_id).limit(1)).one()
    mismatch = {"area": ["The selected area does not belong to the selected governorate."]}

    refused(api, student, {"area": elsewhere.id}, mismatch)
    refused(api, student, {"governorate": elsewhere.governorate_id}, mismatch)


def test_a_new_grade_asks_for_its_division_and_a_left_one_gives_it_up(api):
    third = any_grade(THIRD_SECONDARY)
    refused(api, create_student(), {"grade": third.id}, {"division": [REQUIRED]})

    student = create_student(grade=third, division=any_division())
    refused(
        api,
        student,
        {"grade": any_grade().id},
        {"division": ["The selected division does not belong to the selected grade."]},
    )
    assert api.as_(student).patch(PATH, {"grade": any_grade().id, "division": None}).status_code == 200


BAD_CHANGES = {
    "a username that is blank": ({"username": " "}, {"username": ["This field may not be blank."]}),
    "a phone": (
        {"phone_number": "010"},
        {"phone_number": ["Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."]},
    ),
    "no address": ({"gmail": "x"}, {"gmail": ["Enter a valid email address."]}),
    "a name that is null": ({"name_ar": None}, {"name_ar": ["This field may not be null."]}),
    "a NUL": ({"father_job": "\0"}, {"father_job": ["Null characters are not allowed."]}),
    "an unknown grade": ({"grade": 10**6}, {"grade": ['Invalid pk "1000000" - object does not exist.']}),
    "an area beyond bigint": ({"area": 2**63}, {"area": [f'Invalid pk "{2**63}" - object does not exist.']}),
    "one bad value beside good ones": (
        {"name_en": "Good", "gender": "x"},
        {"gender": ['"x" is not a valid choice.']},
    ),
}


@pytest.mark.parametrize(("changes", "messages"), BAD_CHANGES.values(), ids=BAD_CHANGES)
def test_a_bad_value_refuses_the_whole_change(api, changes, messages):
    refused(api, create_student(), changes, messages)


def test_a_rule_broken_by_one_field_refuses_the_others_too(api):
    student = create_student()

    refused(
        api,
        student,
        {"name_en": "Good", "gmail": "good@example.org", "birth_date": "2010-05-18"},
        {"national_id": ["The national ID does not match the birth date."]},
    )


def test_what_others_have_cannot_be_taken(api):
    teacher, other, student = create_teacher(), create_student(), create_student()

    refused(api, student, {"username": teacher.user.username.upper()}, {"username": ["Username already exists."]})
    refused(
        api,
        student,
        {"name_en": "New", "gmail": other.user.gmail.upper()},
        {"gmail": ["This email is already associated with an account."]},
    )
    refused(
        api,
        student,
        {"national_id": unseal(other.national_id_sealed, "national-id")},
        {"national_id": ["This national ID is already registered."]},
    )


def test_the_own_username_and_address_can_be_written_in_other_case(api):
    student = create_student()
    changes = {"username": student.user.username.upper(), "gmail": student.user.gmail.upper()}

    response = api.as_(student).patch(PATH, changes)

    assert response.status_code == 200
    assert {name: response.json[name] for name in changes} == changes


def test_what_a_change_does_not_touch_is_not_judged_again(api):
    # The structure has changed since: the grade has divisions now, and the student none.
    student = create_student(grade=any_grade(THIRD_SECONDARY))

    assert api.as_(student).patch(PATH, {"phone_number": "01099999999"}).status_code == 200


def test_a_change_runs_five_statements_at_most_and_queues_one_mail(api, app, monkeypatch):
    # Somebody else delivers.
    monkeypatch.setitem(app.config, "MAIL_HOST", "mail.example.org")
    client = api.as_(create_student())
    changes = {"gmail": "new@example.org", "name_ar": "اسم آخر", "school_name": "مدرسة أخرى"}

    with counted_statements() as statements:
        assert client.patch(PATH, changes).status_code == 200

    # The locked rows, the structure, the user, the student, the profile; and the mail that verifies the new address.
    assert len([statement for statement in statements if not statement.startswith("INSERT INTO mails")]) == 5
    assert len(statements) == 6
