"""Lists: pages, the whole, sizes, and order."""

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.mail import Mail
from tests.api import counted_statements


@pytest.fixture(params=["mails", "prepared-mails"])
def path(request):
    """The same list of a select that each request builds, and of statements that are built once."""
    return f"/api/trial/{request.param}/"


def create_mails(count, subject=lambda number: f"{number:03d}"):
    mails = [
        Mail(recipient="a@example.org", subject=subject(number), text="", created_at=clock.now())
        for number in range(count)
    ]
    db.session.add_all(mails)
    db.session.commit()
    return mails


def test_a_page_has_its_neighbours(api, path):
    mails = create_mails(5)

    response = api.get(f"{path}?page=2&page_size=2&ordering=id")

    assert response.status_code == 200
    assert response.json == {
        "count": 5,
        "next": f"http://localhost{path}?page_size=2&ordering=id&page=3",
        "previous": f"http://localhost{path}?page_size=2&ordering=id&page=1",
        "results": [{"id": mail.id, "subject": mail.subject} for mail in mails[2:4]],
    }


def test_an_empty_list_has_one_empty_page(api, path):
    assert api.get(path).json == {"count": 0, "next": None, "previous": None, "results": []}


def test_the_last_page_has_no_next(api, path):
    create_mails(4)

    body = api.get(f"{path}?page=2&page_size=2").json

    assert (body["next"], len(body["results"])) == (None, 2)


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.0", "٢", "3", "9" * 30, "9" * 5000, "%00", "1e3", "²"])
def test_a_page_that_is_not_there_is_not_found(api, path, page):
    create_mails(4)

    response = api.get(f"{path}?page_size=2&page={page}")

    assert (response.status_code, response.json) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize(("size", "expected"), [("3", 3), ("200", 200), ("201", 200), ("9" * 30, 200), ("٣", 3)])
def test_a_page_size_is_clamped(api, path, size, expected):
    create_mails(205)

    response = api.get(f"{path}?page_size={size}")

    assert (response.status_code, len(response.json["results"])) == (200, expected)


def test_empty_values_are_none(api, path):
    mails = create_mails(2)

    response = api.get(f"{path}?page=&page_size=&all=&ordering=")

    assert (response.status_code, response.json["count"]) == (200, 2)
    assert [result["id"] for result in response.json["results"]] == [mail.id for mail in mails]


def test_fifty_stand_on_a_page_by_default(api, path):
    create_mails(51)

    assert len(api.get(path).json["results"]) == 50


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("page_size=x", {"page_size": ["A valid integer is required."]}),
        ("page_size=0", {"page_size": ["Ensure this value is greater than or equal to 1."]}),
        ("page_size=-5", {"page_size": ["Ensure this value is greater than or equal to 1."]}),
        ("all=perhaps", {"all": ["Must be a valid boolean."]}),
        ("ordering=text", {"ordering": ['"text" is not a valid choice.']}),
        ("ordering=%00", {"ordering": ["Null characters are not allowed."]}),
    ],
)
def test_another_bad_query_value_is_refused(api, path, query, expected):
    response = api.get(f"{path}?{query}")

    assert (response.status_code, response.json) == (400, expected)


@pytest.mark.parametrize("count", [0, 1, 1201])
def test_all_is_the_whole_list_without_pages(api, path, count):
    mails = create_mails(count)

    response = api.get(f"{path}?all=true")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {"count": count, "results": [{"id": mail.id, "subject": mail.subject} for mail in mails]}


def test_all_takes_one_statement_and_says_its_length(api, path):
    create_mails(1201)

    with counted_statements() as statements:
        response = api.get(f"{path}?all=true")

    assert len(statements) == 1
    assert response.content_length == len(response.data)


def test_all_false_is_a_page(api, path):
    assert api.get(f"{path}?all=false").json == {"count": 0, "next": None, "previous": None, "results": []}


@pytest.mark.parametrize("ordering", ["subject", "-subject"])
def test_equal_rows_never_stand_on_two_pages(api, path, ordering):
    mails = create_mails(7, subject=lambda number: "same")

    pages = [api.get(f"{path}?ordering={ordering}&page_size=3&page={page}").json["results"] for page in (1, 2, 3)]

    ids = [mail["id"] for page in pages for mail in page]
    assert ids == sorted((mail.id for mail in mails), reverse=ordering.startswith("-"))


@pytest.mark.parametrize("count", [1, 60])
def test_a_page_takes_two_statements_however_many_rows(api, path, count):
    create_mails(count)

    with counted_statements() as statements:
        api.get(path)

    assert len(statements) == 2
