"""Reading notifications: everybody their own."""

from sqlalchemy import Select, func, select

from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.notifications.models import Notification


def notifications(
    caller: Caller, *, is_read: bool | None = None, notification_type: str | None = None
) -> Select[Notification]:
    """Return the select of the caller's notifications, newest first, narrowed by what is given."""
    rows = select(Notification).where(Notification.user_id == caller.user_id)
    if is_read is not None:
        rows = rows.where(Notification.is_read if is_read else ~Notification.is_read)
    if notification_type is not None:
        rows = rows.where(Notification.type == notification_type)
    return rows.order_by(Notification.id.desc())


def unread_count(caller: Caller) -> int:
    """Return how many of the caller's notifications are unread."""
    unread = select(func.count()).where(Notification.user_id == caller.user_id, ~Notification.is_read)
    return db.session.scalar(unread) or 0
