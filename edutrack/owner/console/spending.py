"""What students have spent: everybody who has bought something, and one student's purchases."""

from dataclasses import replace
from typing import Any

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from edutrack.core.fields import Id
from edutrack.owner.catalogue import course_choices
from edutrack.owner.console.access import page
from edutrack.owner.console.exports import export, parts_of
from edutrack.owner.console.lists import Column, ListFilter, ListPage, ServiceModelView, fetch_page
from edutrack.owner.console.revenue import BUYER_COLUMNS, MONEY
from edutrack.owner.figures import buyers
from edutrack.students.queries import find_student

_ROWS = 50
_SORTED_BY = {"purchases": buyers.PURCHASES, "spent": buyers.SPENT, "last_purchase_at": buyers.LAST_PURCHASE}
PURCHASE_COLUMNS = (
    Column("lecture_name", _("Lecture")),
    Column("course_name", _("Course")),
    Column("amount_paid", _("Paid")),
    Column("purchased_at", _("Bought")),
)


class SpendingView(ServiceModelView):
    """Everybody who has bought something, who spent most first."""

    title = _("Spending of students")
    section = MONEY
    icon = "people"
    slug = "spending"
    empty = _("Nobody has bought anything yet.")
    search_hint = _("Name or student code")
    list_template = "console/revenue/spending.html"
    columns = tuple(replace(column, sort=_SORTED_BY.get(column.name)) for column in BUYER_COLUMNS)
    filters = (ListFilter("course", _("Course"), Id(), choices=course_choices),)
    default_sort = "-spent"
    tie_breaker = buyers.STUDENT

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the ids of the students; `read_page` reads the rest of those on the page."""
        return buyers.buyer_ids(filters.get("course"), search)

    def read_page(self) -> ListPage:
        """Return the page of students that the URL asks for, with their names and what they spent."""
        found = super().read_page()
        return replace(found, rows=buyers.buyers(found.rows, found.filters.get("course")))

    def link(self, row: Any) -> str:
        """Return the address of the student's purchases."""
        return url_for(f"{self.endpoint}.student", student_id=row.student_id)

    @page("/students.<file_type>")
    def export_students(self, file_type: str) -> Response:
        """Download what every student that passes the filters has spent; each download is audited."""
        course, search = self.filters[0].read(), request.args.get("search", "")[:200].strip()
        rows = parts_of(buyers.all_buyers(course, search))
        return export(self.caller, file_type, "students", BUYER_COLUMNS, rows, course=course, search=search)

    @page("/<int:student_id>/")
    def student(self, student_id: int) -> str:
        """Show what a student has bought, latest first."""
        found = find_student(self.caller, student_id)
        return self.show(
            "console/revenue/student.html",
            title=found.name_ar,
            student=found,
            spending=buyers.spending_of_student(found.id),
            columns=PURCHASE_COLUMNS,
            list=fetch_page(buyers.purchases_of_student(found.id), _ROWS),
        )

    @page("/<int:student_id>/purchases.<file_type>")
    def export_purchases(self, student_id: int, file_type: str) -> Response:
        """Download what a student has bought; each download is audited."""
        found = find_student(self.caller, student_id)
        rows = parts_of(buyers.purchases_of_student(found.id))
        return export(self.caller, file_type, "purchases-of-student", PURCHASE_COLUMNS, rows, about=found)
