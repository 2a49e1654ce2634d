"""What the pages about one student share: the frame with its tabs."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _

from edutrack.accounts.models import Student
from edutrack.owner.console.pages import ConsoleView, Trail
from edutrack.owner.console.people import status_badge, student_account_badge

#: The pages of a student, in the order of their tabs: name of the method that shows each, and what stands on the tab.
TABS = (
    ("show_student", _("Profile")),
    ("show_learning", _("Learning")),
    ("show_money", _("Money")),
    ("show_history", _("History")),
)


class StudentPages(ConsoleView):
    """Pages about one student, each at an address of its own."""

    def show_tab(self, tab: str, student: Student, template: str, **context: Any) -> str:
        """Return one of the student's pages; `tab` is the name of the method that shows it."""
        tabs = [(label, student_url(student.id, name), name == tab) for name, label in TABS]
        return self.show(
            template,
            title=student.name_ar,
            student=student,
            tabs=tabs,
            status_badge=status_badge,
            account_badge=student_account_badge,
            **context,
        )


def student_url(student_id: int, tab: str = "show_student") -> str:
    """Return the address of one of a student's pages, by default the first."""
    return url_for(f"console_students.{tab}", student_id=student_id)


def trail_from(student: Student, tab: str) -> Trail:
    """Return the steps to a page that is reached from one of the student's tabs."""
    return [(student.name_ar, student_url(student.id)), (dict(TABS)[tab], student_url(student.id, tab))]
