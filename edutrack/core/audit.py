"""The audit trail: who did what to what, written in the transaction of the deed itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.database import Base, Id
from edutrack.core.extensions import db


class AuditEntry(Base):
    """One sensitive change or export. Holds ids, and never a password, code or national id."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "target_type", "target_id"),
        Index(None, "actor_id", "recorded_at"),
        Index(None, "verb", "recorded_at"),
    )

    id: Mapped[Id]
    #: The user who did it; None for the system itself (a command, a sweeper). No foreign key: the trail outlives users.
    actor_id: Mapped[int | None]
    #: Dotted verb, such as `student.status.changed`.
    verb: Mapped[str]
    target_type: Mapped[str | None]
    target_id: Mapped[int | None]
    #: What changed, as names and values that may be kept.
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime] = mapped_column(index=True)


def record(actor: Caller | None, verb: str, target: Any, **details: Any) -> None:
    """Write one audit entry about `target`: a model instance (flushed here where it has no id yet), a model, or None.

    A model stands for all of its rows together; None is for deeds that concern nothing in particular, such as reading a
    list of codes.
    """
    is_one = target is not None and not isinstance(target, type)
    if is_one and target.id is None:
        db.session.flush()
    db.session.add(
        AuditEntry(
            actor_id=actor.user_id if actor else None,
            verb=verb,
            target_type=target.__tablename__ if target is not None else None,
            target_id=target.id if is_one else None,
            details=details,
            recorded_at=clock.now(),
        )
    )
