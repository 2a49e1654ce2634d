"""Bodies of notifications."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields as plain
from marshmallow import pre_dump
from sqlalchemy import Row

from edutrack.core import fields
from edutrack.core.language import Language, preferred_language
from edutrack.core.schemas import Schema
from edutrack.notifications.models import NOTIFICATION_TYPES, NotificationType
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
    notification_type = plain.String(required=True, metadata={"enum": list(NOTIFICATION_TYPES)})
    notification_type_display = plain.String(required=True)
    title = plain.String(required=True)
    message = plain.String(required=True)
    is_read = plain.Boolean(required=True)
    metadata = plain.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": _METADATA,
            "additionalProperties": {"type": "integer"},
            "examples": [{"course_id": 7, "transaction_id": 8}],
        },
    )
    created_at = fields.Moment(required=True)

    @pre_dump(pass_collection=True)
    def in_words(self, notifications: Sequence[Row[Any]], **_: Any) -> list[dict[str, Any]]:
        """Return the values of notifications, whose language is the same for all of them."""
        language = preferred_language()
        return [_worded(notification, language) for notification in notifications]


def _worded(notification: Row[Any], language: Language) -> dict[str, Any]:
    template, params = TEMPLATES[notification.type], notification.params
    return {
        "id": notification.id,
        "notification_type": notification.type,
        "notification_type_display": template.display.say(language, {}),
        "title": template.title.say(language, {}),
        "message": template.say_message(language, params),
        "is_read": notification.is_read,
        # The ids of what it is about; nothing where it is about no single thing.
        "metadata": {name: value for name, value in params.items() if name.endswith("_id")} or None,
        "created_at": notification.created_at,
    }


class UnreadCountSchema(Schema):
    """How many notifications are unread."""

    count = plain.Integer(required=True)
