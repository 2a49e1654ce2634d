"""Revenue of a range of days: how it ran, and which courses brought it in (rules.md, "Revenue")."""

from datetime import date, timedelta
from typing import Any

import marshmallow as ma
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import StringField
from wtforms.widgets import DateInput

from edutrack.core import clock
from edutrack.core.errors import DomainError, Invalid
from edutrack.core.schemas import plain_messages
from edutrack.owner.console.access import page
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.exports import export
from edutrack.owner.console.forms import ConsoleForm
from edutrack.owner.console.lists import Column, page_of
from edutrack.owner.console.pages import ConsoleView
from edutrack.owner.console.revenue import MONEY
from edutrack.owner.console.takings import takings_chart
from edutrack.owner.figures import revenue
from edutrack.owner.schemas import TrendRangeSchema

_ROWS = 50
_range = TrendRangeSchema()
DAY_COLUMNS = (
    Column("day", _("Day")),
    Column("purchases", _("Purchases")),
    Column("revenue", _("Revenue")),
)
COURSE_COLUMNS = (
    Column("name", _("Course"), sort="name"),
    Column("teacher_name", _("Teacher"), sort="teacher_name"),
    Column("purchases", _("Purchases"), sort="purchases"),
    Column("revenue", _("Revenue"), sort="revenue"),
)


class RangeForm(ConsoleForm):
    """From which business day to which; it is read from the address."""

    start_date = StringField(_("From"), widget=DateInput())
    end_date = StringField(_("To"), widget=DateInput())


class TrendView(ConsoleView):
    """What a range of days brought in."""

    title = _("Revenue by day")
    section = MONEY
    icon = "chart"
    slug = "trend"

    @page("/")
    def index(self) -> ResponseReturnValue:
        """Show the days or months of a range, and the courses that were bought from in it."""
        form = RangeForm(formdata=request.args)
        when_refused(lambda error, status: (self._refused(form, error), status))
        trend = _asked_trend()
        days, start, end = trend["daily_trends"], trend["start_date"], trend["end_date"]
        form.start_date.data, form.end_date.data = start.isoformat(), end.isoformat()
        return self._page(
            form,
            trend=trend,
            best_day=max(days, key=lambda one: one.revenue),
            chart=takings_chart(days, gettext("Revenue of these days")),
            columns=COURSE_COLUMNS,
            list=page_of(revenue.courses_between(start, end), COURSE_COLUMNS, _ROWS, default_sort="-revenue"),
        )

    @page("/days.<file_type>")
    def export_days(self, file_type: str) -> ResponseReturnValue:
        """Download every day of a range; each download is audited."""
        return self._export(file_type, "days", DAY_COLUMNS, lambda trend: trend["daily_trends"])

    @page("/courses.<file_type>")
    def export_courses(self, file_type: str) -> ResponseReturnValue:
        """Download the courses that were bought from in a range; each download is audited."""
        return self._export(
            file_type,
            "courses-of-days",
            COURSE_COLUMNS,
            lambda trend: revenue.courses_between(trend["start_date"], trend["end_date"]),
        )

    def _export(self, file_type: str, what: str, columns: Any, rows: Any) -> Response:
        trend = _asked_trend()
        asked = {name: trend[name] for name in ("start_date", "end_date")}
        return export(self.caller, file_type, what, columns, [rows(trend)], **asked)

    def _page(self, form: ConsoleForm, **context: Any) -> str:
        return self.show("console/revenue/trend.html", form=form, ranges=_offered(clock.today()), **context)

    def _refused(self, form: ConsoleForm, error: DomainError) -> str:
        form.refuse(error)
        return self._page(form, trend=None)


def _asked_trend() -> dict[str, Any]:
    """Return the trend of the range in the address; raises Invalid by field where it is none."""
    given = {name: text for name in ("start_date", "end_date") if (text := request.args.get(name, "").strip())}
    try:
        values = _range.load(given)
    except ma.ValidationError as error:
        raise Invalid(plain_messages(error.messages)) from None
    return revenue.trend(values["start_date"], values["end_date"])


def _offered(today: date) -> list[tuple[Any, str]]:
    """Return ranges that one does not have to type: label and address."""
    month = today.replace(day=1)
    month_before = (month - timedelta(days=1)).replace(day=1)
    ranges = [
        (_("Today"), today, today),
        (_("7 days"), today - timedelta(days=6), today),
        (_("This month"), month, today),
        (_("Last month"), month_before, month - timedelta(days=1)),
        (_("12 months"), today - timedelta(days=364), today),
    ]
    return [
        (label, url_for("console_trend.index", start_date=start.isoformat(), end_date=end.isoformat()))
        for label, start, end in ranges
    ]
