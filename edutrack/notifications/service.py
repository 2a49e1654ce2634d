"""Telling users what happened, in the transaction in which it happens, and noting what they have read."""

from typing import Any

from sqlalchemy import BigInteger, DateTime, Select, String, bindparam, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.statements import run
from edutrack.notifications.models import Notification, NotificationType


def notify(user_id: int, kind: NotificationType, **params: Any) -> None:
    """Tell one user something, with the names and ids that its text and its frontend need (rules.md, "Notifications").

    What the notification is about must be flushed already.
    """
    run(_NOTIFY, user=user_id, kind=kind, named=params, now=clock.now())


def notify_all(kind: NotificationType, receivers: Select[*tuple[Any, ...]]) -> None:
    """Tell many users something with one statement, however many they are (rules.md, "Notifications").

    `receivers` selects a `user_id` for each, and beside it, under their names, the params of their notification. What
    it reads must be flushed already.
    """
    rows = receivers.subquery()
    params = [part for column in rows.c if column.name != "user_id" for part in (literal(column.name, String), column)]
    db.session.execute(
        insert(Notification).from_select(
            ["user_id", "type", "params", "is_read", "created_at"],
            select(
                cast(rows.c.user_id, BigInteger),
                literal(kind),
                func.jsonb_build_object(*params, type_=JSONB),
                literal(False),
                literal(clock.now()),
            ),
        )
    )


def mark_read(caller: Caller, notification_id: int) -> None:
    """Note that the caller has read a notification; again is no harm. Raises NotFound where it is not theirs."""
    marked = db.session.scalar(
        update(Notification)
        .where(Notification.id == notification_id, Notification.user_id == caller.user_id)
        .values(is_read=True)
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    )
    if marked is None:
        raise NotFound("Notification not found", key="error")


def mark_all_read(caller: Caller) -> None:
    """Note that the caller has read every notification there is at this moment."""
    db.session.execute(
        update(Notification)
        .where(Notification.user_id == caller.user_id, ~Notification.is_read)
        .values(is_read=True)
        .execution_options(synchronize_session=False)
    )


# Built once: whatever moves money tells somebody.
_NOTIFY = insert(Notification).values(
    user_id=bindparam("user", type_=BigInteger),
    type=bindparam("kind", type_=String),
    params=bindparam("named", type_=JSONB),
    is_read=False,
    created_at=bindparam("now", type_=DateTime(timezone=True)),
)
