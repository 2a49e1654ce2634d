"""Routes of notifications; every account has them, blocked students included."""

from typing import Any

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import Blueprint
from edutrack.core.errors import NotFound
from edutrack.core.pagination import FilledList
from edutrack.core.schemas import MessageSchema
from edutrack.notifications import queries, service
from edutrack.notifications.schemas import NotificationFilterSchema, NotificationSchema, UnreadCountSchema

blueprint = Blueprint("notifications", __name__, description="What users are told inside the application")


@blueprint.get("/notifications/")
@guard(students="any")
@blueprint.query(NotificationFilterSchema)
@blueprint.page(NotificationSchema)
@blueprint.localised
def list_notifications(filters: dict[str, Any]) -> FilledList:
    """List the caller's notifications, newest first, in the language of `Accept-Language`."""
    return queries.notifications(caller(), **filters)


@blueprint.get("/notifications/unread_count/")
@guard(students="any")
@blueprint.response(200, UnreadCountSchema)
def count_unread() -> dict[str, int]:
    """Count the caller's unread notifications."""
    return {"count": queries.unread_count(caller())}


@blueprint.post("/notifications/mark_all_read/")
@guard(students="any")
@blueprint.response(200, MessageSchema)
def mark_all_read() -> dict[str, str]:
    """Mark all of the caller's notifications as read."""
    service.mark_all_read(caller())
    return {"message": "All notifications marked as read"}


@blueprint.post("/notifications/<int:notification_id>/mark_read/")
@guard(students="any")
@blueprint.response(200, MessageSchema)
@blueprint.refusals(NotFound("Notification not found", key="error"))
def mark_read(notification_id: int) -> dict[str, str]:
    """Mark one of the caller's notifications as read."""
    service.mark_read(caller(), notification_id)
    return {"message": "Notification marked as read"}
