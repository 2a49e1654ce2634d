"""What was bought, as bars of days or months: the chart of the first page and of the pages about revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask_babel import format_date
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from edutrack.owner.console.charts import bar_chart
from edutrack.owner.console.language import day as shown_day
from edutrack.owner.figures.revenue import DayRevenue

#: More days than these are shown by calendar month.
_MOST_BARS_OF_DAYS = 92
#: Labels that a phone has room for.
_LABELS = 7


@dataclass(frozen=True)
class Bar:
    """What was bought on one day, or in that part of a month which is asked about."""

    label: Markup
    revenue: Decimal
    purchases: int


@dataclass(frozen=True)
class TakingsChart:
    """Bars, and the same as rows of a table."""

    title: str
    drawing: Markup
    #: What a bar stands for.
    unit: Any
    bars: Sequence[Bar]
    revenue: Decimal
    purchases: int


def takings_chart(days: Sequence[DayRevenue], title: str) -> TakingsChart:
    """Return the chart of consecutive days, by day or, where they are many, by month."""
    by_month = len(days) > _MOST_BARS_OF_DAYS
    spans = _months(days) if by_month else list(days)
    drawing = bar_chart(
        [format_date(one.day, "M/yy" if by_month else "d/M", rebase=False) for one in spans],
        [float(one.revenue) for one in spans],
        every=-(-len(spans) // _LABELS),
        title=title,
    )
    return TakingsChart(
        title=title,
        drawing=drawing,
        unit=_("Month") if by_month else _("Day"),
        bars=[Bar(_month(one) if by_month else shown_day(one.day), one.revenue, one.purchases) for one in spans],
        revenue=sum((one.revenue for one in days), Decimal(0)),
        purchases=sum(one.purchases for one in days),
    )


def _months(days: Sequence[DayRevenue]) -> list[DayRevenue]:
    """Return the days summed by calendar month, each under the first of its days."""
    months = (list(month) for _start, month in groupby(days, key=lambda one: one.day.replace(day=1)))
    return [
        DayRevenue(month[0].day, sum((one.revenue for one in month), Decimal(0)), sum(one.purchases for one in month))
        for month in months
    ]


def _month(one: DayRevenue) -> Markup:
    return Markup('<bdi><time datetime="{}">{}</time></bdi>').format(
        f"{one.day:%Y-%m}", format_date(one.day, "MMMM y", rebase=False)
    )
