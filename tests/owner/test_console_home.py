"""The console's first page: figures of the business day, and thirty days of revenue."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from edutrack.core.extensions import db
from edutrack.owner import queries
from edutrack.owner.figures import revenue
from tests.api import counted_statements
from tests.factories import (
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
)
from tests.owner.console import Console

#: Winter: Cairo is two hours ahead of UTC.
TODAY = date(2026, 1, 15)
MIDNIGHT = datetime(2026, 1, 14, 22, tzinfo=UTC)
NEXT_MIDNIGHT = MIDNIGHT + timedelta(days=1)
MOMENTS = [MIDNIGHT - timedelta(microseconds=1), MIDNIGHT, NEXT_MIDNIGHT - timedelta(microseconds=1), NEXT_MIDNIGHT]


def bought_at(moment, paid):
    purchase = create_purchase(
        create_student(),
        create_lecture(),
        amount_paid=Decimal(paid),
        purchased_at=moment,
        expires_at=moment + timedelta(days=7),
        effective_expiry=moment + timedelta(days=7),
    )
    db.session.commit()
    return purchase


def used_at(moment):
    code = create_code()[1]
    code.used_by_id = create_student().id
    code.used_at = moment
    db.session.commit()


@pytest.mark.usefixtures("app")
def test_a_day_counts_what_happened_between_its_midnights_in_cairo():
    for moment, paid in zip(MOMENTS, ["1.00", "10.50", "100.25", "1000.00"], strict=True):
        bought_at(moment, paid)
        used_at(moment)
    before = queries.figures_of_day(TODAY)
    for moment in MOMENTS:
        student = create_student()
        student.user.created_at = moment
    db.session.commit()

    with counted_statements() as statements:
        figures = queries.figures_of_day(TODAY)

    assert (figures.revenue, figures.purchases, figures.codes_redeemed) == (Decimal("110.75"), 2, 2)
    assert figures.new_students - before.new_students == 2
    assert len(statements) == 1


@pytest.mark.usefixtures("app")
def test_what_waits_is_counted_whenever_it_was_asked_for():
    create_student(status="pending")
    create_student(status="declined")
    student = create_student()
    create_enrollment(student, create_course(), status="pending")
    create_enrollment(student, create_course(), status="approved")

    figures = queries.figures_of_day(date(2020, 1, 1))

    assert (figures.pending_students, figures.pending_enrollments) == (1, 1)
    assert (figures.revenue, figures.purchases, figures.new_students, figures.codes_redeemed) == (0, 0, 0, 0)


@pytest.mark.usefixtures("app")
def test_revenue_by_day_holds_every_day_once():
    for moment, paid in zip(MOMENTS, ["1.00", "10.50", "100.25", "1000.00"], strict=True):
        bought_at(moment, paid)

    with counted_statements() as statements:
        days = revenue.by_day(TODAY - timedelta(days=2), TODAY)

    assert [(entry.day, entry.revenue, entry.purchases) for entry in days] == [
        (date(2026, 1, 13), Decimal(0), 0),
        (date(2026, 1, 14), Decimal("1.00"), 1),
        (date(2026, 1, 15), Decimal("110.75"), 2),
    ]
    assert len(statements) == 1


@pytest.mark.usefixtures("app")
def test_a_day_of_23_hours_is_a_day():
    """Cairo's clocks went forward at the midnight that began 24 April 2026."""
    bought_at(datetime(2026, 4, 23, 21, 59, tzinfo=UTC), "1.00")
    bought_at(datetime(2026, 4, 23, 22, 0, tzinfo=UTC), "2.00")
    bought_at(datetime(2026, 4, 24, 20, 59, tzinfo=UTC), "4.00")
    bought_at(datetime(2026, 4, 24, 21, 0, tzinfo=UTC), "8.00")

    days = revenue.by_day(date(2026, 4, 23), date(2026, 4, 25))

    assert [entry.revenue for entry in days] == [Decimal("1.00"), Decimal("6.00"), Decimal("8.00")]
    assert queries.figures_of_day(date(2026, 4, 24)).revenue == Decimal("6.00")


@pytest.mark.usefixtures("app")
def test_the_page_shows_the_day_in_figures_and_a_chart_without_script(app):
    with time_machine.travel(MIDNIGHT + timedelta(hours=12), tick=False):
        bought_at(MIDNIGHT + timedelta(hours=1), "1250.50")
        console = Console(app)
        console.sign_in(create_site_owner())

        with counted_statements() as statements:
            page = console.get("/owner/").text

    figures = dict(re.findall(r'figure-label">([^<]+)</span><strong><bdi class="number" dir="ltr">([^<]+)</bdi>', page))
    chart = re.search(r'<figure dir="ltr">(.*?)</figure>', page, re.DOTALL)[1]
    assert figures["إيرادات اليوم"] == "1,250.50"
    assert figures["مشتريات اليوم"] == "1"
    assert set(figures) == {
        "إيرادات اليوم",
        "مشتريات اليوم",
        "أكواد شُحنت اليوم",
        "طلاب جدد اليوم",
        "طلاب بانتظار التوثيق",
        "طلبات الالتحاق",
    }
    assert "<svg" in chart
    assert not re.search(r"<script|<style| style=|xlink:href=\"http", chart)
    assert page.count("<tr>") == 31
    assert len(statements) == 2


def test_where_nothing_was_bought_the_page_says_so(app):
    console = Console(app)
    console.sign_in(create_site_owner())

    page = console.get("/owner/").text

    assert "لا توجد مشتريات في هذه الأيام." in page
    assert '<figure dir="ltr">' not in page
