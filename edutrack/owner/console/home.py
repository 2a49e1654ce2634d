"""The console's first page: the business at a glance, and what waits for the site owner."""

from datetime import timedelta

from flask import request
from flask_babel import lazy_gettext as _

from edutrack.core import clock
from edutrack.owner.console.access import page
from edutrack.owner.console.pages import ConsoleView
from edutrack.owner.console.people import STATUS_LABELS
from edutrack.owner.console.takings import takings_chart
from edutrack.owner.figures import glance, revenue

#: How many days the chart can show: what the link to them says, and the chart's heading.
RANGES = {
    7: (_("7 days"), _("Revenue of the last 7 days")),
    30: (_("30 days"), _("Revenue of the last 30 days")),
    90: (_("90 days"), _("Revenue of the last 90 days")),
    365: (_("365 days"), _("Revenue of the last 365 days")),
}
_DEFAULT_RANGE = 30
#: How many days the best lectures and courses are the best of, which the page says in words, and how many there are.
_BEST_DAYS = 30
_BEST = 5


class HomeView(ConsoleView):
    """What is bought, what waits, and what the business owes."""

    title = _("Overview")
    icon = "home"

    def __init__(self) -> None:
        # Flask-Admin's index view names the console itself.
        super(ConsoleView, self).__init__(name=self.title, endpoint="console", url="/owner")

    @page("/")
    def index(self) -> str:
        """Show the figures of today and of the month, the chart, and what leads to work."""
        today, days = clock.today(), _asked_days()
        first = today - timedelta(days=_BEST_DAYS - 1)
        figures = glance.takings(today, days)
        return self.show(
            "console/home.html",
            today=today,
            figures=figures,
            chart=takings_chart(figures.days, str(RANGES[days][1])),
            ranges=RANGES,
            chosen=days,
            waiting=glance.waiting_and_owed(today),
            students=glance.student_counts(),
            status_labels=STATUS_LABELS,
            courses=revenue.courses_between(first, today, _BEST),
            lectures=glance.best_lectures(first, _BEST),
        )


def _asked_days() -> int:
    asked = request.args.get("days", "")
    return next((days for days in RANGES if str(days) == asked), _DEFAULT_RANGE)
