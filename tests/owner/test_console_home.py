"""The console's first page: what is bought beside what was bought before, what waits, and what the business owes."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from edutrack.core.extensions import db
from edutrack.owner.figures import glance, revenue
from edutrack.owner.figures.closing import close_hours
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    give_balance,
)
from tests.owner.console import Console

#: Winter: Cairo is two hours ahead of UTC.
TODAY = date(2026, 1, 15)
MIDNIGHT = datetime(2026, 1, 14, 22, tzinfo=UTC)
NEXT_MIDNIGHT = MIDNIGHT + timedelta(days=1)
MOMENTS = [MIDNIGHT - timedelta(microseconds=1), MIDNIGHT, NEXT_MIDNIGHT - timedelta(microseconds=1), NEXT_MIDNIGHT]


def bought_at(moment, paid, lecture=None):
    purchase = create_purchase(
        create_student(), lecture or create_lecture(), amount_paid=Decimal(paid), purchased_at=moment
    )
    db.session.commit()
    return purchase


def noon(day):
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


@pytest.mark.usefixtures("app")
def test_a_day_counts_what_was_bought_between_its_midnights_in_cairo():
    for moment, paid in zip(MOMENTS, ["1.00", "10.50", "100.25", "1000.00"], strict=True):
        bought_at(moment, paid)

    with counted_statements() as statements:
        figures = glance.takings(TODAY, 7)

    assert figures.today == glance.Takings(Decimal("110.75"), 2)
    assert figures.yesterday == glance.Takings(Decimal("1.00"), 1)
    assert [one.day for one in figures.days] == [TODAY - timedelta(days=number) for number in range(6, -1, -1)]
    assert len(statements) == 1


@pytest.mark.usefixtures("app")
def test_a_day_of_23_hours_is_a_day():
    """Cairo's clocks went forward at the midnight that began 24 April 2026."""
    bought_at(datetime(2026, 4, 23, 21, 59, tzinfo=UTC), "1.00")
    bought_at(datetime(2026, 4, 23, 22, 0, tzinfo=UTC), "2.00")
    bought_at(datetime(2026, 4, 24, 20, 59, tzinfo=UTC), "4.00")
    bought_at(datetime(2026, 4, 24, 21, 0, tzinfo=UTC), "8.00")

    figures = glance.takings(date(2026, 4, 24), 30)

    assert (figures.today.revenue, figures.yesterday.revenue) == (Decimal("6.00"), Decimal("1.00"))


@pytest.mark.parametrize(
    ("today", "counted", "not_counted"),
    [
        (date(2026, 1, 15), [date(2025, 12, 1), date(2025, 12, 15)], [date(2025, 11, 30), date(2025, 12, 16)]),
        (date(2026, 3, 31), [date(2026, 2, 1), date(2026, 2, 28)], [date(2026, 1, 31)]),
        (date(2026, 5, 1), [date(2026, 4, 1)], [date(2026, 3, 31), date(2026, 4, 2)]),
    ],
)
@pytest.mark.usefixtures("app")
def test_the_month_stands_beside_as_many_days_of_the_month_before(today, counted, not_counted):
    for day in counted:
        bought_at(noon(day), "5.00")
    for day in not_counted:
        bought_at(noon(day), "1000.00")
    bought_at(noon(today.replace(day=1)), "7.00")

    figures = glance.takings(today, 7)

    assert figures.month_before == glance.Takings(Decimal(5 * len(counted)), len(counted))
    assert figures.month == glance.Takings(Decimal("7.00"), 1)


def used_code(**values):
    code = create_code(**values)[1]
    code.used_by_id, code.used_at = create_student().id, MIDNIGHT
    db.session.flush()


def voided_code():
    code = create_code()[1]
    code.voided_at, code.void_reason = MIDNIGHT, "lost"
    db.session.flush()


@pytest.mark.usefixtures("app")
def test_what_waits_and_what_is_owed():
    student, course = create_student(), create_course()
    create_student(status="pending")
    create_student(status="declined")
    create_enrollment(student, create_course(), status="pending")
    create_enrollment(student, create_course(), status="approved")
    with time_machine.travel(noon(TODAY), tick=False):
        create_code(value=Decimal("50.00"))
        create_code(value=Decimal("25.50"), expires_at=noon(TODAY) + timedelta(seconds=1))
        create_code(value=Decimal("1000.00"), expires_at=noon(TODAY))
        used_code(value=Decimal("2000.00"))
        voided_code()
        give_balance(student, course, "30.25")
        give_balance(create_student(), course, "9.75")
        db.session.commit()

        with counted_statements() as statements:
            row = glance.waiting_and_owed(TODAY)

    assert (row.pending_students, row.pending_enrollments) == (1, 1)
    assert (row.unspent_codes, row.unspent_value, row.balances) == (2, Decimal("75.50"), Decimal("40.00"))
    assert len(statements) == 1


