"""Changing the educational structure: by site owners alone, and deleted only where nothing refers to it."""

from typing import Any

import pytest
from sqlalchemy import Select, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.structure.models import (
    Area,
    Division,
    Governorate,
    Grade,
)
from tests.api import Api
from tests.factories import (
    any_grade,
    create_assistant,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_video_security,
)
from tests.racing import race
from tests.structure.items import (
    MODELS,
    PATHS,
    UNHEARD_OF,
    last_audit,
    make_body,
    named,
    saved,
    two_grades,
    two_school_types,
)


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("person", [create_teacher, create_assistant, create_student], ids=lambda make: make.__name__)
def test_only_site_owners_change_the_structure(api, owner, path, person):
    item = owner.post(f"/api/structure/{path}/", make_body(path)).json
    caller = api.as_(person())
    url = f"/api/structure/{path}/{item['id']}/"

    answers = [caller.post(f"/api/structure/{path}/", {}), caller.patch(url, {"name": "x"}), caller.delete(url)]

    refusal = (403, {"detail": "You do not have permission to perform this action."})
    assert [(answer.status_code, answer.json) for answer in answers] == [refusal] * 3
    assert api.get(url).json == item


@pytest.mark.parametrize("path", PATHS)
def test_changing_needs_somebody_signed_in(api, path):
    url = f"/api/structure/{path}/999999/"

    answers = [api.post(f"/api/structure/{path}/", {}), api.patch(url, {}), api.delete(url)]

    refusal = (401, {"detail": "Authentication credentials were not provided."})
    assert [(answer.status_code, answer.json) for answer in answers] == [refusal] * 3


# Adding and changing


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("grades", "grade.created"),
        ("school-types", "school_type.created"),
        ("governorates", "governorate.created"),
        ("areas", "area.created"),
        ("video-security", "video_security.created"),
    ],
)
def test_adding_answers_what_was_added_and_is_audited(api, owner, path, verb):
    body = make_body(path)

    response = owner.post(f"/api/structure/{path}/", {**body, "id": UNHEARD_OF, "stranger": "x"})

    assert response.status_code == 201
    assert response.json == {"id": response.json["id"], **body}
    assert response.json["id"] != UNHEARD_OF
    assert last_audit() == (verb, owner.user.id, MODELS[path].__tablename__, response.json["id"], body)


@pytest.mark.parametrize("suffix", ["_ids", "s"])
def test_relations_are_taken_under_either_name(owner, suffix):
    grades, school_types = two_grades(), two_school_types()
    body = {
        "name": "جديد",
        f"grade{suffix}": [grade.id for grade in grades],
        f"school_type{suffix}": [school_types[1].id],
    }

    division = owner.post("/api/structure/divisions/", body)
    subject = owner.post("/api/structure/subjects/", {**body, f"division{suffix}": [division.json["id"]]})

    assert division.status_code == 201
    assert division.json == {
        "id": division.json["id"],
        "name": "جديد",
        "grades": [grade.id for grade in grades],
        "grades_detail": named(*grades),
        "school_types": [school_types[1].id],
        "school_types_detail": named(school_types[1]),
    }
    assert subject.status_code == 201
    assert subject.json["grades"] == subject.json["grade_ids"] == [grade.id for grade in grades]
    assert subject.json["school_types"] == subject.json["school_type_ids"] == [school_types[1].id]
    assert subject.json["divisions"] == subject.json["division_ids"] == [division.json["id"]]


def test_a_relation_named_twice_is_kept_once(owner):
    grade = any_grade()

    response = owner.post("/api/structure/subjects/", {"name": "علم", "grade_ids": [grade.id, grade.id]})

    assert response.json["grades"] == [grade.id]


