"""Mail: written to the outbox in the transaction of what it tells, delivered after that transaction is committed."""

from edutrack.core.mail.courier import start_courier
from edutrack.core.mail.outbox import Mail, define_link, deliver_mail, queue_mail

__all__ = ["Mail", "define_link", "deliver_mail", "queue_mail", "start_courier"]
