"""Routes of study materials."""

from typing import Any

from flask import Response
from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard, public
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden
from edutrack.core.files import stored_file
from edutrack.courses.models import StudyMaterial
from edutrack.courses.queries import materials as queries
from edutrack.courses.queries.scope import find_material
from edutrack.courses.schemas.materials import (
    DownloadSchema,
    MaterialChangesSchema,
    MaterialFilterSchema,
    MaterialSchema,
    NewMaterialSchema,
)
from edutrack.courses.service import materials
from edutrack.courses.views.room import blueprint

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE = {"content": {"application/*": _BYTES, "image/*": _BYTES, "text/plain": _BYTES}}
_DOWNLOAD = {
    "200": {"description": "The file, as an attachment.", **_FILE},
    "206": {"description": "The range of the file that was asked for.", **_FILE},
    "416": {"description": "The file has no such range."},
}


@blueprint.get("/materials/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(MaterialFilterSchema)
@blueprint.page(MaterialSchema)
def list_materials(filters: dict[str, Any]) -> Select[Any]:
    """List the study materials of the caller's courses."""
    return queries.list_materials(caller(), **filters)


@blueprint.post("/materials/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.body(NewMaterialSchema, files=True)
@blueprint.response(201, MaterialSchema)
def create_material(values: dict[str, Any]) -> Row[Any]:
    """Add a study material to a lecture."""
    return queries.material_item(caller(), materials.create_material(caller(), **values))


@blueprint.get("/materials/<int:material_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("material", find_material)
@blueprint.response(200, MaterialSchema)
def show_material(material: StudyMaterial) -> Row[Any]:
    """Show a study material."""
    return queries.material_item(caller(), material)


@blueprint.patch("/materials/<int:material_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("material", find_material)
@blueprint.body(MaterialChangesSchema(partial=True), files=True)
@blueprint.response(200, MaterialSchema)
def change_material(values: dict[str, Any], material: StudyMaterial) -> Row[Any]:
    """Change a study material or replace its file."""
    return queries.material_item(caller(), materials.change_material(caller(), material, **values))


@blueprint.delete("/materials/<int:material_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("material", find_material)
@blueprint.response(204)
def delete_material(material: StudyMaterial) -> None:
    """Delete a study material and its file."""
    materials.delete_material(caller(), material)


@blueprint.get("/materials/mine/")
@guard(Role.STUDENT)
@blueprint.response(200, MaterialSchema(many=True))
def list_my_materials() -> list[Row[Any]]:
    """List the materials of the lectures that the student has bought and may still watch."""
    return queries.materials_of_student(caller().student_id)


@blueprint.get("/materials/<int:material_id>/download/")
@public
@blueprint.query(DownloadSchema)
@blueprint.doc(responses=_DOWNLOAD)
@blueprint.refusals(Forbidden("This link is no longer valid."))
def download_material(values: dict[str, Any], material_id: int) -> Response:
    """Give the holder of a student's link the file."""
    material = materials.resolve_download(material_id, values["token"])
    response = stored_file(material.file, download_name=material.file_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
