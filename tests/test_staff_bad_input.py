"""Whatever staff send in whichever field of a body ends in a refusal, or is passed over."""

import re

from edutrack.core.openapi import describe
from edutrack.core.openapi.document import Document
from tests.api import Api
from tests.authorisation import ACTORS, ROUTES
from tests.world import World

VALUES = (None, [{}], [None, {"id": 1}], [1, 1], 2**63, 1e308, "\ud800", "9999-12-31T23:59:59-23:59")


def fields_of(document: Document, method: str, rule: str) -> set[str]:
    """Return the names of all fields that the document knows of a route's body, as JSON or as a form."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
    content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    names: set[str] = set()
    for described in content.values():
        schema = described["schema"]
        if reference := schema.get("$ref"):
            schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
        names |= schema["properties"].keys()
    return names


def test_a_bad_value_of_any_field_is_refused_or_passed_over(app):
    world, document = World(), describe()
    asked, failed = 0, {}
    for (method, rule), row in ROUTES.items():
        answered = dict(zip(ACTORS, row.split(), strict=True))
        actor = next((actor for actor in ("teacher", "site owner") if answered[actor] == "ok"), None)
        if method == "GET" or actor is None:
            continue
        client = Api(app)
        client.headers["Authorization"] = f"Bearer {world.tokens[actor]}"
        for field in fields_of(document, method, rule):
            for value in VALUES:
                response = client.request(method, world.path(rule), {field: value})
                asked += 1
                if response.status_code >= 500:
                    failed[method, rule, field, repr(value)] = response.text

    assert failed == {}
    assert asked > 500
