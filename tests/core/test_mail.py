"""The outbox and its ways out: files, a real SMTP server, attempts that fail, and the courier."""

import smtplib
import socket
import threading
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.mail import Mail, deliver_mail, outbox
from edutrack.core.mail.courier import Courier
from tests.racing import race

NOON = "2026-03-01T12:00:00Z"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Inbox:
    """What an SMTP server was handed; `answers` says what it replies to a recipient instead of taking the mail."""

    def __init__(self):
        self.envelopes = []
        self.answers = {}
        self.credentials = []
        self.arrived = threading.Event()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        self.arrived.set()
        return "250 OK"

    def authenticate(self, _server, _session, _envelope, _mechanism, credentials):
        self.credentials.append((credentials.login, credentials.password))
        return AuthResult(success=True)

    @property
    def messages(self):
        return [message_from_bytes(envelope.content, policy=default) for envelope in self.envelopes]


@pytest.fixture
def inbox(app, monkeypatch):
    """A real SMTP server on 127.0.0.1, and the application set to send there."""
    taking = Inbox()
    port = free_port()
    server = Controller(
        taking, "127.0.0.1", port, auth_require_tls=False, authenticator=taking.authenticate, decode_data=False
    )
    server.start()
    for name, value in {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": port, "MAIL_TLS": "none"}.items():
        monkeypatch.setitem(app.config, name, value)
    yield taking
    server.stop()


def waiting(recipient="mona@example.org", **values):
    now = clock.now()
    mail = Mail(
        **{"recipient": recipient, "subject": "مرحبا", "text": "نص\n", "created_at": now, "next_attempt_at": now}
        | values
    )
    db.session.add(mail)
    db.session.commit()
    return mail


def state(mail):
    """Return what the outbox says of a mail: whether it was sent, its attempts, when it is next due, and the error."""
    row = db.session.execute(
        select(Mail.sent_at, Mail.attempts, Mail.next_attempt_at, Mail.last_error).where(Mail.id == mail.id)
    ).one()
    return (row.sent_at is not None, row.attempts, row.next_attempt_at, row.last_error)


def test_a_mail_is_handed_to_the_server_whole(inbox, app):
    mail = waiting(created_at=clock.now().replace(microsecond=0))

    assert deliver_mail() == 1

    (message,) = inbox.messages
    (envelope,) = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@localhost", ["mona@example.org"])
    assert (message["From"], message["To"], message["Subject"]) == (
        app.config["MAIL_SENDER"],
        "mona@example.org",
        "مرحبا",
    )
    assert message["Date"].datetime == mail.created_at
    assert message["Message-ID"] == f"<{mail.id}.{mail.created_at.timestamp():.0f}@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().rstrip() == "نص"
    assert state(mail) == (True, 1, None, None)


def test_a_mail_leaves_once(inbox):
    waiting()

    assert [deliver_mail(), deliver_mail()] == [1, 0]
    assert len(inbox.messages) == 1


def test_the_server_is_signed_in_to_where_a_name_is_set(inbox, app, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_USERNAME", "edutrack")
    monkeypatch.setitem(app.config, "MAIL_PASSWORD", "a secret")
    waiting()

    assert deliver_mail() == 1
    assert inbox.credentials == [(b"edutrack", b"a secret")]


def test_a_server_without_tls_is_given_nothing_where_tls_is_wanted(inbox, app, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_TLS", "starttls")
    mail = waiting()

    assert deliver_mail() == 0
    assert inbox.messages == []
    assert state(mail)[3] == "SMTPNotSupportedError"


def test_one_refused_recipient_is_given_up_and_the_others_get_their_mail(inbox):
    inbox.answers["gone@example.org"] = "550 <gone@example.org> unknown"
    gone, fine = waiting("gone@example.org"), waiting("fine@example.org")

    assert deliver_mail() == 1

    assert state(gone) == (False, 1, None, "SMTPRecipientsRefused 550")
    assert state(fine) == (True, 1, None, None)


@pytest.mark.parametrize(
    "recipient",
    ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "nobody", "", "A <a@example.org>"],
)
def test_what_is_no_single_address_leaves_in_no_mail(inbox, recipient):
    broken, fine = waiting(recipient), waiting()

    assert deliver_mail() == 1

    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [["mona@example.org"]]
    assert (state(broken)[0], state(fine)[0]) == (False, True)


def test_a_subject_with_line_ends_leaves_in_no_mail(inbox):
    mail = waiting(subject="Hello\r\nBcc: b@example.org")

    assert deliver_mail() == 0
    assert (inbox.messages, state(mail)[3]) == ([], "ValueError")


def test_a_postponed_mail_waits_twice_as_long_each_time(inbox):
    inbox.answers["slow@example.org"] = "451 later"
    with time_machine.travel(NOON, tick=False) as travelling:
        mail = waiting("slow@example.org")
        pauses = []
        for _ in range(8):
            assert deliver_mail() == 0
            assert deliver_mail() == 0
            due = state(mail)[2]
            pauses.append((due - clock.now()) / timedelta(minutes=1))
            travelling.move_to(due)
        inbox.answers.clear()

        assert deliver_mail() == 1

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert state(mail) == (True, 9, None, None)


def test_a_mail_is_given_up_after_its_last_attempt(inbox):
    inbox.answers["slow@example.org"] = "451 later"
    mail = waiting("slow@example.org", attempts=outbox.MOST_ATTEMPTS - 1)

    deliver_mail()

    assert state(mail) == (False, outbox.MOST_ATTEMPTS, None, "SMTPRecipientsRefused 451")


def test_a_server_that_cannot_be_reached_costs_one_mail_its_attempt(app, monkeypatch):
    for name, value in {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": free_port(), "MAIL_TLS": "none"}.items():
        monkeypatch.setitem(app.config, name, value)
    first, second = waiting(), waiting()

    assert deliver_mail() == 0

    assert (state(first)[1], state(first)[3]) == (1, "ConnectionRefusedError")
    assert state(second) == (False, 0, second.next_attempt_at, None)


def test_a_broken_connection_is_opened_again_for_the_next_mail(inbox, monkeypatch):
    first, second = waiting("first@example.org"), waiting("second@example.org")
    send = smtplib.SMTP.send_message

    def break_once(connection, message, *arguments):
        if message["To"] == "first@example.org":
            raise TimeoutError("the server said nothing for ten seconds")
        return send(connection, message, *arguments)

    monkeypatch.setattr(smtplib.SMTP, "send_message", break_once)

    assert deliver_mail() == 1
    assert (state(first)[3], state(second)[0]) == ("TimeoutError", True)


def test_a_mail_whose_sender_died_is_sent_after_a_while(inbox):
    with time_machine.travel(NOON, tick=False) as travelling:
        waiting()
        outbox._claim()
        assert deliver_mail() == 0
        travelling.shift(timedelta(minutes=10))
        assert deliver_mail() == 1
    assert len(inbox.messages) == 1


def test_without_a_server_mails_become_files(app):
    mail = waiting()

    assert deliver_mail() == 1

    content = (Path(app.config["MAIL_DIR"]) / f"{mail.id:08d}.eml").read_bytes()
    assert message_from_bytes(content, policy=default).get_content().rstrip() == "نص"


@pytest.mark.concurrency
def test_many_couriers_send_each_mail_once(committing_app, monkeypatch):
    taking, port = Inbox(), free_port()
    server = Controller(taking, "127.0.0.1", port)
    server.start()
    for name, value in {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": port, "MAIL_TLS": "none"}.items():
        monkeypatch.setitem(committing_app.config, name, value)
    for number in range(20):
        waiting(f"user{number}@example.org")

    def deliver():
        with committing_app.app_context():
            return deliver_mail()

    try:
        sent = race([deliver] * 6)
    finally:
        server.stop()

    assert sum(sent) == 20
    assert sorted(envelope.rcpt_tos[0] for envelope in taking.envelopes) == sorted(
        f"user{number}@example.org" for number in range(20)
    )


def test_the_courier_delivers_at_a_nudge_and_survives_failures(app, monkeypatch):
    rounds = []
    delivered = threading.Event()

    def deliver():
        rounds.append(1)
        if len(rounds) == 1:
            raise RuntimeError("the database is away")
        delivered.set()
        # The courier never ends by itself; this one is to deliver nothing more.
        threading.Event().wait()

    monkeypatch.setattr("edutrack.core.mail.courier.deliver_mail", deliver)
    monkeypatch.setattr("edutrack.core.mail.courier._PAUSE_SECONDS", 0.05)
    courier = Courier(app)
    courier.start()
    courier.nudge()

    assert delivered.wait(timeout=10)
