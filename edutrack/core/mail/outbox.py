"""The outbox: mails that wait, how they are claimed, tried again and given up.

A mail is claimed before it is sent, in a transaction of its own, so no transaction is open while a mail server takes
its time, and two processes never send the same mail. One that was claimed by a process that died is tried again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import structlog
from flask import current_app
from sqlalchemy import Index, and_, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core import clock
from edutrack.core.database import Base, Id, Int
from edutrack.core.extensions import db
from edutrack.core.forgetting import forget
from edutrack.core.mail.transports import (
    MailPostponed,
    MailRefused,
    Transport,
    Unreachable,
    open_transport,
    sender_domain,
)
from edutrack.core.metrics import measure
from edutrack.core.transaction import after_commit

#: How long a claimed mail is left to whoever claimed it; far longer than a server's timeouts add up to.
_CLAIM = timedelta(minutes=10)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
#: With pauses that double up to an hour: about eight hours.
MOST_ATTEMPTS = 14
#: Stands in a mail's text where its link goes.
LINK_PLACE = "{link}"

#: Makes the link of a mail as it leaves: from the address it was written to, returns the address to send it to and the
#: URL, or None where there is nothing to send after all.
LinkMaker = Callable[[str], tuple[str, str] | None]

_log = structlog.get_logger()
_link_makers: dict[str, LinkMaker] = {}


class Mail(Base):
    """One mail of the outbox; `sent_at` is null until it has been handed over."""

    __tablename__ = "mails"
    __table_args__ = (
        Index(None, "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index(None, "recipient", "sent_at", postgresql_where=text("link_kind IS NOT NULL")),
    )

    id: Mapped[Id]
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    #: Which link its text holds. The link itself is made when the mail leaves and stored nowhere, because it is a key.
    link_kind: Mapped[str | None]
    attempts: Mapped[Int] = mapped_column(default=0, server_default="0")
    #: When it is due; null once it has been sent or given up.
    next_attempt_at: Mapped[datetime | None]
    #: Why the last attempt failed, without the server's own words: those name people.
    last_error: Mapped[str | None]


# Sent or given up; until then they say what reached whom.
forget(Mail, lambda at: and_(Mail.next_attempt_at.is_(None), Mail.created_at < at), kept=timedelta(days=30))


def define_link(kind: str, make: LinkMaker) -> None:
    """Declare how the link of a kind of mail is made when the mail leaves."""
    _link_makers[kind] = make


def outbox_lag() -> float:
    """Return for how many seconds the mail that is due for longest has been waiting; 0 where none is."""
    due = db.session.scalar(select(func.min(Mail.next_attempt_at)).where(Mail.next_attempt_at <= clock.now()))
    return (clock.now() - due).total_seconds() if due else 0.0


measure("edutrack_outbox_lag_seconds", "For how long the mail that is due for longest has been waiting.", outbox_lag)


def queue_mail(recipient: str, subject: str, text: str, *, link_kind: str | None = None) -> None:
    """Put a mail into the outbox; it leaves when the request has committed, or at the next delivery.

    With a `link_kind`, `{link}` in its text becomes the link that is made for the recipient when it leaves.
    """
    now = clock.now()
    db.session.add(
        Mail(recipient=recipient, subject=subject, text=text, link_kind=link_kind, created_at=now, next_attempt_at=now)
    )
    after_commit(_hand_over)


def deliver_mail() -> int:
    """Hand over every mail that is due, to the mail server or as .eml files in MAIL_DIR; return how many left.

    A mail that is not taken waits longer each time and is given up in the end; the others leave all the same
    (rules.md, "Mail"). Where the server cannot be reached at all, the rest waits for the next delivery.
    """
    delivered = 0
    with open_transport() as transport:
        while (mail := _claim()) is not None:
            try:
                delivered += _send(mail, transport)
            except Unreachable as failure:
                _keep(mail, failure)
                break
            except Exception as failure:
                # Whatever is wrong with this one mail must not hold up the others.
                _keep(mail, failure)
    return delivered


def _hand_over() -> None:
    """Have the mail that was just committed delivered, without making the request wait for a mail server."""
    courier = current_app.extensions.get("courier")
    if courier is not None:
        courier.nudge()
    elif not current_app.config["MAIL_HOST"]:
        try:
            deliver_mail()
        except Exception as failure:
            # What the request did is committed; its mail waits in the outbox.
            db.session.rollback()
            _log.error("mail_not_delivered", exc_info=failure)


def _claim() -> Mail | None:
    now = clock.now()
    due = (
        select(Mail.id)
        .where(Mail.next_attempt_at <= now)
        .order_by(Mail.next_attempt_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    mail: Mail | None = db.session.scalar(
        update(Mail)
        .where(Mail.id == due.scalar_subquery())
        .values(attempts=Mail.attempts + 1, next_attempt_at=now + _CLAIM)
        .returning(Mail),
        execution_options={"populate_existing": True},
    )
    db.session.commit()
    return mail


def _send(mail: Mail, transport: Transport) -> bool:
    """Send a claimed mail and return True; remove it and return False where its link says that nobody is to get it."""
    content = mail.text
    if mail.link_kind is not None:
        link = _link_makers[mail.link_kind](mail.recipient)
        if link is None:
            db.session.delete(mail)
            db.session.commit()
            return False
        mail.recipient, url = link
        content = content.replace(LINK_PLACE, url)
    # The link must work from the moment at which it can be read.
    db.session.commit()
    transport.send(_composed(mail, content), mail.id)
    mail.sent_at = clock.now()
    mail.next_attempt_at = mail.last_error = None
    db.session.commit()
    return True


def _keep(mail: Mail, failure: Exception) -> None:
    """Have a mail that did not leave wait for its next attempt, or give it up."""
    db.session.rollback()
    final = isinstance(failure, MailRefused) or mail.attempts >= MOST_ATTEMPTS
    pause = min(_FIRST_PAUSE * 2 ** (mail.attempts - 1), _LONGEST_PAUSE)
    mail.next_attempt_at = None if final else clock.now() + pause
    mail.last_error = (
        str(failure) if isinstance(failure, MailRefused | MailPostponed | Unreachable) else type(failure).__name__
    )
    _log.error("mail_not_delivered", mail_id=mail.id, attempts=mail.attempts, given_up=final, reason=mail.last_error)
    db.session.commit()


def _composed(mail: Mail, content: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = current_app.config["MAIL_SENDER"]
    # One address and no more, whatever the text says: this refuses line ends, commas and names.
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = mail.created_at
    # The same at every attempt: a mail that arrives twice is recognised.
    message["Message-ID"] = f"<{mail.id}.{mail.created_at.timestamp():.0f}@{sender_domain()}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content)
    return message
