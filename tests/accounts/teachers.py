"""What the tests of teachers share: a form, an answer, and what is stored."""

import io
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import func, select

from edutrack.accounts.models import Teacher, User
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.structure.models import Division, Grade, SchoolType, Subject
from tests.factories import create_subject

URL = "/api/accounts/teachers/"
TAKEN_GMAIL = {"gmail": ["This email is already associated with an account."]}
TAKEN_USERNAME = {"username": ["Username already exists."]}
PHONE = "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."
REQUIRED = "This field is required."
NOT_A_PICTURE = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."


def two_grades():
    return list(db.session.scalars(select(Grade).order_by(Grade.order).limit(2)))


def form(**values: Any) -> dict[str, Any]:
    """Return a form with every required field."""
    subject = values.pop("of", None) or create_subject()
    return {
        "username": "ahmed",
        "password": "a-decent-passphrase",
        "name": "أحمد سامي",
        "phone": "01012345678",
        "gmail": "ahmed@example.org",
        "gender": "male",
        "subject": subject.id,
        "grades": [grade.id for grade in subject.grades],
    } | values


def picture(kind: str = "PNG") -> io.BytesIO:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(content, kind)
    content.seek(0)
    return content


def named(*items):
    return [{"id": item.id, "name": item.name} for item in items]


def subject_shown(subject: Subject) -> dict[str, Any]:
    return {
        "id": subject.id,
        "name": subject.name,
        "grades": [grade.id for grade in subject.grades],
        "grades_detail": named(*subject.grades),
        "divisions": [division.id for division in subject.divisions],
        "divisions_detail": [
            {
                "id": division.id,
                "name": division.name,
                "grades": named(*division.grades),
                "school_types": named(*division.school_types),
            }
            for division in subject.divisions
        ],
        "school_types": [school_type.id for school_type in subject.school_types],
        "school_types_detail": named(*subject.school_types),
        "grade_ids": [grade.id for grade in subject.grades],
        "division_ids": [division.id for division in subject.divisions],
        "school_type_ids": [school_type.id for school_type in subject.school_types],
    }


def shown(teacher: Teacher) -> dict[str, Any]:
    security = teacher.video_security
    return {
        "id": teacher.id,
        "user_id": teacher.user.id,
        "username": teacher.user.username,
        "name": teacher.name,
        "phone": teacher.phone,
        "secondary_phone": teacher.secondary_phone,
        "gmail": teacher.user.gmail,
        "gender": teacher.gender,
        "profile_picture": None,
        "biography": teacher.biography,
        "facebook": teacher.facebook,
        "subject_detail": subject_shown(teacher.subject),
        "grades_detail": named(*teacher.grades),
        "video_security_detail": security
        and {"id": security.id, "name": security.name, "price_per_student": f"{security.price_per_student:.2f}"},
        "is_active": teacher.user.is_active,
        "created_at": teacher.created_at.isoformat().replace("+00:00", "Z"),
        "subject_id": teacher.subject_id,
        "grade_ids": [grade.id for grade in teacher.grades],
        "video_security_id": teacher.video_security_id,
    }


def create_rich_subject() -> Subject:
    """A subject with several of every relation."""
    grades = two_grades()
    school_types = list(db.session.scalars(select(SchoolType).order_by(SchoolType.id).limit(2)))
    divisions = [
        Division(name=f"شعبة {number}", grades=grades, school_types=school_types[:number]) for number in (1, 2)
    ]
    return create_subject(grades=grades, divisions=divisions, school_types=school_types)


def last_audit():
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    return entry.verb, entry.actor_id, entry.target_type, entry.target_id, entry.details


def stored_files(app) -> set[Path]:
    return {path for path in Path(app.config["MEDIA_DIR"]).rglob("*") if path.is_file()}


def stored_users() -> int:
    return db.session.scalar(select(func.count()).select_from(User)) or 0
