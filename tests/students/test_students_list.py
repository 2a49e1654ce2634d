"""The site owner's view of students: the list, its filters and search, and one student."""

import pytest

from edutrack.accounts.models import Student
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.structure.models import SchoolType
from edutrack.students import schemas
from tests.api import counted_statements
from tests.factories import (
    any_division,
    any_grade,
    create_assistant,
    create_site_owner,
    create_student,
    create_teacher,
)

PATH = "/api/accounts/students/"
THIRD_SECONDARY = "الصف الثالث الثانوي"


def item_of(student, **changes):
    """Return the whole item that a student of the factories has."""
    shown = {
        "id": student.id,
        "user_id": student.user_id,
        "username": student.user.username,
        "student_code": student.student_code,
        "name_ar": student.name_ar,
        "name_en": student.name_en,
        "phone_number": "01212345678",
        "father_number": "01512345678",
        "mother_number": None,
        "father_job": "مهندس",
        "educational_state": "school",
        "school_type": student.school_type_id,
        "grade": student.grade_id,
        "division": student.division_id,
        "school_name": "مدرسة النيل",
        "national_id": national_id_of(student),
        "birth_date": "2010-05-17",
        "gender": "male",
        "gmail": student.user.gmail,
        "facebook_link": None,
        "governorate": student.governorate_id,
        "area": student.area_id,
        "status": "verified",
        "is_active": True,
        "created_at": student.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": student.updated_at.isoformat().replace("+00:00", "Z"),
    }
    return shown | changes


def national_id_of(student):
    return unseal(student.national_id_sealed, "national-id")


def found(api, query):
    """Return the ids that the list answers, newest first."""
    response = api.get(PATH, query_string=query)
    assert response.status_code == 200
    assert response.json["count"] == len(response.json["results"])
    return [item["id"] for item in response.json["results"]]


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def test_the_list_shows_whole_students_newest_first(owner):
    first = create_student(grade=any_grade(THIRD_SECONDARY), division=any_division())
    second = create_student(status="pending")

    response = owner.get(PATH)

    assert response.status_code == 200
    assert response.json == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [item_of(second, status="pending", is_active=False), item_of(first)],
    }


def test_the_list_comes_in_pages_that_lead_to_each_other(owner):
    students = [create_student() for _ in range(3)]

    page = owner.get(PATH, query_string={"page_size": 2, "status": "verified"}).json

    assert [item["id"] for item in page["results"]] == [students[2].id, students[1].id]
    assert page["previous"] is None
    rest = owner.get(page["next"]).json
    assert [item["id"] for item in rest["results"]] == [students[0].id]
    assert rest["next"] is None
    response = owner.get(PATH, query_string={"page": 9})
    assert (response.status_code, response.json) == (404, {"detail": "Invalid page."})


def test_all_answers_everybody_without_pages(owner):
    students = [create_student() for _ in range(3)]

    response = owner.get(PATH, query_string={"all": "true", "page_size": 1})

    assert response.json == {"count": 3, "results": [item_of(student) for student in reversed(students)]}


def test_the_list_filters_by_status_grade_and_school_type(owner):
    private = db.session.query(SchoolType).where(SchoolType.name == "خاص لغات").one()
    plain = create_student()
    pending = create_student(status="pending")
    third = create_student(grade=any_grade(THIRD_SECONDARY), division=any_division())
    language = create_student(school_type=private)

    assert found(owner, {"status": "pending"}) == [pending.id]
    assert found(owner, {"grade": third.grade_id}) == [third.id]
    assert found(owner, {"school_type": private.id}) == [language.id]
    assert found(owner, {"status": "verified", "grade": plain.grade_id, "school_type": plain.school_type_id}) == [
        plain.id
    ]
    assert found(owner, {"grade": 999_999}) == []


