"""What has been done about a student, and by whom."""

from flask_babel import lazy_gettext as _

from edutrack.owner.console.access import page
from edutrack.owner.console.audit_log import details_of
from edutrack.owner.console.lists import fetch_page
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
            details_of=details_of,
        )
