"""What the attacks on bodies begin with is complete, and each of it succeeds."""

import pytest

from tests.deeds import MAILED, Deeds, documented_fields, path_in_document, send
from tests.tables import undone

#: The tests of uploads send files.
FILES = {"profile_picture", "cover_picture", "image", "file"}


@pytest.fixture
def school(app):
    return Deeds()


def absent(fields, body):
    """Return the documented fields that a body does not have, nested ones too."""
    if isinstance(body, list):
        return set.intersection(*(absent(fields, item) for item in body)) if body else set()
    found = set(fields) - set(body)
    return found.union(*(absent(inner, body[name]) for name, inner in fields.items() if inner and name in body))


def test_every_route_that_takes_a_body_has_one_with_every_field(school):
    deeds = {(method, path_in_document(rule)): deed for (method, rule), deed in school.deeds.items()}

    missing = {
        route: left_out
        for route, fields in documented_fields().items()
        if route not in MAILED
        # A choice that a question has already is named by its id; these are new ones.
        and (left_out := absent(fields, deeds[route].body if route in deeds else {}) - FILES - {"id"})
    }

    assert missing == {}


def test_every_deed_succeeds(app, school):
    failed = {}
    for route, deed in school.deeds.items():
        with undone(app):
            response = send(app, school, route, deed)
            if response.status_code not in (200, 201):
                failed[route] = (response.status_code, response.text)

    assert failed == {}
