"""Listing and adding teachers: who may, what is shown, and what is refused."""

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from edutrack.accounts.models import Teacher
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from tests.accounts.teachers import (
    NOT_A_PICTURE,
    PHONE,
    REQUIRED,
    TAKEN_GMAIL,
    TAKEN_USERNAME,
    URL,
    create_rich_subject,
    form,
    last_audit,
    picture,
    shown,
    stored_files,
    stored_users,
    two_grades,
)
from tests.api import Api, counted_statements
from tests.factories import (
    create_assistant,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_video_security,
)
from tests.racing import race


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def test_teachers_are_listed_with_full_details_newest_first(owner):
    plain = create_teacher()
    rich = create_teacher(
        subject=create_rich_subject(),
        grades=two_grades()[:1],
        secondary_phone="01112345678",
        biography="خبرة عشر سنوات",
        facebook="https://facebook.com/teacher",
        video_security=create_video_security(),
        is_active=False,
    )

    response = owner.get(URL)

    assert response.status_code == 200
    assert response.json == {"count": 2, "next": None, "previous": None, "results": [shown(rich), shown(plain)]}


def test_one_teacher_has_the_shape_of_the_list(owner):
    teacher = create_teacher(subject=create_rich_subject(), video_security=create_video_security())

    response = owner.get(f"{URL}{teacher.id}/")

    assert (response.status_code, response.json) == (200, shown(teacher))


def test_the_list_is_narrowed_by_each_filter(owner):
    grades = two_grades()
    subject = create_subject(grades=grades)
    wanted = create_teacher(subject=subject, grades=grades[:1], name="مُنى عبد الله")
    other = create_teacher(subject=subject, grades=grades[1:], name="سارة", is_active=False)
    create_teacher(name="كريم")

    def found(query):
        return [item["id"] for item in owner.get(f"{URL}?{query}").json["results"]]

    assert found("is_active=false") == [other.id]
    assert found(f"is_active=true&subject={subject.id}") == [wanted.id]
    assert found(f"subject={subject.id}") == [other.id, wanted.id]
    assert found(f"grades={grades[1].id}") == [other.id]
    assert found("search=عبدالله") == []
    assert found("search=الله مني") == [wanted.id]
    assert found(f"subject={subject.id}&search=سارة&grades={grades[0].id}") == []
    assert found("grades=999999") == []


def test_all_answers_the_whole_list_without_pages(owner):
    teachers = [create_teacher() for _ in range(3)]

    response = owner.get(f"{URL}?all=true&page_size=1")

    assert response.status_code == 200
    assert response.json == {"count": 3, "results": [shown(teacher) for teacher in teachers[::-1]]}


def test_pages_follow_each_other(owner):
    teachers = [create_teacher() for _ in range(3)]

    first, second = (owner.get(f"{URL}?page_size=2&page={page}") for page in (1, 2))

    assert [item["id"] for item in first.json["results"] + second.json["results"]] == [
        teacher.id for teacher in teachers[::-1]
    ]
    assert (first.json["count"], first.json["previous"]) == (3, None)
    assert first.json["next"] == f"http://localhost{URL}?page_size=2&page=2"
    assert (owner.get(f"{URL}?page=9").status_code, owner.get(f"{URL}?page=9").json) == (
        404,
        {"detail": "Invalid page."},
    )


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("is_active=perhaps", {"is_active": ["Must be a valid boolean."]}),
        ("subject=x", {"subject": ["A valid integer is required."]}),
        ("grades=1,2", {"grades": ["A valid integer is required."]}),
        ("subject=9223372036854775808", {"subject": ['Invalid pk "9223372036854775808" - object does not exist.']}),
        ("search=%00", {"search": ["Null characters are not allowed."]}),
        ("all=perhaps", {"all": ["Must be a valid boolean."]}),
        ("page_size=x", {"page_size": ["A valid integer is required."]}),
    ],
)
def test_a_bad_filter_is_refused(owner, query, messages):
    response = owner.get(f"{URL}?{query}")

    assert (response.status_code, response.json) == (400, messages)


