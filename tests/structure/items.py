"""What the tests of the structure share: the kinds of items, and bodies that make them."""

from typing import Any

from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.structure.models import (
    Area,
    Division,
    Governorate,
    Grade,
    SchoolType,
    Subject,
    VideoSecurity,
)

#: An id that no sequence reaches.
UNHEARD_OF = 10**15
PATHS = ["grades", "school-types", "divisions", "subjects", "governorates", "areas", "video-security"]
MODELS: dict[str, Any] = dict(
    zip(PATHS, [Grade, SchoolType, Division, Subject, Governorate, Area, VideoSecurity], strict=True)
)


def saved(item):
    db.session.add(item)
    db.session.commit()
    return item


def two_school_types():
    return list(db.session.scalars(select(SchoolType).order_by(SchoolType.id).limit(2)))


def two_grades():
    return list(db.session.scalars(select(Grade).order_by(Grade.order).limit(2)))


def named(*items):
    return [{"id": item.id, "name": item.name} for item in items]


def make_body(path: str) -> dict[str, Any]:
    """Return a body that adds something new of a kind."""
    extra: dict[str, Any] = {
        "grades": {"order": 99},
        "areas": {"governorate": db.session.scalars(select(Governorate.id).limit(1)).one()},
        "video-security": {"price_per_student": "12.50"},
    }.get(path, {})
    return {"name": f"جديد {path}", **extra}


def last_audit():
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    return entry.verb, entry.actor_id, entry.target_type, entry.target_id, entry.details
