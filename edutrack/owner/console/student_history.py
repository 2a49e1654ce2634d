"""What has been done about a student, and by whom."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from edutrack.owner.console.access import page
from edutrack.owner.console.language import shown
from edutrack.owner.console.lists import fetch_page
from edutrack.owner.console.people import STATUS_LABELS
from edutrack.owner.console.student_frame import StudentPages
from edutrack.owner.queries import audit_entries_about
from edutrack.students import queries

_ENTRIES_ON_A_PAGE = 25
#: What was done, in words; a verb that is not here is shown as it is.
_DEEDS = {
    "student.profile.changed": _("Profile changed"),
    "student.status.changed": _("Status changed"),
    "user.password.changed": _("Password changed by the student"),
    "user.password.reset": _("Another password set"),
    "user.password.link.mailed": _("Link to a new password mailed"),
    "user.sessions.ended": _("Sessions ended"),
    "enrollment.approved": _("Request for a course approved"),
    "enrollment.rejected": _("Request for a course rejected"),
    "purchase.reopened": _("Lecture reopened"),
    "balance.adjusted": _("Balance corrected"),
    "quiz.submission.graded": _("Attempt graded"),
}
#: What the entries name that says something to a person, and how each is shown; the rest is for the audit log.
_FACTS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "extra_days": (_("Extra days"), int),
    "effective_expiry": (_("Open until"), datetime.fromisoformat),
    "amount": (_("Amount"), Decimal),
    "sessions": (_("Sessions"), int),
}
#: The fields of a profile, as the profile's page names them.
_FIELDS = {
    "area_id": _("Area"),
    "birth_date": _("Birth date"),
    "division_id": _("Division"),
    "facebook_link": _("Facebook page"),
    "father_job": _("Father's job"),
    "father_number": _("Father's number"),
    "gender": _("Gender"),
    "gmail": _("E-mail address"),
    "governorate_id": _("Governorate"),
    "grade_id": _("Grade"),
    "mother_number": _("Mother's number"),
    "name_ar": _("Name in Arabic"),
    "name_en": _("Name in English"),
    "national_id": _("National ID"),
    "phone_number": _("Mobile number"),
    "school_name": _("School"),
    "school_type_id": _("School type"),
    "username": _("Username"),
}


class HistoryPages(StudentPages):
    """The tab with the audit trail about one student."""

    @page("/<int:student_id>/history/")
    def show_history(self, student_id: int) -> str:
        """Show the audit trail about a student."""
        student = queries.show_student(self.caller, student_id)
        return self.show_tab(
            "show_history",
            student,
            "console/people/student_history.html",
            entries=fetch_page(audit_entries_about(student), _ENTRIES_ON_A_PAGE),
            deeds=_DEEDS,
            details_of=_details,
        )


def _details(entry: Any) -> Markup:
    """Return what an entry says of the change, in words."""
    pairs = [Markup("<dt>{}</dt><dd>{}</dd>").format(label, value) for label, value in _facts(entry.details)]
    return Markup('<dl class="details">{}</dl>').format(Markup("").join(pairs)) if pairs else Markup("")


def _facts(details: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    before, after = details.get("before", {}), details.get("after", {})
    if before.get("status") != after.get("status"):
        yield _("Status"), _turned(STATUS_LABELS[before["status"]], STATUS_LABELS[after["status"]])
    if before.get("is_active") != after.get("is_active"):
        yield _("Account"), _turned(*(_activity(state["is_active"]) for state in (before, after)))
    if "fields" in details:
        yield _("Fields"), gettext(", ").join(str(_FIELDS.get(name, name)) for name in details["fields"])
    for name, (label, read) in _FACTS.items():
        if name in details:
            yield label, shown(read(details[name]))


def _activity(is_active: bool) -> str:
    return gettext("Active") if is_active else gettext("Inactive")


def _turned(before: Any, after: Any) -> str:
    return gettext("%(before)s, then %(after)s", before=before, after=after)
