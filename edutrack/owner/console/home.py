"""The console's first page: today at a glance, and the revenue of the last thirty days."""

from datetime import timedelta

from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _

from edutrack.core import clock
from edutrack.owner import queries
from edutrack.owner.console.access import page
from edutrack.owner.console.charts import bar_chart
from edutrack.owner.console.pages import ConsoleView
from edutrack.owner.figures import revenue

_CHART_DAYS = 30


class HomeView(ConsoleView):
    """What happened today."""

    title = _("Overview")
    icon = "home"

    def __init__(self) -> None:
        # Flask-Admin's index view names the console itself.
        super(ConsoleView, self).__init__(name=self.title, endpoint="console", url="/owner")

    @page("/")
    def index(self) -> str:
        """Show today's figures and the chart."""
        today = clock.today()
        days = revenue.by_day(today - timedelta(days=_CHART_DAYS - 1), today)
        chart = bar_chart(
            [format_date(entry.day, "d/M", rebase=False) for entry in days],
            [float(entry.revenue) for entry in days],
            every=5,
            title=gettext("Revenue of the last 30 days"),
        )
        return self.show(
            "console/home.html", figures=queries.figures_of_day(today), days=days, chart=chart, today=today
        )
