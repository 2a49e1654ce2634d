"""The educational structure: read by anybody."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.structure.models import (
    Area,
    Division,
    Governorate,
    Grade,
    SchoolType,
    Subject,
)
from tests.api import counted_statements
from tests.factories import (
    create_site_owner,
    create_video_security,
)
from tests.structure.items import (
    PATHS,
    make_body,
    named,
    saved,
    two_grades,
    two_school_types,
)


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def test_grades_are_listed_by_their_order_for_anybody(api):
    last = saved(Grade(name="تمهيدي", order=0))

    response = api.get("/api/structure/grades/")

    assert response.status_code == 200
    grades = db.session.scalars(select(Grade).order_by(Grade.order, Grade.id)).all()
    assert response.json == [{"id": grade.id, "name": grade.name, "order": grade.order} for grade in grades]
    assert response.json[0]["id"] == last.id
    assert len(response.json) == 13


@pytest.mark.parametrize(("path", "model"), [("school-types", SchoolType), ("governorates", Governorate)])
def test_plain_kinds_are_listed_with_id_and_name(api, path, model):
    response = api.get(f"/api/structure/{path}/")

    assert response.status_code == 200
    assert response.json == named(*db.session.scalars(select(model).order_by(model.id)))
    assert response.json


def test_divisions_show_ids_and_names_of_grades_and_school_types(api):
    school_types, grades = two_school_types(), two_grades()
    division = saved(Division(name="تجريبي", grades=grades[::-1], school_types=school_types))

    response = api.get("/api/structure/divisions/")

    assert response.status_code == 200
    assert response.json[-1] == {
        "id": division.id,
        "name": "تجريبي",
        "grades": [grade.id for grade in grades],
        "grades_detail": named(*grades),
        "school_types": [school_type.id for school_type in school_types],
        "school_types_detail": named(*school_types),
    }
    assert [item["id"] for item in response.json] == db.session.scalars(select(Division.id).order_by(Division.id)).all()


def test_a_subject_shows_everything_about_who_learns_it(api):
    school_types, grades = two_school_types(), two_grades()
    division = saved(Division(name="تجريبي", grades=grades, school_types=school_types[:1]))
    subject = saved(Subject(name="فلك", grades=grades[:1], divisions=[division], school_types=school_types))

    listed = api.get("/api/structure/subjects/")
    shown = api.get(f"/api/structure/subjects/{subject.id}/")

    expected = {
        "id": subject.id,
        "name": "فلك",
        "grades": [grades[0].id],
        "grades_detail": named(grades[0]),
        "divisions": [division.id],
        "divisions_detail": [
            {"id": division.id, "name": "تجريبي", "grades": named(*grades), "school_types": named(school_types[0])}
        ],
        "school_types": [school_type.id for school_type in school_types],
        "school_types_detail": named(*school_types),
        "grade_ids": [grades[0].id],
        "division_ids": [division.id],
        "school_type_ids": [school_type.id for school_type in school_types],
    }
    assert (listed.status_code, listed.json[-1]) == (200, expected)
    assert (shown.status_code, shown.json) == (200, expected)


def test_a_subject_without_relations_shows_empty_lists(api, owner):
    subject = owner.post("/api/structure/subjects/", {"name": "حرة"}).json

    response = api.get(f"/api/structure/subjects/{subject['id']}/")

    relations = ["grades", "divisions", "school_types"]
    assert response.json == {
        "id": subject["id"],
        "name": "حرة",
        **{relation: [] for relation in relations},
        **{f"{relation}_detail": [] for relation in relations},
        **{f"{relation.removesuffix('s')}_ids": [] for relation in relations},
    }


def test_areas_are_listed_whole_or_of_one_governorate(api):
    governorate = saved(Governorate(name="جزيرة"))
    area = saved(Area(name="ميناء", governorate_id=governorate.id))

    filtered = api.get(f"/api/structure/areas/?governorate={governorate.id}")
    whole = api.get("/api/structure/areas/")

    expected = {"id": area.id, "name": "ميناء", "governorate": governorate.id}
    assert filtered.json == [expected]
    assert whole.json[-1] == expected
    assert len(whole.json) > 300


def test_areas_of_a_governorate_that_is_not_there_are_none(api):
    assert api.get("/api/structure/areas/?governorate=999999").json == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", "A valid integer is required."),
        ("1.5", "A valid integer is required."),
        ("%00", "A valid integer is required."),
        ("9223372036854775808", 'Invalid pk "9223372036854775808" - object does not exist.'),
    ],
)
def test_a_filter_that_is_no_id_is_refused(api, value, message):
    response = api.get(f"/api/structure/areas/?governorate={value}")

    assert (response.status_code, response.json) == (400, {"governorate": [message]})


def test_video_security_shows_its_price_as_a_string(api):
    item = create_video_security(price_per_student=Decimal("7.5"))

    listed = api.get("/api/structure/video-security/")
    shown = api.get(f"/api/structure/video-security/{item.id}/")

    expected = {"id": item.id, "name": item.name, "price_per_student": "7.50"}
    assert listed.json == [expected]
    assert shown.json == expected


@pytest.mark.parametrize("path", PATHS)
def test_reading_is_open_to_anybody_and_ignores_stale_credentials(api, owner, path):
    item = owner.post(f"/api/structure/{path}/", make_body(path)).json
    stale = {"Authorization": "Bearer stale"}

    listed = api.get(f"/api/structure/{path}/", headers=stale)
    shown = api.get(f"/api/structure/{path}/{item['id']}/", headers=stale)

    assert listed.status_code == 200
    assert item in listed.json
    assert (shown.status_code, shown.json) == (200, item)


@pytest.mark.parametrize("path", PATHS)
def test_reading_costs_one_statement_however_much_there_is(api, owner, path):
    item = owner.post(f"/api/structure/{path}/", make_body(path)).json
    grades, school_types = two_grades(), two_school_types()
    for number in range(5):
        division = Division(name=f"شعبة {number}", grades=grades, school_types=school_types)
        saved(Subject(name=f"علم {number}", grades=grades, divisions=[division], school_types=school_types))

    with counted_statements() as of_list:
        api.get(f"/api/structure/{path}/")
    with counted_statements() as of_one:
        api.get(f"/api/structure/{path}/{item['id']}/")

    assert (len(of_list), len(of_one)) == (1, 1)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("item_id", ["999999", "9223372036854775808", "9" * 19])
def test_what_is_not_there_is_not_found(api, owner, path, item_id):
    url = f"/api/structure/{path}/{item_id}/"

    answers = [api.get(url), owner.patch(url, {"name": ""}), owner.delete(url)]

    assert [(answer.status_code, answer.json) for answer in answers] == [(404, {"detail": "Not found."})] * 3
