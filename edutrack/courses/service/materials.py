"""Study materials: files that go with lectures."""

from typing import Any

from sqlalchemy import Row

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, invalid_pk
from edutrack.core.extensions import db
from edutrack.core.files import remove_file, save_file
from edutrack.core.signing import read_signed
from edutrack.courses.models import StudyMaterial
from edutrack.courses.queries.materials import DOWNLOAD, downloadable_material
from edutrack.courses.queries.scope import lock_material
from edutrack.courses.service.changes import change, usable_lecture
from edutrack.courses.service.documents import document_kind, download_name

MATERIAL_FOLDER = "materials"
_NO_LONGER_VALID = "This link is no longer valid."


def create_material(caller: Caller, *, lecture: int, title: str, file: Any, is_active: bool = True) -> StudyMaterial:
    """Add a file to a lecture of the caller's courses (rules.md, "Study materials").

    Raises Invalid for a lecture that is not the caller's and for a file of a kind that is not taken.
    """
    parent = usable_lecture(caller, lecture)
    material = StudyMaterial(lecture=parent, title=title, is_active=is_active, **_stored(file))
    db.session.add(material)
    audit.record(caller, "material.created", material, lecture=lecture, title=title)
    db.session.flush()
    return material


def change_material(caller: Caller, material: StudyMaterial, **values: Any) -> StudyMaterial:
    """Change a material or replace its file; the one before is removed.

    Raises Invalid where another lecture is asked for and for a file of a kind that is not taken.
    """
    material = lock_material(caller, material.id)
    asked = values.pop("lecture", material.lecture_id)
    if asked != material.lecture_id:
        raise invalid_pk("lecture", asked)
    if "file" in values:
        remove_file(material.file)
        values |= _stored(values["file"])
    audit.record(caller, "material.changed", material, changed=change(material, values))
    db.session.flush()
    return material


def delete_material(caller: Caller, material: StudyMaterial) -> None:
    """Delete a material and its file."""
    material = lock_material(caller, material.id)
    audit.record(caller, "material.deleted", material, lecture=material.lecture_id, title=material.title)
    remove_file(material.file)
    db.session.delete(material)
    db.session.flush()


def resolve_download(material_id: int, token: str) -> Row[*tuple[Any, ...]]:
    """Return `file` and `file_name` of the material that a student's link gives.

    Raises Forbidden where the token is not one for this material or too old, and once the purchase, the student's
    account or the material is no longer good (rules.md, "Study materials").
    """
    link = read_signed(token, DOWNLOAD)
    if link is None or link["material"] != material_id:
        raise Forbidden(_NO_LONGER_VALID)
    found = downloadable_material(material_id, link["purchase"])
    if found is None:
        raise Forbidden(_NO_LONGER_VALID)
    return found


def _stored(upload: Any) -> dict[str, str]:
    extension = document_kind(upload)
    return {
        "file": save_file(upload.stream, MATERIAL_FOLDER, extension),
        "file_name": download_name(upload.filename or "", extension),
    }