def test_changing_replaces_named_relations_whole_and_leaves_the_rest(owner):
    grades, school_types = two_grades(), two_school_types()
    subject = create_subject(grades=grades[:1], school_types=school_types)

    response = owner.patch(f"/api/structure/subjects/{subject.id}/", {"grade_ids": [grades[1].id]})

    assert response.status_code == 200
    assert response.json["name"] == subject.name
    assert response.json["grades_detail"] == named(grades[1])
    assert response.json["school_types_detail"] == named(*school_types)
    details = {"grade_ids": [grades[1].id]}
    assert last_audit() == ("subject.changed", owner.user.id, "subjects", subject.id, details)


def test_changing_may_empty_a_relation(owner):
    subject = create_subject()

    assert owner.patch(f"/api/structure/subjects/{subject.id}/", {"grades": []}).json["grades"] == []


@pytest.mark.parametrize("path", PATHS)
def test_changing_the_name_keeps_everything_else(api, owner, path):
    item = owner.post(f"/api/structure/{path}/", make_body(path)).json
    url = f"/api/structure/{path}/{item['id']}/"

    response = owner.patch(url, {"name": "  اسم آخر  "})

    assert (response.status_code, response.json) == (200, {**item, "name": "اسم آخر"})
    assert api.get(url).json == response.json


def test_changing_nothing_answers_the_item_and_leaves_no_trace(owner):
    grade = any_grade()

    response = owner.patch(f"/api/structure/grades/{grade.id}/", {})

    assert (response.status_code, response.json) == (200, {"id": grade.id, "name": grade.name, "order": grade.order})
    assert db.session.scalars(select(AuditEntry.verb)).all() == []


def test_an_area_moves_to_another_governorate(owner):
    governorate = saved(Governorate(name="جزيرة"))
    area = db.session.scalars(select(Area).limit(1)).one()

    response = owner.patch(f"/api/structure/areas/{area.id}/", {"governorate": governorate.id})

    assert response.json == {"id": area.id, "name": area.name, "governorate": governorate.id}


@pytest.mark.parametrize(
    ("path", "noun"),
    [
        ("grades", "grade"),
        ("school-types", "school type"),
        ("divisions", "division"),
        ("subjects", "subject"),
        ("governorates", "governorate"),
        ("video-security", "video security"),
    ],
)
def test_a_taken_name_is_refused(api, owner, path, noun):
    taken = owner.post(f"/api/structure/{path}/", make_body(path)).json
    other = owner.post(f"/api/structure/{path}/", {**make_body(path), "name": "آخر"}).json

    added = owner.post(f"/api/structure/{path}/", make_body(path))
    changed = owner.patch(f"/api/structure/{path}/{other['id']}/", {"name": taken["name"]})

    refusal = (400, {"name": [f"{noun} with this name already exists."]})
    assert [(added.status_code, added.json), (changed.status_code, changed.json)] == [refusal] * 2
    assert api.get(f"/api/structure/{path}/{other['id']}/").json == other


def test_an_areas_name_is_unique_within_its_governorate_only(owner):
    governorates = [saved(Governorate(name=name)) for name in ("جزيرة", "واحة")]
    bodies = [{"name": "ميناء", "governorate": governorate.id} for governorate in governorates]

    answers = [owner.post("/api/structure/areas/", body) for body in [*bodies, bodies[0]]]

    assert [answer.status_code for answer in answers] == [201, 201, 400]
    assert answers[2].json == {"non_field_errors": ["The fields governorate, name must make a unique set."]}


REQUIRED = "This field is required."


@pytest.mark.parametrize(
    ("path", "messages"),
    [
        ("grades", {"name": [REQUIRED], "order": [REQUIRED]}),
        ("school-types", {"name": [REQUIRED]}),
        ("divisions", {"name": [REQUIRED]}),
        ("subjects", {"name": [REQUIRED]}),
        ("governorates", {"name": [REQUIRED]}),
        ("areas", {"name": [REQUIRED], "governorate": [REQUIRED]}),
        ("video-security", {"name": [REQUIRED], "price_per_student": [REQUIRED]}),
    ],
)
def test_what_is_missing_is_named(owner, path, messages):
    response = owner.post(f"/api/structure/{path}/", {})

    assert (response.status_code, response.json) == (400, messages)


