"""Bodies over HTTP: JSON, forms, and everything that is neither."""

from io import BytesIO

import pytest

from tests.factories import create_site_owner

ECHO = "/api/trial/echo/"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b"\xff\xfe",
        b'{"name": "a",}',
        b"[" * 5000,
        b'{"child":' * 3000 + b"1" + b"}" * 3000,
    ],
)
def test_a_body_that_is_no_json_is_a_parse_error(api, body):
    response = api.post(ECHO, data=body, headers=JSON)

    assert response.status_code == 400
    assert list(response.json) == ["detail"]
    assert response.json["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize(
    ("body", "kind"), [("[]", "list"), ('"x"', "str"), ("5", "int"), ("null", "NoneType"), ("true", "bool")]
)
def test_json_that_is_no_object_is_refused(api, body, kind):
    response = api.post(ECHO, data=body, headers=JSON)

    assert response.status_code == 400
    assert response.json == {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}


def test_no_body_is_an_empty_one(api):
    response = api.post(ECHO)

    assert (response.status_code, response.json) == (200, {})


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "image/png", "text/html; charset=utf-8"])
def test_another_content_type_is_not_supported(api, content_type):
    response = api.post(ECHO, data=b'{"name": "a"}', headers={"Content-Type": content_type})

    assert response.status_code == 415
    assert response.json == {"detail": f'Unsupported media type "{content_type}" in request.'}


def test_values_arrive_by_their_names(api):
    response = api.post(ECHO, {"name": "منى", "count": "٥", "ids": [1, 2], "child": {"id": 3}, "settings": {"a": 1}})

    assert response.status_code == 200
    assert response.json == {"name": "منى", "count": 5, "ids": [1, 2], "child": {"id": 3}, "settings": {"a": 1}}


def test_each_wrong_value_is_named_at_its_place(api):
    body = {"name": "x" * 21, "ids": ["x", 0], "child": {}, "children": [{"id": 1}, {"id": "x"}, None], "count": 1e300}

    response = api.post(ECHO, body)

    assert response.status_code == 400
    assert response.json == {
        "name": ["Ensure this field has no more than 20 characters."],
        "count": ["Ensure this value is less than or equal to 2147483647."],
        "ids": ["A valid integer is required.", 'Invalid pk "0" - object does not exist.'],
        "child": {"id": ["This field is required."]},
        "children": [
            {},
            {"id": ["A valid integer is required."]},
            {"non_field_errors": ["This field may not be null."]},
        ],
    }


@pytest.mark.parametrize("form", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_form_is_read_as_json_would_be(api, form):
    data = {
        "name": "a",
        "note": "",
        "count": "",
        "ids": ["1", "2"],
        "tags": "",
        "child": '{"id": 3}',
        "children": '[{"id": 4}]',
        "settings": '{"a": 1}',
    }

    response = api.post(ECHO, data=data, headers={"Content-Type": form})

    assert response.status_code == 200
    assert response.json == {
        "name": "a",
        "note": None,
        "count": None,
        "ids": [1, 2],
        "tags": None,
        "child": {"id": 3},
        "children": [{"id": 4}],
        "settings": {"a": 1},
    }


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(["1", "2"], [1, 2]), ("[1, 2]", [1, 2]), ("[]", []), ("7", [7]), ("", [])],
)
def test_a_list_in_a_form_is_repeated_fields_or_json_in_one(api, sent, expected):
    response = api.post(ECHO, data={"ids": sent}, content_type="multipart/form-data")

    assert (response.status_code, response.json) == (200, {"ids": expected})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"ids": '{"a": 1}'}, {"ids": ['Expected a list of items but got type "dict".']}),
        ({"ids": "[1"}, {"ids": ["A valid integer is required."]}),
        ({"child": "x"}, {"child": {"non_field_errors": ["Invalid data. Expected a dictionary."]}}),
        (
            {"document": "not a file"},
            {"document": ["The submitted data was not a file. Check the encoding type on the form."]},
        ),
        ({"document": (BytesIO(b""), "empty.pdf")}, {"document": ["The submitted file is empty."]}),
        ({"name": (BytesIO(b"x"), "name.txt")}, {"name": ["Not a valid string."]}),
    ],
)
def test_a_wrong_value_in_a_form_is_named(api, data, expected):
    response = api.post(ECHO, data=data, content_type="multipart/form-data")

    assert response.status_code == 400
    assert response.json == expected


def test_a_file_arrives(api):
    response = api.post(ECHO, data={"document": (BytesIO(b"x"), "a.pdf")}, content_type="multipart/form-data")

    assert (response.status_code, response.json) == (200, {"document": "a.pdf"})


def test_a_nullable_file_input_left_empty_is_null(api):
    body = b'--b\r\nContent-Disposition: form-data; name="picture"; filename=""\r\n\r\n\r\n--b--\r\n'

    response = api.post(ECHO, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})

    assert (response.status_code, response.json) == (200, {"picture": None})


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "multipart/form-data"}, {"Content-Type": "multipart/form-data; boundary=other"}]
)
def test_a_form_without_its_boundary_has_no_values(api, headers):
    response = api.post(ECHO, data=b"--b\r\nnonsense", headers=headers)

    assert (response.status_code, response.json) == (200, {})


def test_a_body_that_is_too_large_is_refused(api, app):
    body = b'{"name": "' + b"x" * app.config["MAX_BODY_KB"] * 1024 + b'"}'

    response = api.post(ECHO, data=body, headers=JSON)

    assert response.status_code == 413
    assert response.json == {"detail": "The request body is too large."}


def _form_of(size):
    start = b'--b\r\nContent-Disposition: form-data; name="document"; filename="a.jpg"\r\n\r\n'
    return {"data": start + b"x" * size + b"\r\n--b--\r\n", "content_type": "multipart/form-data; boundary=b"}


def test_a_form_is_no_larger_where_no_file_is_expected(api, app):
    response = api.post(ECHO, **_form_of(app.config["MAX_BODY_KB"] * 1024))

    assert (response.status_code, response.json) == (413, {"detail": "The request body is too large."})


def test_a_form_may_be_larger_where_files_are_expected(api, app):
    client = api.as_(create_site_owner())

    response = client.post("/api/trial/pictures/", **_form_of(app.config["MAX_BODY_KB"] * 1024))

    assert (response.status_code, list(response.json)) == (400, ["document"])


def test_a_file_has_its_limit_too(api, app, monkeypatch):
    client = api.as_(create_site_owner())
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 2000)

    response = client.post("/api/trial/pictures/", **_form_of(2000))

    assert (response.status_code, response.json) == (413, {"detail": "The request body is too large."})


def test_a_chunked_body_that_is_too_large_is_refused(api, app):
    body = BytesIO(b'{"name": "' + b"x" * app.config["MAX_BODY_KB"] * 1024 + b'"}')

    response = api.post(
        ECHO,
        input_stream=body,
        headers={**JSON, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert response.status_code == 413
    assert response.json == {"detail": "The request body is too large."}


def test_a_form_value_that_is_too_large_is_refused(api):
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + b"x" * 600_000 + b"\r\n--b--\r\n"

    response = api.post(ECHO, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})

    assert response.status_code == 413
    assert response.json == {"detail": "The request body is too large."}
