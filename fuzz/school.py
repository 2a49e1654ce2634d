"""Served demo schools to be broken: a fresh one for each role, and who is signed in there."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

import httpx
from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from bench.processes import serving
from edutrack import create_app
from edutrack.accounts.models import Session
from edutrack.accounts.passwords import hash_password
from edutrack.core import clock
from edutrack.core.embedded import temporary_cluster
from edutrack.core.extensions import db
from edutrack.demo.people import ASSISTANT, OWNER, PENDING, STUDENT, TEACHER

#: Who calls, by the name of their column in the table; nobody has no username.
ROLES = {
    "anonymous": None,
    "pending student": PENDING,
    "student": STUDENT,
    "assistant": ASSISTANT,
    "teacher": TEACHER,
    "site owner": OWNER,
}
#: Those who bring about what a request needs, such as a code that nobody has redeemed yet.
_HELPERS = {"owner": OWNER, "teacher": TEACHER, "student": STUDENT}
_SEEDED = "seeded"


@dataclass(frozen=True)
class Person:
    """Somebody with an account in the demo school."""

    username: str
    role: str
    user_id: int
    gmail: str
    #: None for a site owner.
    profile_id: int | None
    #: Whose courses they run; None for students and site owners.
    teacher_id: int | None

    @property
    def student_id(self) -> int | None:
        """The profile of a student; None for everybody else."""
        return self.profile_id if self.role == "student" else None


@dataclass
class School:
    """A served school, its database, and those who can sign in there."""

    url: str
    password: str
    app: Flask
    engine: Engine
    people: dict[str, Person] = field(default_factory=dict)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement on the database, committed at once, and return its rows."""
        with self.engine.connect() as connection:
            result = connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    def put_right(self, person: Person) -> None:
        """Undo what a request may have done to somebody's account, so that they can go on calling."""
        self.rows(
            "UPDATE users SET is_active = true, username = :username, gmail = :gmail, password_hash = :hash "
            "WHERE id = :id",
            username=person.username,
            gmail=person.gmail,
            hash=self._hash,
            id=person.user_id,
        )
        if person.teacher_id:
            self.rows(
                "UPDATE users SET is_active = true WHERE id = (SELECT user_id FROM teachers WHERE id = :id)",
                id=person.teacher_id,
            )
        if person.student_id:
            status = "pending" if person.username == PENDING else "verified"
            self.rows("UPDATE students SET status = :status WHERE id = :id", status=status, id=person.student_id)

    def token(self, person: Person) -> str:
        """Return an access token of a new session."""
        with self.app.app_context():
            now = clock.now()
            session = Session(
                user_id=person.user_id, refresh_jti="none", started_at=now, expires_at=now + timedelta(days=7)
            )
            db.session.add(session)
            db.session.commit()
            return create_access_token(str(person.user_id), additional_claims={"sid": session.id})

    def mailed_token(self, person: Person, purpose: str) -> str:
        """Return the token of a link, as if it had just been mailed."""
        token = token_urlsafe(32)
        self.rows(
            "INSERT INTO mail_tokens (user_id, purpose, token_hash, address, expires_at) "
            "VALUES (:user, :purpose, :hash, :address, now() + interval '1 hour')",
            user=person.user_id,
            purpose=purpose,
            hash=hashlib.sha256(token.encode()).digest(),
            address=person.gmail,
        )
        return token

    def refresh_cookie(self, person: Person) -> str:
        """Sign somebody in and return their refresh token."""
        credentials = {"username": person.username, "password": self.password}
        with httpx.Client(base_url=self.url, timeout=60) as client:
            answer = client.post("/api/accounts/login/", json=credentials).raise_for_status()
            return answer.cookies["refresh_token"]

    def ask(self, helper: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Have the owner, the teacher or the student do something, and return the answer's body."""
        person = self.people[_HELPERS[helper]]
        self.put_right(person)
        headers = {"Authorization": f"Bearer {self.token(person)}"}
        with httpx.Client(base_url=self.url, timeout=60, headers=headers) as client:
            answer = client.request(method, path, json=body, **more)
        if answer.is_error:
            raise RuntimeError(f"{method} {path} as {helper}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def __post_init__(self) -> None:
        with self.app.app_context():
            self._hash = hash_password(self.password)
        found = self.rows(
            "SELECT u.username, u.role, u.id AS user_id, u.gmail, coalesce(s.id, t.id, a.id) AS profile_id, "
            "coalesce(t.id, a.teacher_id) AS teacher_id FROM users u LEFT JOIN students s ON s.user_id = u.id "
            "LEFT JOIN teachers t ON t.user_id = u.id LEFT JOIN assistants a ON a.user_id = u.id"
        )
        self.people = {row.username: Person(**row._mapping) for row in found}
        # As many attempts as there are cases, at any time.
        self.rows("UPDATE quizzes SET max_attempts = 1000000, opens_at = NULL, closes_at = NULL")


class Schools:
    """A database with the demo school, and as many served copies of it as are asked for, one after the other."""

    def __init__(self, folder: Path, cluster_url: str) -> None:
        """Fill the database from which the others are copied."""
        self._folder = folder
        self._cluster_url = cluster_url
        self._password = token_hex(8)
        self._secrets = {name: token_hex(32) for name in ("SECRET_KEY", "JWT_SECRET_KEY", "CODE_KEY")}
        self._maintain(f"CREATE DATABASE {_SEEDED}")
        for arguments in (["db", "upgrade"], ["seed-demo", "--password", self._password]):
            self._run(arguments, _SEEDED)

    @contextmanager
    def served(self, name: str) -> Iterator[School]:
        """Serve a fresh copy of the school for the length of the context."""
        self._maintain(f'CREATE DATABASE "{name}" TEMPLATE {_SEEDED} STRATEGY wal_log')
        environment = self._environment(name)
        with serving(["-m", "edutrack", "serve", "--port", "PORT", "--workers", "2"], environment) as served:
            app = create_app(environment)
            app.config["PASSWORD_HASH_COST"] = (1, 8)
            engine = create_engine(environment["DATABASE_URL"], isolation_level="AUTOCOMMIT")
            try:
                yield School(f"http://127.0.0.1:{served.port}", self._password, app, engine)
            finally:
                engine.dispose()
                with app.app_context():
                    db.engine.dispose()

    def check_ledger(self, name: str) -> str:
        """Return what `edutrack check-ledger` says of a copy."""
        return self._run(["check-ledger"], name, check=False)

    def _environment(self, database: str) -> dict[str, str]:
        url = make_url(self._cluster_url).set(database=database).render_as_string(hide_password=False)
        return {
            **os.environ,
            **self._secrets,
            "DATABASE_URL": url,
            "EDUTRACK_DATA_DIR": str(self._folder),
            "RATELIMIT_ENABLED": "false",
            "LOG_FORMAT": "json",
        }

    def _run(self, arguments: list[str], database: str, *, check: bool = True) -> str:
        command = [sys.executable, "-m", "edutrack", *arguments]
        done = subprocess.run(command, env=self._environment(database), check=check, capture_output=True, text=True)
        return done.stdout.strip()

    def _maintain(self, statement: str) -> None:
        engine = create_engine(self._cluster_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextmanager
def demo_schools(folder: Path) -> Iterator[Schools]:
    """Yield demo schools on a throwaway PostgreSQL that ends with the context."""
    with temporary_cluster() as url:
        yield Schools(folder, url)