def test_the_list_costs_two_statements_and_one_teacher_one_however_many_there_are(owner):
    teacher = create_teacher()

    def costs():
        with counted_statements() as of_list:
            owner.get(URL)
        with counted_statements() as of_one:
            owner.get(f"{URL}{teacher.id}/")
        return len(of_list), len(of_one)

    assert costs() == (2, 1)
    for _ in range(3):
        create_teacher(subject=create_subject(grades=two_grades()), video_security=create_video_security())
    assert costs() == (2, 1)


# Who may


@pytest.mark.parametrize("person", [create_teacher, create_assistant, create_student], ids=lambda make: make.__name__)
def test_only_site_owners_manage_teachers(api, person):
    teacher = create_teacher()
    caller = api.as_(person())

    answers = [caller.get(URL), caller.post(URL, {}), caller.get(f"{URL}{teacher.id}/")]
    answers += [caller.patch(f"{URL}{teacher.id}/", {"name": "x"})]

    refusal = (403, {"detail": "You do not have permission to perform this action."})
    assert [(answer.status_code, answer.json) for answer in answers] == [refusal] * 4


def test_nobody_signed_in_is_turned_away(api):
    answers = [api.get(URL), api.post(URL, {}), api.get(f"{URL}1/"), api.patch(f"{URL}1/", {})]

    refusal = (401, {"detail": "Authentication credentials were not provided."})
    assert [(answer.status_code, answer.json) for answer in answers] == [refusal] * 4


@pytest.mark.parametrize("teacher_id", ["999999", "9223372036854775808"])
def test_a_teacher_who_is_not_there_is_not_found_before_the_body_is_judged(owner, teacher_id):
    answers = [owner.get(f"{URL}{teacher_id}/"), owner.patch(f"{URL}{teacher_id}/", {"phone": "x"})]

    assert [(answer.status_code, answer.json) for answer in answers] == [(404, {"detail": "Not found."})] * 2


# Adding


def test_a_teacher_is_added_with_the_user_who_signs_in(api, owner):
    subject, security = create_rich_subject(), create_video_security()
    body = form(
        of=subject,
        secondary_phone="٠١١١٢٣٤٥٦٧٨",
        biography="خبرة",
        facebook="fb.com/ahmed",
        video_security=security.id,
        role="siteowner",
        id=5,
    )

    response = owner.post(URL, body)

    assert response.status_code == 201
    teacher = db.session.scalars(select(Teacher)).one()
    assert response.json == shown(teacher)
    assert (
        response.json
        | {
            "username": "ahmed",
            "name": "أحمد سامي",
            "phone": "01012345678",
            "secondary_phone": "01112345678",
            "gmail": "ahmed@example.org",
            "gender": "male",
            "biography": "خبرة",
            "facebook": "fb.com/ahmed",
            "is_active": True,
            "subject_id": subject.id,
            "grade_ids": [grade.id for grade in subject.grades],
            "video_security_id": security.id,
        }
        == response.json
    )
    assert (teacher.user.role, teacher.id != 5) == ("teacher", True)
    login = api.post("/api/accounts/login/", {"username": "ahmed", "password": body["password"]})
    assert login.json == {"role": "teacher", "name": "أحمد سامي", "is_active": True}


def test_what_is_optional_may_be_left_out(owner):
    response = owner.post(URL, form())

    assert response.status_code == 201
    absent = ("secondary_phone", "profile_picture", "biography", "facebook", "video_security_detail")
    assert [response.json[name] for name in (*absent, "video_security_id")] == [None] * 6
    assert response.json["is_active"] is True


