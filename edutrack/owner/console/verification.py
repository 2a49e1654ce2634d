"""The queue of students who wait to be verified, judged one by one or several at once."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from edutrack.accounts.models import Student
from edutrack.core import fields
from edutrack.owner.console.access import local_target, page
from edutrack.owner.console.identity import identity_of, verdict_label
from edutrack.owner.console.lists import ServiceModelView
from edutrack.owner.console.people import PEOPLE
from edutrack.owner.console.ticks import TickedStudentsSchema, seen_by, tick_of, told_of
from edutrack.students import queries, service

#: What is said of each decision: about one student, and about several.
_DECIDED = {
    "verified": (_("The student has been verified, and told."), _("Students verified and told: %(count)s.")),
    "declined": (_("The student has been declined, and told."), _("Students declined and told: %(count)s.")),
}


class DecisionSchema(TickedStudentsSchema):
    """What is decided about the students that are named."""

    decision = fields.Choice(_DECIDED, required=True)


class VerificationView(ServiceModelView):
    """Students who wait to be verified, those who have waited longest first."""

    title = _("To verify")
    section = PEOPLE
    icon = "check"
    slug = "verification"
    empty = _("Nobody is waiting to be verified.")
    columns = ()
    tie_breaker = Student.id
    list_template = "console/people/verification.html"

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the students who wait."""
        waiting = queries.students(self.caller, status="pending")
        return queries.with_names(waiting).order_by(None).order_by(Student.id)

    @page("/")
    def index(self) -> str:
        """Show who waits, each beside what the national id says."""
        return self.show(
            self.list_template,
            list=self.read_page(),
            identity_of=identity_of,
            verdict_label=verdict_label,
            tick_of=tick_of,
        )

    @page("/decide/", methods=("POST",))
    def decide(self) -> ResponseReturnValue:
        """Verify or decline the students that are named, as far as they still wait as they were shown."""
        decision = request.form.get("decision", "")
        return self.act(
            lambda values: service.change_statuses(
                self.caller, seen_by(values), status=values["decision"], only_from=("pending",)
            ),
            schema=DecisionSchema(),
            done=lambda changes: told_of(changes, *_DECIDED[decision]),
            to=local_target(request.form.get("next")),
        )
