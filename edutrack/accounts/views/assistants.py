"""Assistants: the site owner's view of everybody's, and each teacher's own."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.accounts import queries, service
from edutrack.accounts.models import Assistant
from edutrack.accounts.schemas import (
    AssistantFiltersSchema,
    AssistantFormSchema,
    AssistantOfTeacherSchema,
    AssistantSchema,
    CoworkersFiltersSchema,
    NewAssistantSchema,
)
from edutrack.accounts.views.room import blueprint
from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Rejected


@blueprint.get("/accounts/assistants/")
@guard(Role.SITE_OWNER)
@blueprint.query(AssistantFiltersSchema)
@blueprint.page(AssistantOfTeacherSchema)
def list_assistants(filters: dict[str, Any]) -> Select[*tuple[Any, ...]]:
    """List all assistants, newest first."""
    return queries.assistants(**filters)


@blueprint.get("/accounts/teacher/assistants/")
@guard(Role.TEACHER, Role.ASSISTANT)
@blueprint.query(CoworkersFiltersSchema)
@blueprint.page(AssistantSchema)
def list_own_assistants(filters: dict[str, Any]) -> Select[*tuple[Any, ...]]:
    """List the assistants of the calling teacher, or who works beside the calling assistant, newest first."""
    return queries.own_assistants(caller(), **filters)


@blueprint.post("/accounts/teacher/assistants/")
@guard(Role.TEACHER)
@blueprint.body(NewAssistantSchema, files=True)
@blueprint.response(201, AssistantSchema)
def create_assistant(values: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Add an assistant, with the user who signs in."""
    return queries.show_assistant(caller(), service.create_assistant(caller(), values).id)


@blueprint.get("/accounts/teacher/assistants/<int:assistant_id>/")
@guard(Role.TEACHER, Role.ASSISTANT)
@blueprint.response(200, AssistantSchema)
def show_assistant(assistant_id: int) -> Row[*tuple[Any, ...]]:
    """Show one assistant."""
    return queries.show_assistant(caller(), assistant_id)


@blueprint.patch("/accounts/teacher/assistants/<int:assistant_id>/")
@guard(Role.TEACHER)
@path_object("assistant", queries.lock_assistant)
@blueprint.body(AssistantFormSchema(partial=True), files=True)
@blueprint.response(200, AssistantSchema)
def change_assistant(values: dict[str, Any], assistant: Assistant) -> Row[*tuple[Any, ...]]:
    """Change parts of an assistant."""
    return queries.show_assistant(caller(), service.change_assistant(caller(), assistant, values).id)


@blueprint.delete("/accounts/teacher/assistants/<int:assistant_id>/")
@guard(Role.TEACHER)
@path_object("assistant", queries.lock_assistant)
@blueprint.response(204)
@blueprint.refusals(Rejected("Cannot delete an assistant who has already done work. Deactivate the account."))
def delete_assistant(assistant: Assistant) -> None:
    """Delete an assistant who has done nothing yet."""
    service.delete_assistant(caller(), assistant)
