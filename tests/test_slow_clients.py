"""Clients that read or send slowly, against the served process: they cost nobody else anything."""

import hashlib
import json
import re
import secrets
import selectors
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, text

from edutrack.core.extensions import db
from edutrack.courses.models import StudyMaterial
from tests.api import access_token
from tests.factories import (
    PASSWORD,
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_material,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
)

pytestmark = pytest.mark.concurrency
MATERIAL_BYTES = 3 * 1024 * 1024
#: Seconds in which any request must be answered; it takes milliseconds on a machine that does nothing else.
PATIENCE = 2.0
#: What a page of the console has hidden in its form: the token of the page, and what makes a form count once.
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]+)"')


class Connection:
    """A client on a socket of its own, which takes in little that it has not read."""

    def __init__(self, served):
        self.socket = socket.socket()
        # Before it connects, so that the server learns of it.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(30)
        self.socket.connect((served.base_url.host, served.base_url.port))
        self.received = b""

    def send(self, method, path, headers, body=b""):
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def read_some(self):
        self.received += (block := self.socket.recv(1024))
        return bool(block)

    def read_all(self):
        """Read to the end; return status and body."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)
        blocks = [self.received]
        while block := self.socket.recv(256 * 1024):
            blocks.append(block)
        head, _, body = b"".join(blocks).partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), body


@contextmanager
def trickling(connections):
    """Read a kilobyte from each connection four times a second, for the length of the context."""
    ended = threading.Event()

    def read():
        with selectors.DefaultSelector() as ready:
            for connection in connections:
                ready.register(connection.socket, selectors.EVENT_READ, connection)
            while not ended.wait(0.25):
                for key, _ in ready.select(0):
                    if not key.data.read_some():
                        ready.unregister(key.fileobj)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join()


def bearer(person):
    return {"Authorization": f"Bearer {access_token(getattr(person, 'user', person))}"}


def until(condition, what, seconds=12):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def busy_connections():
    """Return how many connections of the served process are inside a transaction."""
    found = db.session.scalar(
        text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
    )
    db.session.rollback()
    return found


def answers_at_once(call, expected=200):
    started = time.monotonic()
    response = call()
    taken = time.monotonic() - started
    assert response.status_code == expected, response.text
    assert taken < PATIENCE, f"It took {taken:.1f} s."


@pytest.fixture
def course(committing_app):
    return create_course()


@pytest.fixture
def student(course):
    student = create_student()
    create_enrollment(student, course)
    return student


@pytest.fixture
def material(committing_app, course, student):
    """A material of a bought lecture, and its content."""
    content = secrets.token_bytes(MATERIAL_BYTES)
    name = f"materials/{secrets.token_hex(8)}.pdf"
    path = Path(committing_app.config["MEDIA_DIR"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    lecture = create_lecture(course)
    create_purchase(student, lecture)
    yield create_material(lecture, file=name, file_name="book.pdf"), content
    path.unlink()


def make_batch(served, owner, course, quantity):
    made = served.post(
        "/api/wallet/recharge-codes/bulk/",
        json={"course": course.id, "value": "50.00", "quantity": quantity},
        headers=bearer(owner),
    )
    return made.json()["id"]


def test_seventy_slow_readers_stop_nobody_and_hold_no_database_connection(served, course, student, material):
    owner = create_site_owner()
    codes = [create_code(course)[0] for _ in range(10)]
    large, small = make_batch(served, owner, course, 10_000), make_batch(served, owner, course, 3_000)
    csv, rows = f"/api/wallet/batches/{large}/codes.csv", f"/api/wallet/recharge-codes/?all=true&batch={small}"
    link = served.get("/api/materials/mine/", headers=bearer(student)).json()[0]["file_url"]
    download = link.removeprefix(str(served.base_url).rstrip("/"))
    as_owner, as_student = bearer(owner), bearer(student)
    expected = {path: hashlib.sha256(served.get(path, headers=as_owner).content).digest() for path in (csv, rows)}
    expected[download] = hashlib.sha256(material[1]).digest()

    with ExitStack() as opened:
        readers = []
        for path in [download] * 50 + [csv, rows] * 10:
            connection = Connection(served)
            opened.enter_context(connection.socket)
            connection.send("GET", path, as_owner)
            readers.append((path, connection))
        with trickling([connection for _, connection in readers]):
            for code in codes:
                answers_at_once(lambda: served.get("/api/accounts/me/", headers=as_student))
                body = {"code": code, "course": course.id}
                answers_at_once(lambda body=body: served.post("/api/wallet/redeem/", json=body, headers=as_student))
            until(
                lambda: all(connection.received.startswith(b"HTTP/1.1 200") for _, connection in readers),
                "Not every download has begun.",
            )
            answers_at_once(lambda: served.get("/api/accounts/me/", headers=as_student))
            until(lambda: busy_connections() == 0, "A slow reader holds a database connection.")
        for path, connection in readers:
            status, body = connection.read_all()
            assert (status, hashlib.sha256(body).digest()) == (200, expected[path])


def test_slow_senders_stop_nobody_and_hold_no_database_connection(served, committing_app, student):
    logins = [json.dumps({"username": create_site_owner().username, "password": PASSWORD}).encode() for _ in range(50)]
    teacher = create_teacher()
    lecture = create_lecture(topic=create_topic(create_course(teacher)))
    content = b"%PDF-1.7\n" + secrets.token_bytes(3 * 1024 * 1024)
    form, form_type = multipart({"lecture": str(lecture.id), "title": "Book"}, content)
    as_student = bearer(student)

    with ExitStack() as opened:
        senders = []
        for body, path, kind, headers, sent in [
            *[(login, "/api/accounts/login/", "application/json", {}, 10) for login in logins],
            # More than is received before the request's turn, so that it is asked for by the view.
            *[(form, "/api/materials/", form_type, bearer(teacher), 2 * 1024 * 1024)] * 20,
        ]:
            connection = Connection(served)
            opened.enter_context(connection.socket)
            headers = {**headers, "Content-Type": kind, "Content-Length": len(body)}
            connection.send("POST", path, headers, body[:sent])
            senders.append((connection, body[sent:]))
        for _ in range(10):
            answers_at_once(lambda: served.get("/api/accounts/me/", headers=as_student))
        until(lambda: busy_connections() == 0, "A slow sender holds a database connection.")
        for connection, rest in senders:
            connection.socket.sendall(rest)
        answered = [connection.read_all()[0] for connection, _ in senders]

    assert answered == [200] * 50 + [201] * 20
    stored = db.session.scalars(select(StudyMaterial.file)).all()
    folder = Path(committing_app.config["MEDIA_DIR"])
    assert [hashlib.sha256((folder / name).read_bytes()).digest() for name in stored] == [
        hashlib.sha256(content).digest()
    ] * 20


def test_slow_uploads_to_the_console_stop_nobody_and_hold_no_database_connection(served, student):
    """More of them than there are database connections; the browser's session and token are looked at all the same."""
    lecture, owner = create_lecture(), create_site_owner()
    path = f"/owner/courses/lectures/{lecture.id}/materials/new/"
    with served_console(served, owner) as browser:
        hidden = [dict(HIDDEN.findall(browser.get(path).text)) for _ in range(20)]
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    content = b"%PDF-1.7\n" + secrets.token_bytes(3 * 1024 * 1024)
    as_student = bearer(student)

    with ExitStack() as opened:
        senders = []
        for number, values in enumerate(hidden):
            form, form_type = multipart({**values, "title": f"Book {number}"}, content)
            connection = Connection(served)
            opened.enter_context(connection.socket)
            headers = {"Cookie": cookie, "Content-Type": form_type, "Content-Length": len(form)}
            connection.send("POST", path, headers, form[: 2 * 1024 * 1024])
            senders.append((connection, form[2 * 1024 * 1024 :]))
        for _ in range(10):
            answers_at_once(lambda: served.get("/api/accounts/me/", headers=as_student))
        until(lambda: busy_connections() == 0, "A slow sender holds a database connection.")
        for connection, rest in senders:
            connection.socket.sendall(rest)
        answered = [connection.read_all()[0] for connection, _ in senders]

    assert answered == [303] * 20
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 20


