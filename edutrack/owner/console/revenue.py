"""Revenue of all courses, of one course, and of one lecture (rules.md, "Revenue")."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Response, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.pagination import count_of
from edutrack.courses.models import Course
from edutrack.courses.queries.scope import find_course, find_lecture
from edutrack.owner.console.access import page
from edutrack.owner.console.exports import export, parts_of
from edutrack.owner.console.lists import Column, fetch_page, page_of
from edutrack.owner.console.pages import ConsoleView
from edutrack.owner.console.takings import TakingsChart, takings_chart
from edutrack.owner.figures import buyers, revenue
from edutrack.owner.figures.revenue import DayRevenue

#: The part of the menu in which money stands.
MONEY = _("Money")
#: Rows of a table that is one of several on its page, or that is read whole anyway.
_ROWS = 50
_BEST_BUYERS = 10
_CHART_DAYS = timedelta(days=364)

COURSE_COLUMNS = (
    Column("name", _("Course"), sort="name"),
    Column("is_active", _("Open to students"), sort="is_active"),
    Column("enrolled_count", _("Enrolled"), sort="enrolled_count"),
    Column("purchase_count", _("Purchases"), sort="purchase_count"),
    Column("revenue", _("Revenue"), sort="revenue"),
)
LECTURE_COLUMNS = (
    Column("lecture_name", _("Lecture")),
    Column("topic_name", _("Topic")),
    Column("final_price", _("Price"), sort="final_price"),
    Column("purchase_count", _("Purchases"), sort="purchase_count"),
    Column("revenue", _("Revenue"), sort="revenue"),
)
BUYER_COLUMNS = (
    Column("name", _("Student")),
    Column("student_code", _("Student code")),
    Column("purchases", _("Purchases")),
    Column("spent", _("Spent")),
    Column("last_purchase_at", _("Last purchase")),
)
PURCHASE_COLUMNS = (
    Column("student_name", _("Student")),
    Column("student_code", _("Student code")),
    Column("amount_paid", _("Paid")),
    Column("purchased_at", _("Bought")),
)


class RevenueView(ConsoleView):
    """What courses and their lectures bring in."""

    title = _("Revenue")
    section = MONEY
    icon = "money"
    slug = "revenue"

    @page("/")
    def index(self) -> str:
        """Show what everything has brought in, and the courses, best first."""
        today = clock.today()
        overview = revenue.overview()
        return self.show(
            "console/revenue/overview.html",
            summary=overview["summary"],
            columns=COURSE_COLUMNS,
            list=page_of(overview["courses"], COURSE_COLUMNS, _ROWS, default_sort="-revenue"),
            chart=_year_chart(revenue.by_day(today - _CHART_DAYS, today)),
        )

    @page("/courses.<file_type>")
    def export_courses(self, file_type: str) -> Response:
        """Download the revenue of every course; each download is audited."""
        return export(self.caller, file_type, "courses", COURSE_COLUMNS, [revenue.overview()["courses"]])

    @page("/courses/<int:course_id>/")
    def course(self, course_id: int) -> str:
        """Show a course by topic and lecture, and who spent most in it."""
        found, today = find_course(self.caller, course_id), clock.today()
        figures = revenue.of_course_lectures(found)
        return self.show(
            "console/revenue/course.html",
            title=found.name,
            course=found,
            figures=figures,
            columns=LECTURE_COLUMNS,
            list=page_of(figures["lectures"], LECTURE_COLUMNS, _ROWS),
            chart=_year_chart(revenue.by_day(today - _CHART_DAYS, today, found.id)),
            buyer_columns=BUYER_COLUMNS,
            **_best_buyers(found),
        )

    @page("/courses/<int:course_id>/lectures.<file_type>")
    def export_lectures(self, course_id: int, file_type: str) -> Response:
        """Download the revenue of a course's lectures; each download is audited."""
        found = find_course(self.caller, course_id)
        lectures = revenue.of_course_lectures(found)["lectures"]
        return export(self.caller, file_type, "lectures", LECTURE_COLUMNS, [lectures], about=found)

    @page("/lectures/<int:lecture_id>/")
    def lecture(self, lecture_id: int) -> str:
        """Show a lecture's purchases, latest first."""
        found, today = find_lecture(self.caller, lecture_id), clock.today()
        cut = fetch_page(revenue.purchase_ids_of_lecture(found), _ROWS)
        return self.show(
            "console/revenue/lecture.html",
            title=found.name,
            trail=[(found.topic.course.name, url_for(".course", course_id=found.course_id))],
            lecture=found,
            sales=revenue.sales_of_lecture(found),
            columns=PURCHASE_COLUMNS,
            list=replace(cut, rows=revenue.purchases_numbered(found, cut.rows)),
            chart=_year_chart(revenue.by_day_of_lecture(found, today - _CHART_DAYS, today)),
        )

    @page("/lectures/<int:lecture_id>/purchases.<file_type>")
    def export_purchases(self, lecture_id: int, file_type: str) -> Response:
        """Download a lecture's purchases; each download is audited."""
        found = find_lecture(self.caller, lecture_id)
        rows = parts_of(revenue.purchases_of_lecture(found))
        return export(self.caller, file_type, "purchases", PURCHASE_COLUMNS, rows, about=found)


def _year_chart(days: list[DayRevenue]) -> TakingsChart:
    return takings_chart(days, gettext("Revenue of the last twelve months"))


def _best_buyers(course: Course) -> dict[str, Any]:
    ids = buyers.buyer_ids(course.id)
    best = db.session.scalars(ids.order_by(buyers.SPENT.desc(), buyers.STUDENT).limit(_BEST_BUYERS)).all()
    return {"buyer_count": count_of(ids), "best_buyers": buyers.buyers(best, course.id)}