NO_INTEGER = "A valid integer is required."


@pytest.mark.parametrize(
    ("path", "values", "messages"),
    [
        ("grades", {"name": ""}, {"name": ["This field may not be blank."]}),
        ("grades", {"name": None}, {"name": ["This field may not be null."]}),
        ("grades", {"name": ["x"]}, {"name": ["Not a valid string."]}),
        ("grades", {"name": "a\0b"}, {"name": ["Null characters are not allowed."]}),
        ("grades", {"name": "س" * 256}, {"name": ["Ensure this field has no more than 255 characters."]}),
        ("grades", {"order": "x"}, {"order": [NO_INTEGER]}),
        ("grades", {"order": 2**31}, {"order": ["Ensure this value is less than or equal to 2147483647."]}),
        ("subjects", {"grade_ids": 3}, {"grade_ids": ['Expected a list of items but got type "int".']}),
        ("subjects", {"grade_ids": None}, {"grade_ids": ["This field may not be null."]}),
        ("subjects", {"grade_ids": ["x"]}, {"grade_ids": [NO_INTEGER]}),
        ("subjects", {"grades": [999999]}, {"grades": ['Invalid pk "999999" - object does not exist.']}),
        ("subjects", {"grade_ids": [2**63]}, {"grade_ids": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ("subjects", {"division_ids": [999999]}, {"division_ids": ['Invalid pk "999999" - object does not exist.']}),
        ("divisions", {"school_types": [0]}, {"school_types": ['Invalid pk "0" - object does not exist.']}),
        ("divisions", {"school_type_ids": [-1]}, {"school_type_ids": ['Invalid pk "-1" - object does not exist.']}),
        ("areas", {"governorate": 999999}, {"governorate": ['Invalid pk "999999" - object does not exist.']}),
        ("areas", {"governorate": None}, {"governorate": ["This field may not be null."]}),
        (
            "video-security",
            {"price_per_student": "-0.01"},
            {"price_per_student": ["Ensure this value is greater than or equal to 0."]},
        ),
        (
            "video-security",
            {"price_per_student": "1.005"},
            {"price_per_student": ["Ensure that there are no more than 2 decimal places."]},
        ),
        ("video-security", {"price_per_student": "NaN"}, {"price_per_student": ["A valid number is required."]}),
        (
            "video-security",
            {"price_per_student": 10**10},
            {"price_per_student": ["Ensure that there are no more than 10 digits before the decimal point."]},
        ),
    ],
)
def test_bad_values_are_refused_and_nothing_is_written(api, owner, path, values, messages):
    item = owner.post(f"/api/structure/{path}/", make_body(path)).json
    before = api.get(f"/api/structure/{path}/").json

    added = owner.post(f"/api/structure/{path}/", {**make_body(path), "name": "آخر", **values})
    changed = owner.patch(f"/api/structure/{path}/{item['id']}/", {"name": "آخر", **values})

    assert (added.status_code, added.json) == (400, messages)
    assert (changed.status_code, changed.json) == (400, messages)
    assert api.get(f"/api/structure/{path}/").json == before


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (b'{"name": ', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"[" * 2000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b"<name/>", "application/xml", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(owner, raw, content_type, status):
    response = owner.post("/api/structure/school-types/", data=raw, content_type=content_type)

    assert response.status_code == status
    assert response.is_json


# Deleting


@pytest.mark.parametrize("path", PATHS)
def test_what_nothing_refers_to_is_deleted(api, owner, path):
    item = owner.post(f"/api/structure/{path}/", make_body(path)).json
    url = f"/api/structure/{path}/{item['id']}/"

    response = owner.delete(url)

    assert (response.status_code, response.data) == (204, b"")
    assert api.get(url).status_code == 404
    verb, actor_id, _, target_id, details = last_audit()
    assert verb.endswith(".deleted")
    assert (actor_id, target_id, details) == (owner.user.id, item["id"], {"name": item["name"]})


def test_deleting_a_subject_or_division_takes_its_own_relations_along(owner):
    division = saved(Division(name="شعبة", grades=two_grades(), school_types=two_school_types()))
    subject = create_subject(divisions=[division], school_types=two_school_types())

    answers = [owner.delete(f"/api/structure/subjects/{subject.id}/")]
    answers += [owner.delete(f"/api/structure/divisions/{division.id}/")]

    assert [answer.status_code for answer in answers] == [204, 204]


def items_in_use() -> dict[str, tuple[str, Any]]:
    division = saved(Division(name="شعبة", grades=two_grades(), school_types=two_school_types()))
    subject = create_subject(divisions=[division])
    security = create_video_security()
    create_teacher(subject=subject, video_security=security)
    student = create_student()
    return {
        "grades": ("grade", division.grades[0]),
        "school-types": ("school type", division.school_types[0]),
        "divisions": ("division", division),
        "subjects": ("subject", subject),
        "governorates": ("governorate", student.governorate),
        "areas": ("area", student.area),
        "video-security": ("video security", security),
    }


@pytest.mark.parametrize("path", PATHS)
def test_what_something_refers_to_stays(api, owner, path):
    noun, item = items_in_use()[path]
    url = f"/api/structure/{path}/{item.id}/"
    before = api.get(url).json

    response = owner.delete(url)

    assert response.status_code == 409
    assert response.json == {"detail": f"This {noun} cannot be deleted because it is in use."}
    assert api.get(url).json == before
    assert db.session.scalars(select(AuditEntry.verb)).all() == []


# At the same moment


def change_relation_at_once(app) -> tuple[list[int], set[int], set[int]]:
    """Replace the grades of a subject from four clients; return the statuses, the grades wanted and the grades left."""
    owner = Api(app, create_site_owner())
    first, *wanted = db.session.scalars(select(Grade)).all()
    url = f"/api/structure/subjects/{create_subject(grades=[first]).id}/"
    body = {"grade_ids": [grade.id for grade in wanted]}

    responses = race([lambda: owner.patch(url, body)] * 4)

    return [response.status_code for response in responses], set(body["grade_ids"]), set(owner.get(url).json["grades"])


@pytest.mark.concurrency
def test_changes_of_one_relation_at_the_same_moment_never_collide(committing_app):
    statuses, wanted, left = change_relation_at_once(committing_app)

    assert statuses == [200] * 4
    assert left == wanted


@pytest.mark.concurrency
def test_without_the_lock_they_would_collide(committing_app, monkeypatch):
    monkeypatch.setattr(Select, "with_for_update", lambda statement, **_: statement)

    assert any(500 in change_relation_at_once(committing_app)[0] for _ in range(20))


@pytest.mark.concurrency
def test_a_grade_is_deleted_or_named_but_never_both(committing_app):
    owner = Api(committing_app, create_site_owner())

    for number in range(5):
        grade = owner.post("/api/structure/grades/", {"name": f"صف {number}", "order": 20}).json["id"]
        body = {"name": f"علم {number}", "grade_ids": [grade]}
        deleted, added = race(
            [
                lambda grade=grade: owner.delete(f"/api/structure/grades/{grade}/"),
                lambda body=body: owner.post("/api/structure/subjects/", body),
            ]
        )

        assert (deleted.status_code, added.status_code) in [(204, 400), (409, 201)]


@pytest.mark.concurrency
def test_of_two_equal_names_at_the_same_moment_one_is_refused(committing_app):
    owner = Api(committing_app, create_site_owner())

    responses = race([lambda: owner.post("/api/structure/school-types/", {"name": "دولي"})] * 4)

    refusal = (400, {"name": ["school type with this name already exists."]})
    assert sorted(response.status_code for response in responses) == [201, 400, 400, 400]
    assert [(each.status_code, each.json) for each in responses if each.status_code != 201] == [refusal] * 3