@pytest.mark.parametrize(
    "search", ["احمد", "أَحْمَد فؤاد", "fouad AHMED", "مدحت احمد", "1234", "١٢٣٤٥٦٧٨", "12345678 ahmed"]
)
def test_a_search_finds_every_word_in_names_and_code_however_typed(owner, search):
    student = create_student(name_ar="أحمد فؤاد مدحت", name_en="Ahmed Fouad Medhat", student_code="12345678")
    create_student(name_ar="منى", name_en="Mona", student_code="87650000")

    assert found(owner, {"search": search}) == [student.id]


@pytest.mark.parametrize("search", ["احمد منى", "%", "_", "\\", "مدرسة النيل", "01212345678"])
def test_a_search_finds_nothing_elsewhere(owner, search):
    create_student(name_ar="أحمد", name_en="Ahmed")
    create_student(name_ar="منى", name_en="Mona")

    assert found(owner, {"search": search}) == []


def test_a_whole_national_id_finds_its_student(owner):
    student, _ = create_student(), create_student()
    number = national_id_of(student)

    assert found(owner, {"search": number}) == [student.id]
    assert found(owner, {"search": f" {number.translate(str.maketrans('0123456789', '٠١٢٣٤٥٦٧٨٩'))} "}) == [student.id]


def test_a_part_of_a_national_id_finds_nobody(owner):
    number = national_id_of(create_student())

    assert found(owner, {"search": number[:13]}) == []
    assert found(owner, {"search": number[1:]}) == []


def test_a_blank_search_finds_everybody(owner):
    student = create_student()

    assert found(owner, {"search": "  "}) == [student.id]


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"status": "blocked"}, {"status": ['"blocked" is not a valid choice.']}),
        ({"grade": "x"}, {"grade": ["A valid integer is required."]}),
        ({"school_type": "1.5"}, {"school_type": ["A valid integer is required."]}),
        ({"grade": 2**63}, {"grade": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"page_size": "x"}, {"page_size": ["A valid integer is required."]}),
        ({"all": "maybe"}, {"all": ["Must be a valid boolean."]}),
        ({"search": "a\0"}, {"search": ["Null characters are not allowed."]}),
    ],
)
def test_a_bad_query_value_is_refused(owner, query, messages):
    response = owner.get(PATH, query_string=query)

    assert (response.status_code, response.json) == (400, messages)


def test_the_list_runs_two_statements_however_many_students_it_shows(owner):
    counts = []
    for _ in range(2):
        for _ in range(3):
            create_student()
        with counted_statements() as statements:
            owner.get(PATH, query_string={"search": "طالب", "status": "verified"})
        counts.append(len(statements))

    assert counts == [2, 2]


def test_a_page_opens_no_more_national_ids_than_it_shows(owner, monkeypatch):
    for _ in range(5):
        create_student()
    opened = []
    monkeypatch.setattr(schemas, "unseal", lambda sealed, purpose: opened.append(sealed) or unseal(sealed, purpose))

    owner.get(PATH, query_string={"page_size": 2})

    assert len(opened) == 2


def test_one_student_has_the_shape_of_an_item_and_takes_one_statement(owner):
    student = create_student(status="declined", is_active=False)

    with counted_statements() as statements:
        response = owner.get(f"{PATH}{student.id}/")

    assert (response.status_code, response.json) == (200, item_of(student, status="declined", is_active=False))
    assert len(statements) == 1


@pytest.mark.parametrize("number", [999_999, 2**63 - 1, 2**63, 10**18])
def test_a_student_who_is_not_there_is_not_found(owner, number):
    response = owner.get(f"{PATH}{number}/")

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("path", [PATH, f"{PATH}1/"])
def test_nobody_but_the_site_owner_sees_students(api, path):
    assert api.get(path).status_code == 401
    for person in (create_student(), create_teacher(), create_assistant()):
        response = api.as_(person).get(path)
        assert (response.status_code, response.json) == (
            403,
            {"detail": "You do not have permission to perform this action."},
        )
    assert db.session.query(Student).count() == 1
