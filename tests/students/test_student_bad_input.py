"""Whatever a student's client sends by mistake or malice ends in a documented refusal, or is passed over."""

import pytest

from tests.students.school import School
from tests.students.walk import GUARDED_ROUTES, STUDENT_ROUTES, path_of

QUERIES = (
    *("search=%00", "search=%ED%A0%80", "search=%25%5F%5C", f"search={'x' * 300}", "ordering=x", "ordering="),
    *("teacher=-1", "teacher=9223372036854775808", "teacher=x", "course=0", "course=x", "course=9223372036854775808"),
    *("page=0", "page=99999999999999999999", "page=%D9%A3", "page_size=0", "page_size=1e3", "all=x"),
    *("is_read=", "notification_type=%00", "token=%00", "token=%ED%A0%80", "page=1&page=2"),
)
BODIES = (
    *(b'{"a":', b"[]", b'"x"', b"null", b"1", b"\xff", b'{"a":"\\ud800"}', b"[" * 2000),
    b'{"course":"\\u0000","lecture":"\\u0000","video":"\\u0000","code":"\\u0000","username":"\\u0000"}',
    b'{"course":1e30,"lecture":1e30,"video":1e30,"grade":1e30,"area":-1e30,"code":1e30,"course":1e30}',
    b'{"course":[1],"lecture":{},"video":true,"code":{},"username":[],"gmail":{},"birth_date":1}',
    b'{"course":9223372036854775808,"lecture":9223372036854775808,"video":9223372036854775808,"code":"x"}',
)
READING = [route for route in GUARDED_ROUTES if route[0] == "GET"]
WRITING = [route for route in GUARDED_ROUTES if route[0] != "GET" and "logout" not in route[1]]


@pytest.fixture
def school(api):
    return School(api)


def test_a_bad_query_is_refused_or_passed_over(school):
    client = school.client
    links = [route for route in STUDENT_ROUTES if route[1].endswith(("/play/", "/download/"))]

    found = {
        (path, response.status_code): response.text
        for _, rule in (*READING, *links)
        for path in (f"{path_of(rule, school.own)}?{query}" for query in QUERIES)
        for response in [client.get(path)]
    }

    assert {key: text for key, text in found.items() if key[1] not in (200, 400, 403, 404)} == {}
    assert {status for (path, status) in found if path.endswith("page_size=0") and "/progress/?" in path} == {400}


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_a_bad_body_is_refused_or_passed_over_and_writes_nothing(school, content_type):
    client = school.client

    def state():
        return [
            client.get(f"/api/{path}/").get_data()
            for path in ("accounts/profile/me", "enrollments/mine", "purchases/mine", "wallet/balances", "progress")
        ]

    before = state()
    found = {
        (method, rule, body[:40], response.status_code): response.text
        for method, rule in WRITING
        for body in BODIES
        for response in [client.request(method, path_of(rule, school.missing), data=body, content_type=content_type)]
    }

    assert {key: text for key, text in found.items() if key[-1] not in (200, 400, 403, 404, 415)} == {}
    assert {status for *_, status in found} >= ({415} if content_type == "text/plain" else {400})
    assert state() == before
