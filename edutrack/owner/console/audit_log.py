"""The audit log: who did what to what, and when."""

from typing import Any

from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select

from edutrack.core.fields import Day, Id, Text
from edutrack.owner import queries
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView


def _target(row: Any) -> Markup | None:
    if row.target_type is None:
        return None
    return Markup('<bdi class="code">{} {}</bdi>').format(row.target_type, row.target_id)


def details_of(row: Any) -> Markup:
    """Return what an entry of the audit trail says of the change, as names and values."""
    pairs = [
        Markup("<dt><bdi>{}</bdi></dt><dd><bdi>{}</bdi></dd>").format(name, _plain(value))
        for name, value in row.details.items()
    ]
    return Markup('<dl class="details">{}</dl>').format(Markup("").join(pairs)) if pairs else Markup("")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


class AuditLogView(ServiceModelView):
    """Sensitive changes and exports, newest first."""

    title = _("Audit log")
    section = _("Records")
    icon = "log"
    slug = "audit"
    empty = _("Nothing has been recorded yet.")
    columns = (
        Column("recorded_at", _("When")),
        Column("actor", _("Who"), value=lambda row: row.actor or _("The system")),
        Column("verb", _("What"), value=lambda row: Markup('<bdi class="code">{}</bdi>').format(row.verb)),
        Column("target", _("About"), value=_target),
        Column("details", _("Details"), value=details_of),
    )
    filters = (
        ListFilter("verb", _("What (start of the verb)"), Text()),
        ListFilter("actor", _("Who (username)"), Text()),
        ListFilter(
            "target_type", _("About"), Text(), choices=lambda: [(name, name) for name in queries.audited_kinds()]
        ),
        ListFilter("target_id", _("Number"), Id()),
        ListFilter("first", _("From"), Day()),
        ListFilter("last", _("To"), Day()),
    )

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the entries that pass the filters."""
        return queries.audit_entries(**filters)
