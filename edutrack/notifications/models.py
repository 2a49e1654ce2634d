"""What users are told inside the application."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.accounts.models import User
from edutrack.core.database import Base, Id

NotificationType = Literal[
    "enrollment_requested",
    "enrollment_approved",
    "enrollment_rejected",
    "balance_added",
    "lecture_reopened",
    "lecture_purchased",
    "lecture_published",
    "quiz_graded",
    "account_status_changed",
]
NOTIFICATION_TYPES: tuple[NotificationType, ...] = get_args(NotificationType)


class Notification(Base):
    """One thing that one user is told. Its words are made when it is read, in the reader's language."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(f"type IN ({', '.join(repr(name) for name in NOTIFICATION_TYPES)})", name="type_known"),
        # Read backwards, newest first.
        Index(None, "user_id", "id"),
        Index("ix_notifications_unread", "user_id", "id", postgresql_where=text("NOT is_read")),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    type: Mapped[NotificationType] = mapped_column(Text)
    #: What the text names (names as they were then, amounts), and the ids of what it is about, `<thing>_id`.
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_read: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
