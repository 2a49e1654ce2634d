"""Mail: written to the outbox in the transaction of what it tells, delivered after that transaction is committed."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import structlog
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from edutrack.core import clock
from edutrack.core.database import Base, Id
from edutrack.core.extensions import db
from edutrack.core.transaction import after_commit

_log = structlog.get_logger()


class Mail(Base):
    """One mail of the outbox; `sent_at` is null until it has been handed over."""

    __tablename__ = "mails"

    id: Mapped[Id]
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


def queue_mail(recipient: str, subject: str, text: str) -> None:
    """Put a mail into the outbox; it leaves when the request has committed, or at the next delivery."""
    db.session.add(Mail(recipient=recipient, subject=subject, text=text, created_at=clock.now()))
    after_commit(deliver_mail)


def deliver_mail() -> int:
    """Hand over every mail that waits in the outbox, as .eml files in MAIL_DIR; return how many left.

    Mails that another process is delivering at this moment are left to it. A delivery that fails leaves its mail
    waiting, and never fails the request that queued it.
    """
    delivered = 0
    waiting = select(Mail).where(Mail.sent_at.is_(None)).order_by(Mail.id).with_for_update(skip_locked=True)
    for mail in db.session.scalars(waiting.limit(100)):
        try:
            _write_eml(mail)
        except OSError as error:
            _log.error("mail_not_delivered", mail_id=mail.id, exc_info=error)
            break
        mail.sent_at = clock.now()
        delivered += 1
    db.session.commit()
    return delivered


def _write_eml(mail: Mail) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = current_app.config["MAIL_SENDER"]
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = mail.created_at
    message.set_content(mail.text)
    folder = Path(current_app.config["MAIL_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{mail.id:08d}.eml").write_bytes(bytes(message))
