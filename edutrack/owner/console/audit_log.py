"""The audit log: who did what to what, and when."""

from flask import request
from flask_babel import lazy_gettext as _

from edutrack.core.fields import Choice, Day, Id, Text
from edutrack.owner.console.access import page
from edutrack.owner.console.audit_lines import lines_of
from edutrack.owner.console.deeds import GROUPS
from edutrack.owner.console.details import KINDS
from edutrack.owner.console.lists import ListFilter, ListPage, ServiceModelView
from edutrack.owner.queries import audited_kinds
from edutrack.owner.trail import read_trail

_ENTRIES_ON_A_PAGE = 50


class AuditLogView(ServiceModelView):
    """Sensitive changes and exports, newest first; found by their place in time, and not counted."""

    title = _("Audit log")
    section = _("Records")
    icon = "log"
    slug = "audit"
    empty = _("Nothing has been recorded yet.")
    columns = ()
    filters = (
        ListFilter("actor", _("Who (username)"), Text()),
        ListFilter(
            "deeds", _("What"), Choice(tuple(GROUPS)), choices=[(name, group.label) for name, group in GROUPS.items()]
        ),
        ListFilter(
            "target_type",
            _("About"),
            Text(),
            choices=lambda: [(kind, KINDS.get(kind, kind)) for kind in audited_kinds()],
        ),
        ListFilter("target_id", _("Number"), Id()),
        ListFilter("first", _("From"), Day()),
        ListFilter("last", _("To"), Day()),
    )

    @page("/")
    def index(self) -> str:
        """Show the log."""
        filters = {item.name: value for item in self.filters if (value := item.read()) is not None}
        asked = dict(filters)
        group = GROUPS.get(asked.pop("deeds", ""))
        trail = read_trail(
            _ENTRIES_ON_A_PAGE,
            before=_number("before"),
            after=_number("after"),
            verbs=tuple(group.deeds) if group else (),
            **asked,
        )
        lines = ListPage(
            lines_of(trail.entries), count=0, number=1, size=_ENTRIES_ON_A_PAGE, ordering="", search="", filters=filters
        )
        return self.show("console/audit/list.html", list=lines, trail_page=trail)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
