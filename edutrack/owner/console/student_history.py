"""What has been done about a student, and by whom."""

from edutrack.owner.console.access import page
from edutrack.owner.console.audit_lines import lines_of
from edutrack.owner.console.lists import fetch_page
from edutrack.owner.console.student_frame import StudentPages
from edutrack.owner.queries import audit_entries_about
from edutrack.students import queries

_ENTRIES_ON_A_PAGE = 25


class HistoryPages(StudentPages):
    """The tab with the audit trail about one student."""

    @page("/<int:student_id>/history/")
    def show_history(self, student_id: int) -> str:
        """Show the audit trail about a student."""
        student = queries.show_student(self.caller, student_id)
        entries = fetch_page(audit_entries_about(student), _ENTRIES_ON_A_PAGE)
        return self.show_tab(
            "show_history",
            student,
            "console/people/student_history.html",
            entries=entries,
            lines=lines_of(entries.rows),
        )