def test_adding_is_audited_without_personal_data(owner):
    body = form()

    teacher_id = owner.post(URL, body).json["id"]

    verb, actor_id, target_type, target_id, details = last_audit()
    assert (verb, actor_id, target_type, target_id) == ("teacher.created", owner.user.id, "teachers", teacher_id)
    assert {name: value for name, value in details.items() if name != "fields"} == {
        "is_active": True,
        "subject": body["subject"],
        "grades": body["grades"],
        "video_security": None,
    }
    assert set(body) <= set(details["fields"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_form_with_a_picture_is_taken(app, api, owner, kind):
    body = form(subject=str(create_subject(grades=two_grades()).id), is_active="false", biography="")
    body["grades"] = [str(grade.id) for grade in two_grades()]
    body["profile_picture"] = (picture(kind), "evil.svg")

    response = owner.post(URL, data=body, content_type="multipart/form-data")

    assert response.status_code == 201
    assert (response.json["is_active"], response.json["biography"]) == (False, None)
    assert response.json["grade_ids"] == [grade.id for grade in two_grades()]
    link = response.json["profile_picture"]
    assert link.startswith("http://localhost/media/pictures/")
    assert "svg" not in link
    served = api.get(link.removeprefix("http://localhost"))
    content = io.BytesIO(served.data)
    served.close()
    with Image.open(content) as stored:
        assert (stored.format, stored.size) == (kind, (8, 8))


def test_grades_of_a_form_may_be_json_in_one_field(owner):
    subject = create_subject(grades=two_grades())
    body = form(of=subject, grades=str([grade.id for grade in subject.grades]))

    response = owner.post(URL, data=body, content_type="multipart/form-data")

    assert (response.status_code, response.json["grade_ids"]) == (201, [grade.id for grade in subject.grades])


@pytest.mark.parametrize("content", [b"<svg/>", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_a_picture_that_is_none_is_refused_and_nothing_is_kept(app, owner, content):
    before = stored_files(app), stored_users()
    body = form(profile_picture=(io.BytesIO(content), "picture.png"))

    response = owner.post(URL, data=body, content_type="multipart/form-data")

    assert (response.status_code, response.json) == (400, {"profile_picture": [NOT_A_PICTURE]})
    assert (stored_files(app), stored_users()) == before


def test_what_is_required_is_named(owner):
    response = owner.post(URL, {})

    names = ["username", "password", "name", "phone", "gmail", "gender", "subject", "grades"]
    assert (response.status_code, response.json) == (400, {name: [REQUIRED] for name in names})


BAD_VALUES: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"username": ""}, {"username": ["This field may not be blank."]}),
    ({"username": "x" * 151}, {"username": ["Ensure this field has no more than 150 characters."]}),
    ({"username": "a\0b"}, {"username": ["Null characters are not allowed."]}),
    ({"username": None}, {"username": ["This field may not be null."]}),
    ({"username": ["x"]}, {"username": ["Not a valid string."]}),
    ({"password": "short-1"}, {"password": ["This password is too short. It must contain at least 8 characters."]}),
    ({"password": "9876543210"}, {"password": ["This password is entirely numeric."]}),
    (
        {"username": "ahmedsami", "password": "ahmedsami1"},
        {"password": ["The password is too similar to the username."]},
    ),
    ({"name": " "}, {"name": ["This field may not be blank."]}),
    ({"phone": "0101234567"}, {"phone": [PHONE]}),
    ({"phone": "01312345678"}, {"phone": [PHONE]}),
    ({"phone": "+201012345678"}, {"phone": [PHONE]}),
    ({"phone": ""}, {"phone": ["This field may not be blank."]}),
    ({"secondary_phone": "123"}, {"secondary_phone": [PHONE]}),
    ({"gmail": "ahmed"}, {"gmail": ["Enter a valid email address."]}),
    ({"gender": "other"}, {"gender": ['"other" is not a valid choice.']}),
    (
        {"profile_picture": "https://example.org/me.png"},
        {"profile_picture": ["The submitted data was not a file. Check the encoding type on the form."]},
    ),
    ({"biography": "س" * 10_001}, {"biography": ["Ensure this field has no more than 10000 characters."]}),
    ({"facebook": {}}, {"facebook": ["Not a valid string."]}),
    ({"is_active": "perhaps"}, {"is_active": ["Must be a valid boolean."]}),
    ({"is_active": None}, {"is_active": ["This field may not be null."]}),
    ({"subject": "x"}, {"subject": ["A valid integer is required."]}),
    ({"subject": None}, {"subject": ["This field may not be null."]}),
    ({"subject": [1]}, {"subject": ["A valid integer is required."]}),
    ({"subject": 999999}, {"subject": ['Invalid pk "999999" - object does not exist.']}),
    ({"subject": 2**63}, {"subject": [f'Invalid pk "{2**63}" - object does not exist.']}),
    ({"grades": []}, {"grades": ["This list may not be empty."]}),
    ({"grades": 1}, {"grades": ['Expected a list of items but got type "int".']}),
    ({"grades": ["x"]}, {"grades": ["A valid integer is required."]}),
    ({"grades": [999999]}, {"grades": ['Invalid pk "999999" - object does not exist.']}),
    ({"video_security": 999999}, {"video_security": ['Invalid pk "999999" - object does not exist.']}),
    ({"video_security": 1.5}, {"video_security": ["A valid integer is required."]}),
]


@pytest.mark.parametrize(("values", "messages"), BAD_VALUES)
def test_bad_values_are_refused_and_nothing_is_written(owner, values, messages):
    teacher = create_teacher()
    users, before = stored_users(), owner.get(f"{URL}{teacher.id}/").json

    added = owner.post(URL, form(**values))
    changed = owner.patch(f"{URL}{teacher.id}/", {"name": "آخر", **values})

    assert (added.status_code, added.json) == (400, messages)
    assert (changed.status_code, changed.json) == (400, messages)
    assert stored_users() == users
    assert owner.get(f"{URL}{teacher.id}/").json == before
    assert db.session.scalars(select(AuditEntry.verb)).all() == []


@pytest.mark.parametrize("person", [create_site_owner, create_teacher, create_assistant, create_student])
@pytest.mark.parametrize(("field", "refusal"), [("username", TAKEN_USERNAME), ("gmail", TAKEN_GMAIL)])
def test_a_taken_name_or_address_is_refused_ignoring_case_whatever_the_role_of_its_user(owner, person, field, refusal):
    taken = person()
    user = getattr(taken, "user", taken)
    body = form(**{field: getattr(user, field).upper()})
    users = stored_users()

    response = owner.post(URL, body)

    assert (response.status_code, response.json, stored_users()) == (400, refusal, users)


def test_a_grade_that_is_named_twice_counts_once(owner):
    grade = two_grades()[0]

    response = owner.post(URL, form(of=create_subject(grades=[grade]), grades=[grade.id, grade.id]))

    assert (response.status_code, response.json["grade_ids"]) == (201, [grade.id])


@pytest.mark.concurrency
def test_of_two_equal_usernames_at_the_same_moment_one_is_refused(committing_app):
    owner, subject = Api(committing_app, create_site_owner()), create_subject()
    bodies = [form(of=subject, gmail=f"ahmed{number}@example.org") for number in range(3)]

    responses = race([lambda body=body: owner.post(URL, body) for body in bodies])

    refused = [response.json for response in responses if response.status_code == 400]
    assert (refused, [response.status_code for response in responses].count(201)) == ([TAKEN_USERNAME] * 2, 1)
    assert owner.get(URL).json["count"] == 1


def test_a_grade_that_does_not_learn_the_subject_is_refused(owner):
    first, second = two_grades()
    subject = create_subject(grades=[first])
    users = stored_users()

    response = owner.post(URL, form(of=subject, grades=[first.id, second.id]))

    assert response.status_code == 400
    assert response.json == {"grades": [f"{subject.name} is not taught in {second.name}."]}
    assert stored_users() == users


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [(b'{"name": ', "application/json", 400), (b'{"name": "\\udc00"}', "application/json", 400), (b"x", "a/b", 415)],
)
def test_a_body_that_cannot_be_read_is_refused(owner, raw, content_type, status):
    response = owner.post(URL, data=raw, content_type=content_type)

    assert (response.status_code, list(response.json)) == (status, ["detail"])
