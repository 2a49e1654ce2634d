"""A small client of the JSON API, and a counter of SQL statements."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy import event
from sqlalchemy.engine import Engine

from edutrack.accounts.models import Session, User
from edutrack.accounts.service.sessions import REFRESH_LIFETIME
from edutrack.core import clock
from edutrack.core.extensions import db
from tests.described import hold_against_description


class Api:
    """Calls the API as one user (or as nobody), by bearer token."""

    def __init__(self, app: Flask, user: User | None = None) -> None:
        self.app = app
        self.user = user
        self.headers: dict[str, str] = {}
        if user is not None:
            self.headers["Authorization"] = f"Bearer {access_token(user)}"

    def as_(self, person: Any) -> "Api":
        """Return a client signed in as a user, or as the user of a profile."""
        return Api(self.app, getattr(person, "user", person))

    def request(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """Send a request; `body` goes as JSON. The response is held against the description of the API."""
        headers = {**self.headers, **kwargs.pop("headers", {})}
        if body is not None:
            # The standard library's JSON, which also writes what the application must refuse.
            kwargs |= {"data": json.dumps(body), "content_type": "application/json"}
        # A client of its own for each call: no cookie wanders from one to the next.
        response = self.app.test_client(use_cookies=False).open(path, method=method, headers=headers, **kwargs)
        hold_against_description(self.app, method, path, response)
        return response

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.request("POST", path, body, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.request("PUT", path, body, **kwargs)

    def patch(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.request("PATCH", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)


def access_token(user: User) -> str:
    """Return an access token of a new session of `user`."""
    now = clock.now()
    session = Session(user_id=user.id, refresh_jti="none", started_at=now, expires_at=now + REFRESH_LIFETIME)
    db.session.add(session)
    db.session.commit()
    # Good a minute earlier, too: a test may look at the clock, sign somebody in, and travel to what it saw.
    since = int(time.time()) - 60
    return create_access_token(str(user.id), additional_claims={"sid": session.id, "iat": since, "nbf": since})


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the SQL statements of a request, without savepoints, authentication, idempotency, audit and site name."""
    statements: list[str] = []
    apart = ("SAVEPOINT", "RELEASE", "ROLLBACK")

    def collect(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(apart) or "JOIN sessions" in statement:
            return
        if "idempotency_keys" in statement or "INTO audit_entries" in statement or "FROM site_settings" in statement:
            return
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", collect)
