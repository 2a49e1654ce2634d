"""What users are told."""

from tests.documented.kinds import Nullable, anything, boolean, integer, moment, page, string, word

NOTIFICATION = {
    "id": integer,
    "notification_type": string,
    "notification_type_display": string,
    "title": string,
    "message": string,
    "is_read": boolean,
    "metadata": Nullable(anything),
    "created_at": moment,
}

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
    "notifications": ("student", "GET", "notifications/", None, page(NOTIFICATION)),
    "unread notifications": ("student", "GET", "notifications/unread_count/", None, {"count": integer}),
    "notifications read": ("student", "POST", "notifications/mark_all_read/", None, {"message": string}),
    "a notification read": (
        "student",
        "POST",
        "notifications/{notification}/mark_read/",
        None,
        {"message": word("Notification marked as read")},
    ),
}
