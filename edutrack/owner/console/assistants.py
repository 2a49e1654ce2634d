"""Assistants of all teachers. Their teachers add and change them; a site owner sees them and helps with the account."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select

from edutrack.accounts import queries
from edutrack.accounts.models import Assistant, Teacher, User
from edutrack.core.fields import Id
from edutrack.owner import catalogue
from edutrack.owner.console.access import page
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.people import GENDER_LABELS, PEOPLE, account_badge, person_cell, picture_path


class AssistantsView(ServiceModelView):
    """Everybody who works for a teacher."""

    title = _("Assistants")
    section = PEOPLE
    icon = "people"
    slug = "assistants"
    empty = _("There are no assistants yet. Teachers add their own.")
    search_hint = _("Name, mobile number or e-mail address")
    list_template = "console/people/list.html"
    tie_breaker = Assistant.id
    columns = (
        Column("name", _("Name"), value=lambda row: person_cell(row), sort=Assistant.name),
        Column("teacher_name", _("Teacher"), value=lambda row: _teacher_link(row), sort=Teacher.name),
        Column("username", _("Username"), sort=User.username),
        Column("phone", _("Mobile number")),
        Column("gmail", _("E-mail address")),
        Column("is_active", _("Account"), value=lambda row: account_badge(row.is_active)),
        Column("created_at", _("Since"), sort=Assistant.created_at),
    )
    filters = (ListFilter("teacher", _("Teacher"), Id(), choices=catalogue.teacher_choices),)

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the assistants who pass the filters."""
        return queries.assistants(search=search, **filters)

    def link(self, row: Any) -> str:
        """Return the address of the assistant's page."""
        return url_for(f"{self.endpoint}.show_assistant", assistant_id=row.id)

    @page("/<int:assistant_id>/")
    def show_assistant(self, assistant_id: int) -> str:
        """Show an assistant, and what can be done about the account."""
        assistant = queries.show_assistant(self.caller, assistant_id)
        return self.show(
            "console/people/assistant.html",
            title=assistant.name,
            assistant=assistant,
            teacher_link=_teacher_link(assistant),
            sessions=queries.open_session_count(assistant.user_id),
            genders=GENDER_LABELS,
            account_badge=account_badge,
            picture_path=picture_path,
        )


def _teacher_link(row: Any) -> Markup:
    address = url_for("console_teachers.show_teacher", teacher_id=row.teacher_id)
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, row.teacher_name)
