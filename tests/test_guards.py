"""A walk over the routes: each declares who may call it, and each that is not public stops strangers.

Routes of the console declare a guard of their own kind; `owner/test_console_access.py` walks over those.
"""

import re

import pytest

from edutrack.core.auth import Guard
from edutrack.owner.console.access import ConsoleGuard, is_console_path
from tests.authorisation import ROUTES

UNAUTHENTICATED = {"detail": "Authentication credentials were not provided."}
BAD_REFRESH = {"error": "Invalid or expired refresh token"}


def test_every_route_declares_the_guard_of_its_side(shared_app):
    misguarded = [
        rule.rule
        for rule in shared_app.url_map.iter_rules()
        if type(getattr(shared_app.view_functions[rule.endpoint], "guard", None))
        is not (ConsoleGuard if is_console_path(rule.rule) else Guard)
    ]

    assert misguarded == []


def test_every_guard_is_one_the_table_knows(shared_app):
    """A route is public exactly where the table lets a stranger get further than to a 401."""
    declared = {
        (method, rule.rule): shared_app.view_functions[rule.endpoint].guard.public
        for rule in shared_app.url_map.iter_rules()
        if not is_console_path(rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert declared == {route: row.split()[0] != "401" for route, row in ROUTES.items()}


@pytest.mark.parametrize(
    ("method", "rule"), [route for route, row in ROUTES.items() if row.split()[0] == "401"], ids=" ".join
)
@pytest.mark.parametrize("number", ["1", str(2**63), "9" * 30])
def test_a_stranger_is_stopped_before_anything_is_looked_at(api, method, rule, number):
    path = re.sub("<[^>]+>", number, rule)

    response = api.request(method, path, data=b"{", content_type="application/json")

    assert response.status_code == 401
    assert response.json == (BAD_REFRESH if rule.endswith("/token/refresh/") else UNAUTHENTICATED)
