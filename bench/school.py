"""A served school to measure: a new durable database, one site owner, one course."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import httpx

_START_SECONDS = 60


@dataclass(frozen=True)
class School:
    """A running server, a site owner's client of it, and the id of a course."""

    owner: httpx.Client
    course_id: int
    #: Where it is served, and with whose password the owner signs in.
    url: str
    password: str
    #: Id of the server's process, whose children are the workers.
    server: int


@contextmanager
def served_school(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[School]:
    """Serve a new school from `folder` for the length of the context; the database ends with it."""
    environment = {**os.environ, "EDUTRACK_DATA_DIR": str(folder), "DATABASE_URL": "", "LOG_FORMAT": "json"}
    environment |= settings or {}
    password = token_hex(8)
    owner = ["create-owner", "--username", "owner", "--password", password, "--gmail", "owner@example.org"]
    for arguments in (["db", "upgrade"], owner):
        subprocess.run([sys.executable, "-m", "edutrack", *arguments], env=environment, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "edutrack", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            with httpx.Client(base_url=url, timeout=120, headers={"Origin": url}) as client:
                _wait_until_ready(client)
                client.post("/api/accounts/login/", json={"username": "owner", "password": password}).raise_for_status()
                yield School(client, _create_course(client), url, password, server.pid)
        finally:
            server.terminate()


def _wait_until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server did not become ready.")


def _create_course(client: httpx.Client) -> int:
    """Make a teacher of the first subject and a course of theirs, as an owner would."""
    subject = client.get("/api/structure/subjects/").raise_for_status().json()[0]
    teacher = {
        "username": "teacher",
        "password": token_hex(8),
        "name": "معلم القياس",
        "phone": "01012345678",
        "gmail": "teacher@example.org",
        "gender": "male",
        "subject": subject["id"],
        "grades": subject["grade_ids"][:1],
    }
    made = client.post("/api/accounts/teachers/", json=teacher).raise_for_status().json()
    course = {"name": "كورس القياس", "teacher": made["id"], "grade": subject["grade_ids"][0]}
    course_id: int = client.post("/api/courses/", json=course).raise_for_status().json()["id"]
    return course_id
