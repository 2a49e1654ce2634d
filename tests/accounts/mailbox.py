"""Reading the mails that the application has sent."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.core.mail import Mail


def queued():
    """Return the mails of the outbox, sent or not, in their order."""
    return list(db.session.scalars(select(Mail).order_by(Mail.id).execution_options(populate_existing=True)))


def read(content):
    """Return a mail as the recipient's program reads it."""
    return message_from_bytes(content, policy=default)


def delivered(app):
    """Return the .eml files of the mails that are in the outbox, as messages."""
    folder = Path(app.config["MAIL_DIR"])
    return [read((folder / f"{mail.id:08d}.eml").read_bytes()) for mail in queued() if mail.sent_at]


def link_in(message):
    """Return the page and the token of the one link of a mail."""
    (link,) = re.findall(r"(http\S+)\?token=(\S+)", message.get_content())
    return link


def token_in(message):
    return link_in(message)[1]
