"""A large school to measure, who is signed in there, and the requests that they make."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count, cycle
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson
import structlog
from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy import insert, select, text

from edutrack import create_app
from edutrack.accounts.models import Session, Student, Teacher, User
from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.core.sealing import seal, unseal
from edutrack.scale.plan import COURSES, RICH_STUDENTS, courses_of, lecture_id
from edutrack.wallet.models import RechargeCode
from edutrack.wallet.service.issuing import issue_batch

CODE_VALUE = Decimal("50.00")
_STUDENTS_PER_PURCHASE = 10
_CODES_PER_COURSE = 250
_BOUGHT_LECTURES = 40
_BUYABLE = """
    SELECT e.student_id, l.id FROM enrollments e JOIN lectures l USING (course_id)
    LEFT JOIN purchases p ON p.student_id = e.student_id AND p.lecture_id = l.id
    WHERE e.student_id <= :rich AND e.status = 'approved' AND p.id IS NULL
    ORDER BY row_number() OVER (PARTITION BY e.student_id ORDER BY l.id % 79), e.student_id LIMIT 20000
"""
_ANSWERS = """
    SELECT q.quiz_id, json_agg(json_build_object('quiz_question_id', q.id, 'choice_ids', json_build_array(c.id)))
    FROM quiz_questions q JOIN question_versions v ON v.question_id = q.question_id AND v.is_current
    JOIN question_choices c ON c.version_id = v.id AND c.is_correct GROUP BY q.quiz_id
