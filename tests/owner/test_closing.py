"""Closing hours changes no figure: neither twice, nor at once with purchases, nor for those that come late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic, sleep

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import OperationalError

from edutrack.cli import roll_up_command
from edutrack.core.extensions import db
from edutrack.courses.models import Purchase
from edutrack.owner.figures import closing
from edutrack.owner.figures.closing import close_hours
from edutrack.owner.figures.revenue import by_day, overview, students
from edutrack.owner.models import CourseRevenue, LectureRevenue, RevenueClosing, StudentRevenue, StudentTotal
from edutrack.wallet.invariants import violations
from tests.factories import create_lecture, create_purchase, create_student
from tests.racing import race

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
#: Cairo is three hours ahead in June.
TODAY = datetime(2026, 6, 9, 21, tzinfo=UTC)
#: The hour before noon stays open for another minute.
CLOSED_BEFORE = NOW - timedelta(hours=1)


def buy(moment, paid="10.00", lecture=None, student=None):
    return create_purchase(
        student or create_student(), lecture or create_lecture(), amount_paid=Decimal(paid), purchased_at=moment
    )


def close_all():
    while close_hours():
        db.session.commit()
    db.session.commit()


def closed_before():
    return db.session.scalar(select(RevenueClosing.closed_before))


def figures():
    """Everything that is read from roll-ups, beside what the purchases themselves say."""
    day = NOW.date()
    read = overview()["summary"]["total_revenue"], sum(one.revenue for one in by_day(day - timedelta(days=400), day))
    spent = sum(row.total_spent for row in db.session.execute(students()))
    return {*read, spent, db.session.scalar(select(func.coalesce(func.sum(Purchase.amount_paid), 0)))}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.usefixtures("app")
class TestClosing:
    def test_closes_every_hour_that_has_been_over_for_a_minute(self):
        for hours in (0, 0.9, 1.1, 24, 960, 2400):
            buy(NOW - timedelta(hours=hours))

        close_all()

        assert closed_before() == CLOSED_BEFORE
        assert db.session.scalar(select(func.sum(CourseRevenue.purchases))) == 4
        assert figures() == {Decimal("60.00")}

    def test_goes_a_month_at_a_time(self):
        buy(NOW - timedelta(days=40))
        buy(NOW - timedelta(days=2))

        assert close_hours() is True
        assert db.session.scalar(select(func.sum(CourseRevenue.purchases))) == 1
        assert figures() == {Decimal("20.00")}
        assert close_hours() is False
        assert db.session.scalar(select(func.sum(CourseRevenue.purchases))) == 2

    def test_does_nothing_where_everything_is_closed(self):
        buy(NOW - timedelta(days=2))
        close_all()

        assert close_hours() is False
        assert figures() == {Decimal("10.00")}

    def test_adds_the_hours_of_a_day_together(self):
        lecture = create_lecture()
        for hours in (5, 2):
            buy(NOW - timedelta(hours=hours), lecture=lecture)
            with time_machine.travel(NOW - timedelta(hours=hours - 2), tick=False):
                close_all()

        bought = db.session.execute(select(CourseRevenue)).scalar_one()
        assert (bought.day, bought.purchases, bought.revenue) == (NOW.date(), 2, Decimal("20.00"))
        assert figures() == {Decimal("20.00")}

    def test_adds_what_the_next_day_brings(self):
        lecture, student = create_lecture(), create_student()
        buy(NOW - timedelta(days=1), lecture=lecture, student=student)
        close_all()
        buy(NOW, lecture=lecture)
        buy(NOW, lecture=create_lecture(lecture.topic.course), student=student)

        with time_machine.travel(NOW + timedelta(days=1), tick=False):
            close_all()

        assert db.session.scalar(select(LectureRevenue.purchases).where(LectureRevenue.lecture_id == lecture.id)) == 2
        bought = db.session.execute(select(StudentRevenue).where(StudentRevenue.student_id == student.id)).scalar_one()
        assert (bought.purchases, bought.revenue, bought.last_purchase_at) == (2, Decimal("20.00"), NOW)
        assert db.session.execute(select(func.count(), func.sum(StudentTotal.purchases))).one() == (2, 3)
        assert figures() == {Decimal("30.00")}

    def test_what_an_older_version_left_out_is_found_and_rolled_up_anew(self):
        buy(NOW - timedelta(days=2))
        close_all()
        db.session.execute(delete(StudentTotal))

        assert "totals_of_students_are_what_was_bought" in violations()
        db.session.execute(text("UPDATE revenue_closing SET time_zone = 'Etc/GMT+12'"))
        close_all()

        assert "totals_of_students_are_what_was_bought" not in violations()
        assert db.session.execute(select(StudentTotal.purchases, StudentTotal.revenue)).one() == (1, Decimal("10.00"))

    def test_a_purchase_that_comes_late_opens_the_days_again(self):
        buy(NOW - timedelta(days=2))
        close_all()

        buy(NOW - timedelta(days=1), "5.00")

        assert figures() == {Decimal("15.00")}
        close_all()
        assert figures() == {Decimal("15.00")}
        assert closed_before() == CLOSED_BEFORE

    def test_without_the_trigger_a_late_purchase_is_lost(self):
        buy(NOW - timedelta(days=2))
        close_all()
        db.session.execute(text("ALTER TABLE purchases DISABLE TRIGGER tr_purchases_open_revenue"))

        buy(NOW - timedelta(days=1), "5.00")

        assert figures() == {Decimal("10.00"), Decimal("15.00")}

    def test_another_time_zone_has_other_days(self, app):
        buy(TODAY - timedelta(hours=16))
        close_all()
        app.config["BUSINESS_TIME_ZONE"] = "Asia/Tokyo"
        try:
            close_all()
            days = db.session.scalars(select(CourseRevenue.day)).all()
            assert figures() == {Decimal("10.00")}
        finally:
            app.config["BUSINESS_TIME_ZONE"] = "Africa/Cairo"

        assert [f"{day}" for day in days] == ["2026-06-09"]


class TestClosingWhileSomebodyBuys:
    """A purchase from before midnight that is committed after it, while the day is being closed."""

    @pytest.fixture
    def in_flight(self, committing_app):
        lecture, student = create_lecture(), create_student()
        buy(NOW - timedelta(days=3))
        connection = db.engine.connect()
        connection.execute(
            insert(Purchase).values(
                student_id=student.id,
                lecture_id=lecture.id,
                course_id=lecture.course_id,
                amount_paid=Decimal("5.00"),
                purchased_at=TODAY - timedelta(seconds=1),
                expires_at=NOW,
                effective_expiry=NOW,
                extra_days=0,
            )
        )
        db.session.rollback()
        yield connection
        connection.close()

    def close_beside(self, app, in_flight):
        """Close days in another thread, committing the purchase once that waits or is through."""

        def close():
            with app.app_context():
                close_all()

        with ThreadPoolExecutor(1) as threads:
            closing = threads.submit(close)
            until = monotonic() + 10
            while not closing.done() and not self.somebody_waits() and monotonic() < until:
                sleep(0.01)
            in_flight.commit()
            closing.result(timeout=10)
        db.session.rollback()

    def somebody_waits(self):
        waiting = db.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        db.session.rollback()
        return waiting

    def test_the_closing_waits_for_it(self, committing_app, in_flight):
        self.close_beside(committing_app, in_flight)

        assert closed_before() == CLOSED_BEFORE
        assert figures() == {Decimal("15.00")}

    def test_without_the_lock_it_is_lost(self, committing_app, in_flight, monkeypatch):
        monkeypatch.setattr(closing, "_stop_buying", lambda: None)

        self.close_beside(committing_app, in_flight)

        assert figures() == {Decimal("10.00"), Decimal("15.00")}

    def test_a_purchase_that_takes_long_puts_the_closing_off(self, committing_app, in_flight):
        with pytest.raises(OperationalError):
            close_hours()
        db.session.rollback()

        in_flight.commit()
        assert closed_before() < CLOSED_BEFORE
        assert figures() == {Decimal("15.00")}

    def test_two_at_once_count_nothing_twice(self, committing_app, in_flight):
        in_flight.commit()

        def close():
            with committing_app.app_context():
                close_all()

        race([close, close])

        assert figures() == {Decimal("15.00")}
        assert db.session.scalar(select(func.sum(LectureRevenue.purchases))) == 2


@pytest.mark.usefixtures("committing_app")
def test_the_command_closes_everything_in_transactions_of_its_own():
    buy(NOW - timedelta(days=40))
    buy(NOW - timedelta(days=1))

    assert CliRunner().invoke(roll_up_command).exit_code == 0
    db.session.rollback()

    assert closed_before() == CLOSED_BEFORE
    assert figures() == {Decimal("20.00")}
