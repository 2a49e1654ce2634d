"""Routes of study materials."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.courses.models import StudyMaterial
from edutrack.courses.queries import materials as queries
from edutrack.courses.queries.scope import find_material
from edutrack.courses.schemas.materials import (
    MaterialChangesSchema,
    MaterialFilterSchema,
    MaterialSchema,
    NewMaterialSchema,
)
from edutrack.courses.service import materials
from edutrack.courses.views.room import blueprint


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