"""


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: int
    user_id: int
    session_id: int
    token: str


@dataclass(frozen=True)
class Asked:
    """One request: what is sent, and the values that it names."""

    method: str
    path: str
    person: Person
    body: dict[str, Any]
    facts: dict[str, Any]


class LargeSchool:
    """The database of a large school, open in this process."""

    def __init__(self, folder: Path, purchases: int) -> None:
        """Make the school in `folder`, with a student for every ten purchases."""
        self.folder = folder
        self.environment = {
            **os.environ,
            "EDUTRACK_DATA_DIR": str(folder),
            "DATABASE_URL": "",
            "LOG_FORMAT": "json",
            "RATELIMIT_ENABLED": "true",
        }
        # Attached for as long as this process lives, so that the commands and servers find it running.
        self.app: Flask = create_app(self.environment)
        # What this process asks of it for recording is nobody's request.
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
        numbers = ["--students", str(purchases // _STUDENTS_PER_PURCHASE), "--purchases", str(purchases)]
        self._run("db", "upgrade")
        self._run("seed-scale", *numbers, "--password", token_hex(8))
        with self.app.app_context():
            # Unlike any other id, so that a recorded statement shows which of them it has.
            db.session.execute(text("SELECT setval(pg_get_serial_sequence('sessions', 'id'), 1000000000)"))
            rich = db.session.execute(
                select(Student.id, Student.user_id).where(Student.id <= RICH_STUDENTS).order_by(Student.id)
            )
            self.students = [self._sign_in(*row) for row in rich.all()]
            owner = db.session.scalars(select(User.id).where(User.role == Role.SITE_OWNER)).one()
            self.owner = self._sign_in(owner, owner)
            teacher = db.session.execute(select(Teacher.id, Teacher.user_id).where(Teacher.id == 1)).one()
            self.teacher = self._sign_in(*teacher)
            self.subject_id = db.session.scalar(text("SELECT subject_id FROM courses LIMIT 1"))
            self.codes = {course: self.issue_codes(course, _CODES_PER_COURSE) for course in range(1, COURSES + 1)}
            self._buyable = iter(db.session.execute(text(_BUYABLE), {"rich": RICH_STUDENTS}).all())
            self._answers = {row[0]: row[1] for row in db.session.execute(text(_ANSWERS))}
            self._sealed = {code: seal(code, "recharge-code") for codes in self.codes.values() for code in codes}
            db.session.commit()

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "edutrack", *arguments]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    @property
    def database_url(self) -> str:
        """How psycopg reaches the database."""
        url: str = self.app.config["SQLALCHEMY_DATABASE_URI"]
        return url.replace("postgresql+psycopg:", "postgresql:")

    @property
    def postmaster(self) -> int:
        """The id of PostgreSQL's first process."""
        return int((self.folder / "pg" / "postmaster.pid").read_text().split()[0])

    def hot_requests(self) -> dict[str, Iterator[Asked]]:
        """Return endless requests of many students, by the name of what is asked; quizzes apart."""
        return {
            "lectures of a course": self._gets(lambda student: f"/api/courses/{courses_of(student.id)[0]}/lectures/"),
            "courses of a subject": self._gets(lambda _: f"/api/courses/by_subject/{self.subject_id}/"),
            "own profile": self._gets(lambda _: "/api/accounts/profile/me/"),
            "notifications": self._gets(lambda _: "/api/notifications/"),
            "progress heartbeat": self._heartbeats(),
            "redeem": self._redemptions(),
            "buy": self._purchases(),
        }

    def quiz_requests(self) -> Iterator[tuple[Asked, Asked]]:
        """Return endless attempts: their start and their end."""
        for place in cycle(range(5)):
            for student in self.students:
                # Each course has one quiz, which has its number.
                quiz = courses_of(student.id)[place]
                body = {"answers": self._answers[quiz]}
                yield (
                    _asked("POST", f"/api/quizzes/{quiz}/start/", student),
                    _asked("POST", f"/api/quizzes/{quiz}/submit/", student, body),
                )

    def _gets(self, path: Any) -> Iterator[Asked]:
        for student in cycle(self.students):
            yield _asked("GET", path(student), student)

    def _heartbeats(self) -> Iterator[Asked]:
        for number, student in zip(count(), cycle(self.students), strict=False):
            video = lecture_id(courses_of(student.id)[0], number // len(self.students) % _BOUGHT_LECTURES + 1)
            body = {"video": video, "progress_seconds": 100 + number % 1000, "duration_seconds": 1200}
            yield _asked("POST", "/api/progress/", student, body)

    def _redemptions(self) -> Iterator[Asked]:
        for student in cycle(self.students):
            course = courses_of(student.id)[0]
            code = self.codes[course].pop()
            asked = _asked("POST", "/api/wallet/redeem/", student, {"code": code, "course": course})
            asked.facts["sealed"] = self._sealed[code]
            yield asked

    def _purchases(self) -> Iterator[Asked]:
        for student_id, lecture in self._buyable:
            yield _asked("POST", "/api/purchases/", self.students[student_id - 1], {"lecture": lecture})

    def _sign_in(self, person_id: int, user_id: int) -> Person:
        now = clock.now()
        values = {"user_id": user_id, "refresh_jti": token_hex(16), "started_at": now}
        opened = insert(Session).values(**values, expires_at=now + timedelta(days=1)).returning(Session.id)
        session_id = db.session.execute(opened).scalar_one()
        lifetime = timedelta(hours=12)
        token = create_access_token(str(user_id), additional_claims={"sid": session_id}, expires_delta=lifetime)
        return Person(person_id, user_id, session_id, token)

    def issue_codes(self, course: int, quantity: int) -> list[str]:
        """Return so many new codes of a course, inside the application; the caller commits."""
        owner = Caller(self.owner.user_id, None, "owner", Role.SITE_OWNER, "owner", is_active=True)
        batch = issue_batch(owner, course=course, value=CODE_VALUE, quantity=quantity, expires_at=None, label=None)
        sealed = db.session.scalars(select(RechargeCode.sealed).where(RechargeCode.batch_id == batch.id))
        return [unseal(one, "recharge-code") for one in sealed]


def _asked(method: str, path: str, person: Person, body: dict[str, Any] | None = None) -> Asked:
    numbers = [int(part) for part in path.split("/") if part.isdecimal()]
    facts = {"user": person.user_id, "session": person.session_id}
    facts |= {f"path{place}": number for place, number in enumerate(numbers)} | (body or {})
    return Asked(method, path, person, body or {}, facts)


def body_bytes(asked: Asked) -> bytes:
    """Return the body of a request as it is sent."""
    return orjson.dumps(asked.body) if asked.body else b""
