"""Changing teachers: what stays, what is refused, and what it does to those who are signed in."""

import io

import pytest
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from tests.accounts.teachers import (
    NOT_A_PICTURE,
    TAKEN_GMAIL,
    TAKEN_USERNAME,
    URL,
    create_rich_subject,
    last_audit,
    named,
    picture,
    shown,
    stored_files,
    subject_shown,
    two_grades,
)
from tests.factories import (
    PASSWORD,
    create_assistant,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_user,
    create_video_security,
)


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def test_a_change_leaves_what_it_does_not_name(owner):
    teacher = create_teacher(subject=create_rich_subject(), biography="خبرة", video_security=create_video_security())
    before = shown(teacher)

    response = owner.patch(f"{URL}{teacher.id}/", {"name": "اسم آخر", "phone": "01512345678"})

    assert response.status_code == 200
    assert response.json == before | {"name": "اسم آخر", "phone": "01512345678"}
    assert owner.get(f"{URL}{teacher.id}/").json == response.json
    details = {"fields": ["name", "phone"]}
    assert last_audit() == ("teacher.changed", owner.user.id, "teachers", teacher.id, details)


def test_changing_nothing_answers_the_teacher_and_leaves_no_trace(owner):
    teacher = create_teacher()

    response = owner.patch(f"{URL}{teacher.id}/", {})

    assert (response.status_code, response.json) == (200, shown(teacher))
    assert db.session.scalars(select(AuditEntry.verb)).all() == []


def test_every_field_may_change_at_once(api, owner):
    teacher = create_teacher()
    subject, security = create_rich_subject(), create_video_security()
    values = {
        "username": "hoda",
        "name": "هدى",
        "phone": "01512345678",
        "secondary_phone": "01212345678",
        "gmail": "hoda@example.org",
        "gender": "female",
        "biography": "نبذة",
        "facebook": "fb.com/hoda",
    }
    body = values | {
        "password": "another-passphrase",
        "subject": subject.id,
        "grades": [subject.grades[1].id],
        "video_security": security.id,
    }

    response = owner.patch(f"{URL}{teacher.id}/", body)

    assert response.status_code == 200
    assert response.json == shown(teacher) | values | {
        "subject_detail": subject_shown(subject),
        "grades_detail": named(subject.grades[1]),
        "video_security_detail": {"id": security.id, "name": security.name, "price_per_student": "5.00"},
        "subject_id": subject.id,
        "grade_ids": [subject.grades[1].id],
        "video_security_id": security.id,
    }
    login = api.post("/api/accounts/login/", {"username": "hoda", "password": "another-passphrase"})
    assert login.status_code == 200


def test_what_is_optional_may_be_emptied(owner):
    names = ["secondary_phone", "biography", "facebook"]
    teacher = create_teacher(video_security=create_video_security(), biography="x", facebook="y")

    response = owner.patch(f"{URL}{teacher.id}/", dict.fromkeys([*names, "video_security"]))

    assert response.status_code == 200
    assert [response.json[name] for name in names] == [None] * 3
    assert (response.json["video_security_detail"], response.json["video_security_id"]) == (None, None)


def test_a_teacher_keeps_the_own_name_and_address_in_another_case(owner):
    teacher = create_teacher()
    values = {"username": teacher.user.username.upper(), "gmail": teacher.user.gmail.upper()}

    response = owner.patch(f"{URL}{teacher.id}/", values)

    assert (response.status_code, response.json) == (200, shown(teacher) | values)


@pytest.mark.parametrize(("field", "refusal"), [("username", TAKEN_USERNAME), ("gmail", TAKEN_GMAIL)])
def test_another_users_name_or_address_is_refused(owner, field, refusal):
    teacher, other = create_teacher(), create_student()
    before = shown(teacher)

    response = owner.patch(f"{URL}{teacher.id}/", {"name": "آخر", field: getattr(other.user, field).upper()})

    assert (response.status_code, response.json) == (400, refusal)
    assert owner.get(f"{URL}{teacher.id}/").json == before


