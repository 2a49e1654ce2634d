"""The audit trail, as the site owner reads it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, Text, and_, cast, false, func, literal, select, union_all

from edutrack.accounts.models import Student, User
from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Enrollment, Purchase
from edutrack.quizzes.models import QuizSubmission
from edutrack.wallet.models import Adjustment


def audit_entries(
    *,
    verbs: Sequence[str] = (),
    actor: str = "",
    target_type: str = "",
    target_id: int | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Select[*tuple[Any, ...]]:
    """Return the select of audit entries with the names of those who acted, newest first.

    `verbs` are those that are wanted (none: all), `actor` is a username ignoring case, `first` and `last` are business
    days.
    """
    rows: Select[*tuple[Any, ...]] = (
        select(
            AuditEntry.id,
            AuditEntry.recorded_at,
            # The trail outlives users: of one who is gone, the number is left.
            func.coalesce(User.username, literal("#").concat(cast(AuditEntry.actor_id, Text))).label("actor"),
            AuditEntry.verb,
            AuditEntry.target_type,
            AuditEntry.target_id,
            AuditEntry.details,
        )
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .order_by(AuditEntry.recorded_at.desc(), AuditEntry.id.desc())
    )
    if verbs:
        rows = rows.where(AuditEntry.verb.in_(verbs))
    if actor:
        # Read first, because PostgreSQL goes through the whole trail for somebody whose share of it it cannot know.
        acting = db.session.scalar(select(User.id).where(func.lower(User.username) == actor.lower()))
        rows = rows.where(false() if acting is None else AuditEntry.actor_id == acting)
    if target_type:
        rows = rows.where(AuditEntry.target_type == target_type)
    if target_id is not None:
        rows = rows.where(AuditEntry.target_id == target_id)
    if first is not None:
        rows = rows.where(AuditEntry.recorded_at >= clock.start_of_day(first))
    if last is not None:
        rows = rows.where(AuditEntry.recorded_at < clock.start_of_day(last + timedelta(days=1)))
    return rows


def audit_entries_about(student: Student) -> Select[*tuple[Any, ...]]:
    """Return the select of audit entries about a student, newest first.

    They are about the student or the account, or about a request, purchase, correction or attempt of the student's.
    """
    things: list[tuple[str, Any]] = [
        (Student.__tablename__, select(Student.id).where(Student.id == student.id)),
        (User.__tablename__, select(User.id).where(User.id == student.user_id)),
        *(
            (model.__tablename__, select(model.id).where(model.student_id == student.id))
            for model in (Enrollment, Purchase, Adjustment, QuizSubmission)
        ),
    ]
    # Looked up by the index over kind and number, thing by thing, and not found by reading the whole trail.
    about = union_all(*(ids.add_columns(literal(kind).label("kind")) for kind, ids in things)).subquery()
    return audit_entries().join(about, and_(AuditEntry.target_type == about.c.kind, AuditEntry.target_id == about.c.id))


def audited_kinds() -> list[str]:
    """Return the kinds of things that the audit trail speaks of, by name; one look into the index for each."""
    kinds = select(func.min(AuditEntry.target_type).label("kind")).cte("kinds", recursive=True)
    following = select(func.min(AuditEntry.target_type)).where(AuditEntry.target_type > kinds.c.kind).scalar_subquery()
    kinds = kinds.union_all(select(following).where(kinds.c.kind.is_not(None)))
    return list(db.session.scalars(select(kinds.c.kind).where(kinds.c.kind.is_not(None))))
