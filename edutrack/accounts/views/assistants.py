"""The site owner's view of everybody's assistants."""

from typing import Any

from sqlalchemy import Select

from edutrack.accounts import queries
from edutrack.accounts.schemas import AssistantFiltersSchema, AssistantOfTeacherSchema
from edutrack.accounts.views.room import blueprint
from edutrack.core.auth import guard
from edutrack.core.caller import Role


@blueprint.get("/accounts/assistants/")
@guard(Role.SITE_OWNER)
@blueprint.query(AssistantFiltersSchema)
@blueprint.page(AssistantOfTeacherSchema)
def list_assistants(filters: dict[str, Any]) -> Select[*tuple[Any, ...]]:
    """List all assistants, newest first."""
    return queries.assistants(**filters)