def test_a_new_subject_is_refused_where_it_is_not_taught_in_the_teachers_grades(owner):
    first, second = two_grades()
    teacher = create_teacher(subject=create_subject(grades=[first]))
    subject = create_subject(grades=[second])
    before = shown(teacher)

    response = owner.patch(f"{URL}{teacher.id}/", {"subject": subject.id})

    assert (response.status_code, response.json) == (
        400,
        {"grades": [f"{subject.name} is not taught in {first.name}."]},
    )
    assert owner.get(f"{URL}{teacher.id}/").json == before


def test_new_grades_are_refused_where_they_do_not_learn_the_teachers_subject(owner):
    first, second = two_grades()
    subject = create_subject(grades=[first])
    teacher = create_teacher(subject=subject)

    response = owner.patch(f"{URL}{teacher.id}/", {"grades": [second.id]})

    assert response.status_code == 400
    assert response.json == {"grades": [f"{subject.name} is not taught in {second.name}."]}


def test_a_password_like_the_username_that_stays_is_refused(owner):
    teacher = create_teacher(user=create_user("teacher", username="mostafa99"))

    response = owner.patch(f"{URL}{teacher.id}/", {"password": "mostafa99x"})

    assert response.status_code == 400
    assert response.json == {"password": ["The password is too similar to the username."]}


def test_another_password_ends_every_session_of_the_teacher_and_no_other(api, owner):
    teacher, colleague = create_teacher(), create_teacher()
    sessions = [api.as_(teacher), api.as_(teacher), api.as_(colleague)]

    response = owner.patch(f"{URL}{teacher.id}/", {"password": "another-passphrase"})

    assert response.status_code == 200
    assert [session.get("/api/accounts/me/").status_code for session in sessions] == [401, 401, 200]
    credentials = [{"username": teacher.user.username, "password": text} for text in (PASSWORD, "another-passphrase")]
    assert [api.post("/api/accounts/login/", each).status_code for each in credentials] == [401, 200]
    details = {"fields": ["password"]}
    assert last_audit() == ("teacher.changed", owner.user.id, "teachers", teacher.id, details)


def test_a_deactivated_teacher_and_the_assistants_are_blocked_at_once_until_activated_again(api, owner):
    teacher = create_teacher()
    people = [api.as_(teacher), api.as_(create_assistant(teacher))]

    response = owner.patch(f"{URL}{teacher.id}/", {"is_active": False})

    assert (response.status_code, response.json) == (200, shown(teacher) | {"is_active": False})
    refusal = (403, {"detail": "Your account is inactive. Please contact an administrator."})
    answers = [person.get("/api/accounts/me/") for person in people]
    assert [(answer.status_code, answer.json) for answer in answers] == [refusal] * 2
    assert last_audit()[4] == {"fields": ["is_active"], "is_active": False}
    assert owner.patch(f"{URL}{teacher.id}/", {"is_active": True}).status_code == 200
    assert [person.get("/api/accounts/me/").status_code for person in people] == [200, 200]


def test_another_picture_replaces_the_old_file_and_null_removes_it(app, owner):
    teacher_url = f"{URL}{create_teacher().id}/"
    before = stored_files(app)

    def send():
        body = {"profile_picture": (picture(), "me.png")}
        return owner.patch(teacher_url, data=body, content_type="multipart/form-data").json["profile_picture"]

    first, second = send(), send()

    assert first != second
    kept = stored_files(app) - before
    assert [path.name for path in kept] == [second.rsplit("/", 1)[1]]
    assert owner.patch(teacher_url, {"profile_picture": None}).json["profile_picture"] is None
    assert stored_files(app) == before


def test_a_refused_picture_leaves_the_old_one(app, owner):
    teacher_url = f"{URL}{create_teacher().id}/"
    body = {"profile_picture": (picture(), "me.png")}
    first = owner.patch(teacher_url, data=body, content_type="multipart/form-data").json["profile_picture"]
    kept = stored_files(app)

    body = {"profile_picture": (io.BytesIO(b"nothing"), "me.png")}
    response = owner.patch(teacher_url, data=body, content_type="multipart/form-data")

    assert (response.status_code, response.json) == (400, {"profile_picture": [NOT_A_PICTURE]})
    assert owner.get(teacher_url).json["profile_picture"] == first
    assert stored_files(app) == kept
