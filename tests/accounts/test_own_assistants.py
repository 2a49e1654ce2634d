"""A teacher's own assistants, and replacing passwords for others."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from edutrack.accounts.models import Assistant, MailToken, Session, User
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from tests.api import counted_statements
from tests.factories import (
    PASSWORD,
    create_assistant,
    create_course,
    create_enrollment,
    create_site_owner,
    create_student,
    create_teacher,
)
from tests.signing_in import BLOCKED, INACTIVE, UNAUTHENTICATED, cookies_of, log_in, with_cookies

PATH = "/api/accounts/teacher/assistants/"
NOT_FOUND = {"detail": "Not found."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
REQUIRED, BLANK = ["This field is required."], ["This field may not be blank."]
FORM = {
    "username": "nada",
    "password": PASSWORD,
    "name": "ندى",
    "phone": "01112345678",
    "gmail": "nada@example.org",
    "gender": "female",
}


def path_of(assistant):
    return f"{PATH}{assistant.id}/"


def shown(assistant, **changes):
    return {
        "id": assistant.id,
        "user_id": assistant.user_id,
        "username": assistant.user.username,
        "name": assistant.name,
        "phone": assistant.phone,
        "gmail": assistant.user.gmail,
        "gender": assistant.gender,
        "profile_picture": None,
        "is_active": assistant.user.is_active,
        "created_at": iso_z(assistant.created_at),
        "teacher": assistant.teacher_id,
    } | changes


def entries():
    rows = db.session.execute(select(AuditEntry.verb, AuditEntry.details).order_by(AuditEntry.id))
    return [(verb, details) for verb, details in rows]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def picture(size=(20, 10)):
    content = BytesIO()
    Image.new("RGB", size, "green").save(content, "PNG")
    content.seek(0)
    return content


def test_a_teacher_adds_an_assistant_who_can_sign_in(api, app):
    teacher = create_teacher()

    response = api.as_(teacher).post(PATH, FORM)

    assistant = db.session.scalars(select(Assistant)).one()
    assert (response.status_code, response.json) == (201, shown(assistant))
    assert response.json | {"id": 0, "user_id": 0, "created_at": ""} == {
        **{name: FORM[name] for name in FORM if name != "password"},
        "id": 0,
        "user_id": 0,
        "created_at": "",
        "profile_picture": None,
        "is_active": True,
        "teacher": teacher.id,
    }
    assert log_in(app, assistant).status_code == 200
    assert entries() == [("assistant.created", {"fields": sorted(FORM)})]


def test_a_form_with_a_picture_and_no_others_fields_than_the_documented(api):
    other = create_teacher()
    form = FORM | {
        "is_active": "false",
        "profile_picture": (picture(), "me.png"),
        "teacher": other.id,
        "role": "siteowner",
    }
    teacher = create_teacher()

    response = api.as_(teacher).post(PATH, data=form, content_type="multipart/form-data")

    assert response.status_code == 201
    assert response.json["profile_picture"].startswith("http://localhost/media/pictures/")
    assert (response.json["is_active"], response.json["teacher"]) == (False, teacher.id)
    assert db.session.scalar(select(User.role).where(User.username == "nada")) == "assistant"


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"username": None}, {"username": ["This field may not be null."]}),
        ({"username": " "}, {"username": BLANK}),
        ({"username": "x" * 151}, {"username": ["Ensure this field has no more than 150 characters."]}),
        ({"username": "na\0da"}, {"username": ["Null characters are not allowed."]}),
        ({"username": ["nada"]}, {"username": ["Not a valid string."]}),
        (
            {"password": "123"},
            {
                "password": [
                    "This password is too short. It must contain at least 8 characters.",
                    "This password is entirely numeric.",
                ]
            },
        ),
        (
            {"password": "nadanada", "username": "nadanad"},
            {"password": ["The password is too similar to the username."]},
        ),
        (
            {"phone": "0111"},
            {"phone": ["Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."]},
        ),
        ({"gmail": "nada"}, {"gmail": ["Enter a valid email address."]}),
        ({"gender": "other"}, {"gender": ['"other" is not a valid choice.']}),
        ({"is_active": "maybe"}, {"is_active": ["Must be a valid boolean."]}),
        (
            {"profile_picture": "me.png"},
            {"profile_picture": ["The submitted data was not a file. Check the encoding type on the form."]},
        ),
    ],
)
def test_a_form_that_breaks_a_rule_adds_nobody(api, change, messages):
    client = api.as_(create_teacher())
    before = count(User)

    response = client.post(PATH, FORM | change)

    assert (response.status_code, response.json) == (400, messages)
    assert (count(User), count(Assistant), entries()) == (before, 0, [])


def test_every_field_but_two_is_required(api):
    response = api.as_(create_teacher()).post(PATH, {})

    assert (response.status_code, response.json) == (400, dict.fromkeys(FORM, REQUIRED))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("username", "Username already exists."),
        ("gmail", "This email is already associated with an account."),
    ],
)
def test_usernames_and_addresses_are_unique_over_all_roles(api, name, message):
    student = create_student()
    teacher = create_teacher()
    assistant = create_assistant(teacher)
    taken = {name: getattr(student.user, name).upper()}

    added, changed = (
        api.as_(teacher).post(PATH, FORM | taken),
        api.as_(teacher).patch(path_of(assistant), taken),
    )

    for response in (added, changed):
        assert (response.status_code, response.json) == (400, {name: [message]})


@pytest.mark.parametrize("asking", ["teacher", "assistant"])
def test_the_list_and_one_are_those_of_the_callers_teacher(api, asking):
    teacher = create_teacher()
    first, second = create_assistant(teacher, name="منى"), create_assistant(teacher, name="هدى")
    foreign = create_assistant()
    client = api.as_(teacher if asking == "teacher" else first)

    listed, one, hidden = client.get(PATH), client.get(path_of(second)), client.get(path_of(foreign))

    assert listed.json == {"count": 2, "next": None, "previous": None, "results": [shown(second), shown(first)]}
    assert (one.status_code, one.json) == (200, shown(second))
    assert (hidden.status_code, hidden.json) == (404, NOT_FOUND)


def test_the_list_is_searched_and_narrowed(api):
    teacher = create_teacher()
    mona = create_assistant(teacher, name="منى أحمد")
    off = create_assistant(teacher, name="هدى", is_active=False)
    client = api.as_(teacher)

    assert [row["id"] for row in client.get(f"{PATH}?search=احمد").json["results"]] == [mona.id]
    assert [row["id"] for row in client.get(f"{PATH}?is_active=false").json["results"]] == [off.id]
    assert client.get(f"{PATH}?is_active=x").json == {"is_active": ["Must be a valid boolean."]}


def test_a_list_is_two_statements_however_long(api):
    teacher = create_teacher()
    client = api.as_(teacher)
    numbers = []
    for _ in range(2):
        for _ in range(3):
            create_assistant(teacher)
        with counted_statements() as statements:
            client.get(PATH)
        numbers.append(len(statements))

    assert numbers == [2, 2]


def test_a_change_takes_what_it_names_and_never_password_or_teacher(api, app):
    teacher = create_teacher()
    assistant = create_assistant(teacher)

    response = api.as_(teacher).patch(
        path_of(assistant), {"name": "اسم آخر", "password": "another-password", "teacher": create_teacher().id}
    )

    assert (response.status_code, response.json) == (200, shown(assistant, name="اسم آخر"))
    assert log_in(app, assistant).status_code == 200
    assert entries() == [("assistant.changed", {"fields": ["name"]})]


def test_a_picture_is_replaced_and_removed(api):
    teacher = create_teacher()
    client, path = api.as_(teacher), path_of(create_assistant(teacher))

    first, second = (
        client.patch(path, data={"profile_picture": (picture(), "me.png")}, content_type="multipart/form-data").json
        for _ in range(2)
    )
    broken = client.patch(
        path, data={"profile_picture": (BytesIO(b"no"), "me.png")}, content_type="multipart/form-data"
    )
    removed = client.patch(path, {"profile_picture": None})

    assert first["profile_picture"] != second["profile_picture"]
    assert api.get(first["profile_picture"].removeprefix("http://localhost")).status_code == 404
    assert (broken.status_code, list(broken.json)) == (400, ["profile_picture"])
    assert removed.json["profile_picture"] is None


def test_deactivating_bites_at_the_next_request_and_activating_lets_in_again(api, app):
    teacher = create_teacher()
    assistant = create_assistant(teacher)
    cookies = cookies_of(log_in(app, assistant))

    api.as_(teacher).patch(path_of(assistant), {"is_active": False})
    refused, login = with_cookies(app, "/api/accounts/me/", "GET", **cookies), log_in(app, assistant)
    api.as_(teacher).patch(path_of(assistant), {"is_active": True})

    assert (refused.status_code, refused.json) == (403, BLOCKED)
    assert (login.status_code, login.json) == (401, INACTIVE)
    assert with_cookies(app, "/api/accounts/me/", "GET", **cookies).status_code == 200
    assert entries()[0] == ("assistant.changed", {"fields": ["is_active"], "is_active": False})


def test_who_has_done_nothing_is_deleted_with_user_and_sessions(api, app):
    teacher = create_teacher()
    assistant = create_assistant(teacher)
    user_id = assistant.user_id
    cookies = cookies_of(log_in(app, assistant))
    api.post("/api/accounts/password/reset/", {"gmail": assistant.user.gmail})

    response = api.as_(teacher).delete(path_of(assistant))

    assert (response.status_code, response.data) == (204, b"")
    assert (count(Assistant), db.session.get(User, user_id, populate_existing=True)) == (0, None)
    assert count(MailToken) == 0
    assert db.session.scalar(select(func.count()).where(Session.user_id == user_id)) == 0
    assert with_cookies(app, "/api/accounts/me/", "GET", **cookies).json == UNAUTHENTICATED
    assert entries() == [("assistant.deleted", {"user_id": user_id})]


def test_who_has_answered_an_enrolment_stays(api):
    teacher = create_teacher()
    assistant = create_assistant(teacher)
    enrollment = create_enrollment(create_student(), create_course(teacher), "pending")
    assert api.as_(assistant).post(f"/api/enrollments/{enrollment.id}/approve/", {}).status_code == 200
    before = entries()

    response = api.as_(teacher).delete(path_of(assistant))

    assert (response.status_code, response.json) == (
        400,
        {"detail": "Cannot delete an assistant who has already done work. Deactivate the account."},
    )
    assert (count(Assistant), entries()) == (1, before)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_foreign_assistant_is_not_found(api, method):
    assistant = create_assistant()

    response = api.as_(create_teacher()).request(method, path_of(assistant), {} if method == "PATCH" else None)

    assert (response.status_code, response.json) == (404, NOT_FOUND)
    assert count(Assistant) == 1


def password_path(user):
    return f"/api/accounts/users/{user.id}/password/"


NEW = {"new_password": "another-decent-one"}
REPLACED = {"message": "Password changed successfully."}


@pytest.mark.parametrize("create", [create_site_owner, create_teacher, create_assistant, create_student])
def test_a_site_owner_replaces_anybodys_password_and_ends_their_sessions(api, app, create):
    person = create()
    user = getattr(person, "user", person)
    cookies = cookies_of(log_in(app, person))

    response = api.as_(create_site_owner()).post(password_path(user), NEW)

    assert (response.status_code, response.json) == (200, REPLACED)
    assert with_cookies(app, "/api/accounts/me/", "GET", **cookies).json == UNAUTHENTICATED
    assert log_in(app, person).status_code == 401
    assert log_in(app, person, NEW["new_password"]).status_code == 200
    assert entries() == [("user.password.reset", {"by": "staff"})]


def test_a_teacher_replaces_the_own_assistants_passwords_alone(api, app):
    teacher = create_teacher()
    own = create_assistant(teacher)
    others = [create_assistant().user, create_teacher().user, create_student().user, create_site_owner(), teacher.user]
    client = api.as_(teacher)

    assert client.post(password_path(own.user), NEW).json == REPLACED
    for user in others:
        response = client.post(password_path(user), NEW)
        assert (response.status_code, response.json) == (404, NOT_FOUND)
        assert log_in(app, user).status_code == 200


@pytest.mark.parametrize("create", [create_assistant, create_student])
def test_nobody_else_replaces_passwords(api, create):
    person = create()

    response = api.as_(person).post(password_path(person.user), NEW)

    assert (response.status_code, response.json) == (403, FORBIDDEN)


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, REQUIRED),
        ({"new_password": None}, ["This field may not be null."]),
        ({"new_password": ""}, BLANK),
        ({"new_password": "short"}, ["This password is too short. It must contain at least 8 characters."]),
        ({"new_password": "12345678"}, ["This password is entirely numeric."]),
        ({"new_password": "monamona1"}, ["The password is too similar to the username."]),
        ({"new_password": "x" * 1025}, ["Ensure this field has no more than 1024 characters."]),
        ({"new_password": "long enough\0"}, ["Null characters are not allowed."]),
        ({"new_password": ["long enough"]}, ["Not a valid string."]),
    ],
)
def test_a_weak_password_is_refused_in_the_words_of_forms(api, app, body, messages):
    user = create_site_owner(username="monamona")

    response = api.as_(create_site_owner()).post(password_path(user), body)

    assert (response.status_code, response.json) == (400, {"new_password": messages})
    assert log_in(app, user).status_code == 200


@pytest.mark.parametrize("number", ["0", str(2**63), "9" * 30])
def test_a_user_that_cannot_be_is_not_found(api, number):
    response = api.as_(create_site_owner()).post(f"/api/accounts/users/{number}/password/", NEW)

    assert (response.status_code, response.json) == (404, NOT_FOUND)
