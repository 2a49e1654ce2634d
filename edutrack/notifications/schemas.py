"""Bodies of notifications."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.language import preferred_language
from edutrack.core.schemas import Schema
from edutrack.notifications.models import NOTIFICATION_TYPES, Notification, NotificationType
from edutrack.notifications.texts import TEMPLATES

#: Which ids each type has, for the description; a test holds it to what is written.
METADATA_KEYS: dict[NotificationType, tuple[str, ...]] = {
    "enrollment_requested": ("enrollment_id", "course_id", "student_id"),
    "enrollment_approved": ("enrollment_id", "course_id", "student_id"),
    "enrollment_rejected": ("enrollment_id", "course_id", "student_id"),
    "balance_added": ("course_id", "transaction_id"),
    "lecture_reopened": ("purchase_id", "lecture_id", "course_id"),
    "lecture_purchased": ("purchase_id", "lecture_id", "course_id", "student_id"),
    "lecture_published": ("lecture_id", "course_id"),
    "quiz_graded": ("submission_id", "quiz_id", "lecture_id", "course_id"),
    "account_status_changed": (),
}
_METADATA = "The ids of what the notification is about. " + " ".join(
    f"`{kind}`: {', '.join(f'`{key}`' for key in keys) or 'null'}." for kind, keys in METADATA_KEYS.items()
)


class NotificationFilterSchema(Schema):
    """What narrows the list of notifications."""

    is_read = fields.Boolean(load_default=None)
    notification_type = fields.Choice(NOTIFICATION_TYPES, load_default=None)


class NotificationSchema(Schema):
    """A notification, in the words of the reader's language (rules.md, "Notifications")."""

    id = plain.Integer(required=True)
    notification_type = plain.String(attribute="type", required=True, metadata={"enum": list(NOTIFICATION_TYPES)})
    notification_type_display = plain.Method("displayed", required=True, metadata={"type": "string"})
    title = plain.Method("titled", required=True, metadata={"type": "string"})
    message = plain.Method("worded", required=True, metadata={"type": "string"})
    is_read = plain.Boolean(required=True)
    metadata = plain.Method(
        "referred",
        required=True,
        metadata={
            "type": ["object", "null"],
            "description": _METADATA,
            "additionalProperties": {"type": "integer"},
            "examples": [{"course_id": 7, "transaction_id": 8}],
        },
    )
    created_at = fields.Moment(required=True)

    def displayed(self, notification: Notification) -> str:
        """Return the name of the type."""
        return TEMPLATES[notification.type].display.say(preferred_language(), {})

    def titled(self, notification: Notification) -> str:
        """Return the title."""
        return TEMPLATES[notification.type].title.say(preferred_language(), {})

    def worded(self, notification: Notification) -> str:
        """Return the message."""
        return TEMPLATES[notification.type].say_message(preferred_language(), notification.params)

    def referred(self, notification: Notification) -> dict[str, int] | None:
        """Return the ids of what the notification is about; None where it is about no single thing."""
        return {name: value for name, value in notification.params.items() if name.endswith("_id")} or None


class UnreadCountSchema(Schema):
    """How many notifications are unread."""

    count = plain.Integer(required=True)
