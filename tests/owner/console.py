"""A browser's part for tests of the console: keeps cookies, follows nothing, and sends forms with their token."""

import re
from typing import Any

from flask import Flask

from edutrack.core.extensions import db
from tests.factories import PASSWORD

LOGIN = "/owner/login/"
LOGOUT = "/owner/logout/"
LANGUAGE = "/owner/language/"


class Console:
    """A visitor of the console."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        # A context of its own: what a request keeps in `g` is gone with it, as on a server. What the test has read
        # so far must not be an open savepoint around it, which the next refusal would roll back.
        db.session.commit()
        with self.app.app_context():
            return self.client.open(path, method=method, buffered=True, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, form: dict[str, Any] | None = None, *, token: str | None = None, **kwargs: Any) -> Any:
        """Send a form, with the token of the sign-in page unless another (or "" for none) is given."""
        values = dict(form or {})
        token = self.token() if token is None else token
        if token:
            values["csrf_token"] = token
        return self.request("POST", path, data=values, **kwargs)

    def token(self) -> str:
        """Return a token from a page of this visitor's."""
        page = self.get(LOGIN, headers={"Accept": "text/html"})
        if page.status_code == 303:
            page = self.get("/owner/nowhere/")
        return token_of(page)

    def sign_in(self, person: Any, password: str = PASSWORD, **kwargs: Any) -> Any:
        user = getattr(person, "user", person)
        return self.post(kwargs.pop("path", LOGIN), {"username": user.username, "password": password}, **kwargs)


def token_of(page: Any) -> str:
    """Return the token in a page's form."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
