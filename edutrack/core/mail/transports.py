"""The two ways that mail leaves: over SMTP, or as .eml files in a folder."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol

from flask import current_app

#: For each answer of the server.
_TIMEOUT_SECONDS = 10


class MailRefused(Exception):
    """The server will never take this mail."""


class MailPostponed(Exception):
    """The server does not take this mail now, but may later."""


class Unreachable(Exception):
    """No mail can be handed over at present, whichever it is."""


class Transport(Protocol):
    """Takes mails, one after another."""

    def send(self, message: EmailMessage, number: int) -> None:
        """Hand over one mail, `number` being its id; raises one of the above, or what went wrong."""


class FolderTransport:
    """Writes each mail into a folder, as `<number>.eml`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, number: int) -> None:
        """Write one mail; raises Unreachable where the folder takes none."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{number:08d}.eml").write_bytes(bytes(message))
        except OSError as failure:
            raise Unreachable(type(failure).__name__) from failure


class SmtpTransport:
    """Sends mails over one connection, opened for the first of them and again after it broke."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, number: int) -> None:
        """Send one mail; raises MailRefused where the server wants neither it nor its recipient, now and for ever."""
        connection = self._connection = self._connection or self._connect()
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            ((code, _),) = refusal.recipients.values()
            raise _refusal(refusal, code) from None
        except smtplib.SMTPDataError as refusal:
            raise _refusal(refusal, refusal.smtp_code) from None
        except (smtplib.SMTPException, OSError):
            self.close()
            raise

    def close(self) -> None:
        """Take leave of the server, where one was reached."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    def _connect(self) -> smtplib.SMTP:
        try:
            return self._greeted()
        except (smtplib.SMTPException, OSError) as failure:
            raise Unreachable(_described(failure, getattr(failure, "smtp_code", None))) from failure

    def _greeted(self) -> smtplib.SMTP:
        config, secure = self._config, self._config["MAIL_TLS"]
        # A name of one's own spares the look-up of this machine's, which may take longer than everything else.
        options: dict[str, Any] = {"timeout": _TIMEOUT_SECONDS, "local_hostname": sender_domain()}
        if secure == "ssl":
            options["context"] = ssl.create_default_context()
        kind = smtplib.SMTP_SSL if secure == "ssl" else smtplib.SMTP
        connection = kind(config["MAIL_HOST"], config["MAIL_PORT"], **options)
        try:
            if secure == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if config["MAIL_USERNAME"]:
                connection.login(config["MAIL_USERNAME"], config["MAIL_PASSWORD"])
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def open_transport() -> Iterator[Transport]:
    """Yield the way out that the settings name."""
    config = current_app.config
    if not config["MAIL_HOST"]:
        yield FolderTransport(Path(config["MAIL_DIR"]))
        return
    transport = SmtpTransport(config)
    try:
        yield transport
    finally:
        transport.close()


def sender_domain() -> str:
    """Return the domain that mails come from."""
    return parseaddr(current_app.config["MAIL_SENDER"])[1].rpartition("@")[2] or "localhost"


def _refusal(failure: smtplib.SMTPException, code: int) -> Exception:
    # 4xx means: not now.
    kind = MailRefused if code >= 500 else MailPostponed
    return kind(_described(failure, code))


def _described(failure: Exception, code: int | None) -> str:
    """Return a failure in words that name nobody."""
    return type(failure).__name__ + (f" {code}" if code else "")
