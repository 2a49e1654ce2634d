"""The site owner's list of all assistants."""

import pytest

from tests.api import counted_statements
from tests.factories import create_assistant, create_site_owner, create_student, create_teacher

URL = "/api/accounts/assistants/"


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def shown(assistant):
    return {
        "id": assistant.id,
        "user_id": assistant.user.id,
        "username": assistant.user.username,
        "name": assistant.name,
        "phone": assistant.phone,
        "gmail": assistant.user.gmail,
        "gender": assistant.gender,
        "is_active": assistant.user.is_active,
        "created_at": assistant.created_at.isoformat().replace("+00:00", "Z"),
        "teacher": assistant.teacher.id,
        "teacher_name": assistant.teacher.name,
    }


def test_assistants_of_all_teachers_are_listed_newest_first(owner):
    first, second = create_assistant(), create_assistant(is_active=False)

    response = owner.get(URL)

    assert response.status_code == 200
    assert response.json == {"count": 2, "next": None, "previous": None, "results": [shown(second), shown(first)]}


def test_the_list_is_narrowed_to_one_teacher(owner):
    assistant, _ = create_assistant(), create_assistant()

    response = owner.get(f"{URL}?teacher={assistant.teacher.id}")

    assert response.json["results"] == [shown(assistant)]
    assert owner.get(f"{URL}?teacher=999999").json["results"] == []


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("احمد", True),
        ("سامى أحمد", True),
        ("٠١٠٩٨٧", True),
        ("010987", True),
        ("SALAMA@Example", True),
        ("أحمد salama 0109", True),
        ("أحمد كريم", False),
        ("%", False),
        ("_", False),
        ("", True),
    ],
)
def test_search_finds_words_in_name_phone_and_address(owner, search, finds):
    assistant = create_assistant(name="أحمد سامي", phone="01098765432")
    assistant.user.gmail = "Salama@example.org"
    other = create_assistant(name="كريم", phone="01112345678")

    found = owner.get(URL, query_string={"search": search}).json["results"]

    assert (shown(assistant) in found) is finds
    assert (shown(other) in found) is (search == "")


def test_all_answers_the_whole_list_without_pages(owner):
    assistants = [create_assistant() for _ in range(3)]

    response = owner.get(f"{URL}?all=true")

    assert response.json == {"count": 3, "results": [shown(assistant) for assistant in assistants[::-1]]}


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("teacher=x", {"teacher": ["A valid integer is required."]}),
        ("teacher=9223372036854775808", {"teacher": ['Invalid pk "9223372036854775808" - object does not exist.']}),
        ("search=%00", {"search": ["Null characters are not allowed."]}),
    ],
)
def test_a_bad_filter_is_refused(owner, query, messages):
    response = owner.get(f"{URL}?{query}")

    assert (response.status_code, response.json) == (400, messages)


def test_the_list_costs_two_statements_however_many_there_are(owner):
    def cost():
        with counted_statements() as statements:
            assert owner.get(URL).status_code == 200
        return len(statements)

    create_assistant()
    assert cost() == 2
    for _ in range(3):
        create_assistant()
    assert cost() == 2


@pytest.mark.parametrize("person", [create_teacher, create_assistant, create_student], ids=lambda make: make.__name__)
def test_only_site_owners_see_the_list(api, person):
    response = api.as_(person()).get(URL)

    assert response.status_code == 403
    assert response.json == {"detail": "You do not have permission to perform this action."}


def test_nobody_signed_in_is_turned_away(api):
    response = api.get(URL)

    assert response.status_code == 401
    assert response.json == {"detail": "Authentication credentials were not provided."}
