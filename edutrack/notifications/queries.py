"""Reading notifications: everybody their own."""

from functools import cache

from sqlalchemy import bindparam, func, select

from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.core.pagination import FilledList, PreparedList
from edutrack.notifications.models import Notification


def notifications(caller: Caller, *, is_read: bool | None = None, notification_type: str | None = None) -> FilledList:
    """Return the list of the caller's notifications as NotificationSchema shows them, narrowed by what is given.

    Newest first.
    """
    values = {"user": caller.user_id} | ({} if notification_type is None else {"type": notification_type})
    return _notifications(is_read, "type" in values).filled(**values)


@cache
def _notifications(is_read: bool | None, of_one_type: bool) -> PreparedList:
    columns = (Notification.id, Notification.type, Notification.params, Notification.is_read, Notification.created_at)
    rows = select(*columns).where(Notification.user_id == bindparam("user"))
    if is_read is not None:
        # Not a parameter: the unread ones have an index of their own.
        rows = rows.where(Notification.is_read if is_read else ~Notification.is_read)
    if of_one_type:
        rows = rows.where(Notification.type == bindparam("type"))
    return PreparedList(rows.order_by(Notification.id.desc()))


def unread_count(caller: Caller) -> int:
    """Return how many of the caller's notifications are unread."""
    unread = select(func.count()).where(Notification.user_id == caller.user_id, ~Notification.is_read)
    return db.session.scalar(unread) or 0