@pytest.mark.usefixtures("app")
def test_nothing_waits_and_nothing_is_owed_in_an_empty_school():
    row = glance.waiting_and_owed(TODAY)

    assert tuple(row) == (0, 0, 0, 0, 0, 0)


@pytest.mark.usefixtures("app")
def test_new_students_are_those_of_the_business_day():
    for moment in MOMENTS:
        create_student().user.created_at = moment
    db.session.commit()

    assert glance.waiting_and_owed(TODAY).new_students == 2


@pytest.mark.usefixtures("app")
def test_students_are_counted_by_status_and_grade():
    grade = any_grade()
    create_student(grade=grade, status="verified")
    create_student(grade=grade, status="pending")
    gone = create_student(grade=grade, status="pending")
    db.session.flush()
    gone.status = "declined"
    db.session.commit()

    counts = glance.student_counts()

    assert counts.by_status == {
        "pending": 1,
        "verified": 1,
        "declined": 1,
        "suspended_temporary": 0,
        "suspended_permanent": 0,
    }
    assert counts.by_grade == [glance.GradeCount(grade.id, grade.name, 3)]


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.usefixtures("app")
def test_the_best_are_those_that_brought_in_most_in_their_days(is_closed):
    first, second, old = create_lecture(), create_lecture(), create_lecture()
    bought_at(MIDNIGHT, "10.00", first)
    bought_at(MIDNIGHT, "15.00", second)
    bought_at(MIDNIGHT + timedelta(hours=1), "10.00", first)
    bought_at(MIDNIGHT - timedelta(microseconds=1), "1000.00", old)
    if is_closed:
        while close_hours():
            db.session.commit()

    with counted_statements() as statements:
        lectures = glance.best_lectures(TODAY, 5)
        courses = revenue.courses_between(TODAY, TODAY, 5)

    assert [(row.id, row.purchases, row.revenue) for row in lectures] == [(first.id, 2, 20), (second.id, 1, 15)]
    assert [(row.id, row.revenue) for row in courses] == [(first.course_id, 20), (second.course_id, 15)]
    assert [row.id for row in glance.best_lectures(TODAY, 1)] == [first.id]
    assert len(statements) == 2


@pytest.fixture
def console(app):
    console = Console(app)
    console.sign_in(create_site_owner())
    return console


def figures_of(page):
    """Return each figure's number by its label, in English."""
    return dict(re.findall(r'figure-label">([^<]+)</span><strong><bdi class="number" dir="ltr">([^<]+)</bdi>', page))


def test_the_page_shows_figures_that_lead_to_work_and_a_chart_without_script(console):
    with time_machine.travel(MIDNIGHT + timedelta(hours=12), tick=False):
        lecture = bought_at(MIDNIGHT + timedelta(hours=1), "1250.50").lecture
        create_student(status="pending")
        db.session.commit()
        console.sign_in(create_site_owner())

        with counted_statements() as statements:
            page = console.get("/owner/").text

    figures = figures_of(page)
    chart = re.search(r'<figure dir="ltr">(.*?)</figure>', page, re.DOTALL)[1]
    assert (figures["إيرادات اليوم"], figures["مشتريات هذا الشهر"]) == ("1,250.50", "1")
    assert figures["طلاب بانتظار التوثيق"] == "1"
    for address in (
        "/owner/trend/?start_date=2026-01-15&amp;end_date=2026-01-15",
        "/owner/trend/?start_date=2026-01-01&amp;end_date=2026-01-15",
        "/owner/verification/",
        "/owner/enrollments/",
        "/owner/codes/",
        "/owner/students/?status=pending",
        f"/owner/revenue/lectures/{lecture.id}/",
        f"/owner/revenue/courses/{lecture.course_id}/",
    ):
        assert f'href="{address}"' in page
    assert "<svg" in chart
    assert not re.search(r"<script|<style| style=|xlink:href=\"http", chart)
    assert page.count("<tr>") == 31
    assert len(statements) == 5


@pytest.mark.parametrize(
    ("query", "chosen", "rows"),
    [
        ("", "30 يومًا", 30),
        ("?days=7", "7 أيام", 7),
        ("?days=90", "90 يومًا", 90),
        ("?days=365", "365 يومًا", 13),
        ("?days=8", "30 يومًا", 30),
        ("?days=%D9%A7&days=x", "30 يومًا", 30),
        (f"?days={'9' * 5000}", "30 يومًا", 30),
    ],
)
def test_the_chart_shows_as_many_days_as_are_asked_for_and_many_as_months(console, query, chosen, rows):
    with time_machine.travel(MIDNIGHT + timedelta(hours=12), tick=False):
        bought_at(MIDNIGHT, "1.00")
        console.sign_in(create_site_owner())
        page = console.get(f"/owner/{query}").text

    assert re.findall(r'class="here" aria-current="true">([^<]+)', page) == [chosen]
    assert page.count("<tr>") == rows + 1


def test_where_nothing_was_bought_the_page_says_so(console):
    page = console.get("/owner/").text

    assert "لا توجد مشتريات في هذه الأيام." in page
    assert '<figure dir="ltr">' not in page