def test_whoever_was_signed_out_while_the_form_arrived_is_not_let_in(served):
    lecture, owner = create_lecture(), create_site_owner()
    path = f"/owner/courses/lectures/{lecture.id}/materials/new/"
    with served_console(served, owner) as browser:
        hidden = dict(HIDDEN.findall(browser.get(path).text))
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    form, form_type = multipart({**hidden, "title": "Book"}, b"%PDF-1.7\n" + bytes(3 * 1024 * 1024))
    connection = Connection(served)
    with connection.socket:
        headers = {"Cookie": cookie, "Content-Type": form_type, "Content-Length": len(form)}
        connection.send("POST", path, headers, form[: 2 * 1024 * 1024])
        # Let in, so that the rest is waited for.
        time.sleep(0.5)
        owner.is_active = False
        db.session.commit()
        connection.socket.sendall(form[2 * 1024 * 1024 :])

        status, _ = connection.read_all()

    assert status == 303
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 0


@contextmanager
def served_console(served, owner):
    """Yield a browser's part on which a site owner is signed in to the served console."""
    with httpx.Client(base_url=served.base_url, timeout=30) as browser:
        hidden = dict(HIDDEN.findall(browser.get("/owner/login/").text))
        credentials = {"username": owner.username, "password": PASSWORD}
        assert browser.post("/owner/login/", data={**hidden, **credentials}).status_code == 303
        yield browser


def multipart(values, content):
    """Return the body and content type of a form with a file."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="book.pdf"\r\n\r\n'.encode()
    return b"".join([*parts, head, content, f"\r\n--{boundary}--\r\n".encode()]), (
        f"multipart/form-data; boundary={boundary}"
    )


def test_a_stranger_is_refused_before_a_large_form_has_arrived(served):
    form, form_type = multipart({"title": "Book"}, secrets.token_bytes(3 * 1024 * 1024))
    connection = Connection(served)
    with connection.socket:
        headers = {"Content-Type": form_type, "Content-Length": len(form)}
        connection.send("POST", "/api/materials/", headers, form[: 2 * 1024 * 1024])

        until(lambda: connection.read_some() and b"\r\n\r\n" in connection.received, "It waits for the rest.")

    assert connection.received.startswith(b"HTTP/1.1 401")


def test_a_body_that_breaks_off_does_nothing(served, course, student):
    code, row = create_code(course)
    body = json.dumps({"code": code, "course": course.id}).encode()
    connection = Connection(served)
    with connection.socket:
        headers = {**bearer(student), "Content-Type": "application/json", "Content-Length": len(body) + 1}
        connection.send("POST", "/api/wallet/redeem/", headers, body)

        connection.socket.shutdown(socket.SHUT_WR)
        while connection.read_some():
            continue

    answers_at_once(lambda: served.get("/api/accounts/me/", headers=bearer(student)))
    db.session.refresh(row)
    assert row.used_at is None
