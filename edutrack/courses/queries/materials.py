"""Reading study materials, each with the moment at which its download link ends."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, Select, func, literal, null, select
from sqlalchemy import DateTime as SqlDateTime

from edutrack.accounts.models import Student, User
from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.core.files import signed_url
from edutrack.core.signing import sign
from edutrack.core.urls import absolute_url
from edutrack.courses.models import Lecture, Purchase, StudyMaterial, Topic
from edutrack.courses.queries.scope import link_holder, own_courses

#: How long a link works that somebody has been given (rules.md, "Study materials").
LINK_LIFETIME = timedelta(hours=1)
#: What the token of a student's link is signed for.
DOWNLOAD = "material"
_NOTHING = null().cast(BigInteger)


def list_materials(caller: Caller, *, lecture: int | None = None) -> Select[Any]:
    """Return the select of the materials in the caller's courses, by lecture, oldest first."""
    rows = (
        _materials(literal(clock.now() + LINK_LIFETIME, SqlDateTime(timezone=True)), _NOTHING)
        .add_columns(*link_holder(caller))
        .join(Lecture.topic)
        .join(Topic.course)
        .where(own_courses(caller))
    )
    if lecture is not None:
        rows = rows.where(StudyMaterial.lecture_id == lecture)
    return rows.order_by(StudyMaterial.lecture_id, StudyMaterial.id)


def material_item(caller: Caller, material: StudyMaterial) -> Row[Any]:
    """Return one of the caller's materials as MaterialSchema shows it."""
    return db.session.execute(list_materials(caller).where(StudyMaterial.id == material.id)).one()


def materials_of_student(student_id: int) -> list[Row[Any]]:
    """Return the active materials of the lectures that the student has bought and that are still open."""
    now = clock.now()
    link_end = func.least(Purchase.effective_expiry, literal(now + LINK_LIFETIME, SqlDateTime(timezone=True)))
    return list(
        db.session.execute(
            _materials(link_end, Purchase.id)
            .join(Purchase, Purchase.lecture_id == Lecture.id)
            .where(Purchase.student_id == student_id, Purchase.effective_expiry > now, StudyMaterial.is_active)
            .order_by(StudyMaterial.lecture_id, StudyMaterial.id)
        )
    )


def materials_of_lecture(lecture_id: int, purchase_id: int, purchase_end: datetime) -> list[dict[str, Any]]:
    """Return the active materials of a lecture as JSON shows them, for the purchase that ends at `purchase_end`."""
    link_end = literal(min(purchase_end, clock.now() + LINK_LIFETIME), SqlDateTime(timezone=True))
    rows = db.session.execute(
        _materials(link_end, literal(purchase_id, BigInteger))
        .where(StudyMaterial.lecture_id == lecture_id, StudyMaterial.is_active)
        .order_by(StudyMaterial.id)
    )
    return [
        {
            "id": row.id,
            "lecture": row.lecture,
            "lecture_name": row.lecture_name,
            "title": row.title,
            "file_url": signed_link(row),
            "is_active": row.is_active,
            "created_at": iso_z(row.created_at),
        }
        for row in rows
    ]


def downloadable_material(material_id: int, purchase_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return `file` and `file_name` of a material that may be downloaded now by that purchase; None otherwise.

    The purchase must be open and its student's account in order at this moment, whatever held when the link was made
    (rules.md, "Study materials").
    """
    return db.session.execute(
        select(StudyMaterial.file, StudyMaterial.file_name)
        .join(Purchase, Purchase.lecture_id == StudyMaterial.lecture_id)
        .join(Purchase.student)
        .join(Student.user)
        .where(
            StudyMaterial.id == material_id,
            StudyMaterial.is_active,
            Purchase.id == purchase_id,
            Purchase.effective_expiry > clock.now(),
            Student.status == "verified",
            User.is_active,
        )
    ).one_or_none()


def signed_link(material: Any) -> str:
    """Return the address at which a material can be downloaded until its link ends.

    A student's names the purchase that it stands on, everybody else's their session, so that it ends with it.
    """
    if material.purchase_id is None:
        holder = {"user_id": material.link_user_id, "session_id": material.link_session_id}
        return signed_url(material.file, material.file_name, material.link_end, **holder)
    token = sign({"material": material.id, "purchase": material.purchase_id}, DOWNLOAD, material.link_end)
    return absolute_url(f"/api/materials/{material.id}/download/?token={token}")


def _materials(link_end: Any, purchase_id: Any) -> Select[Any]:
    return select(
        StudyMaterial.id,
        StudyMaterial.lecture_id.label("lecture"),
        Lecture.name.label("lecture_name"),
        StudyMaterial.title,
        StudyMaterial.file,
        StudyMaterial.file_name,
        StudyMaterial.is_active,
        StudyMaterial.created_at,
        link_end.label("link_end"),
        purchase_id.label("purchase_id"),
    ).join(StudyMaterial.lecture)
