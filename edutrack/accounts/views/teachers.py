"""The site owner's side of teachers."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.accounts import queries, service
from edutrack.accounts.models import Teacher
from edutrack.accounts.schemas import TeacherFiltersSchema, TeacherFormSchema, TeacherSchema
from edutrack.accounts.views.room import blueprint
from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid


@blueprint.get("/accounts/teachers/")
@guard(Role.SITE_OWNER)
@blueprint.query(TeacherFiltersSchema)
@blueprint.page(TeacherSchema)
def list_teachers(filters: dict[str, Any]) -> Select[*tuple[Any, ...]]:
    """List teachers, newest first."""
    return queries.teachers(**filters)


@blueprint.post("/accounts/teachers/")
@guard(Role.SITE_OWNER)
@blueprint.body(TeacherFormSchema, files=True)
@blueprint.response(201, TeacherSchema)
@blueprint.refusals(
    Invalid({"username": ["Username already exists."]}),
    Invalid({"gmail": ["This email is already associated with an account."]}),
    Invalid({"phone": ["Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."]}),
    Invalid({"password": ["This password is too short. It must contain at least 8 characters."]}),
)
def create_teacher(values: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Add a teacher, with the user who signs in."""
    return queries.show_teacher(service.create_teacher(caller(), values).id)


@blueprint.get("/accounts/teachers/<int:teacher_id>/")
@guard(Role.SITE_OWNER)
@blueprint.response(200, TeacherSchema)
def show_teacher(teacher_id: int) -> Row[*tuple[Any, ...]]:
    """Show one teacher."""
    return queries.show_teacher(teacher_id)


@blueprint.patch("/accounts/teachers/<int:teacher_id>/")
@guard(Role.SITE_OWNER)
@path_object("teacher", queries.lock_teacher)
@blueprint.body(TeacherFormSchema(partial=True), files=True)
@blueprint.response(200, TeacherSchema)
@blueprint.refusals(Invalid({"gmail": ["This email is already associated with an account."]}))
def change_teacher(values: dict[str, Any], teacher: Teacher) -> Row[*tuple[Any, ...]]:
    """Change parts of a teacher."""
    return queries.show_teacher(service.change_teacher(caller(), teacher, values).id)
