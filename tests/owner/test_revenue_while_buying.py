"""Revenue while purchases arrive: each answer agrees with itself, and all of them with the ledger in the end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from edutrack.core.extensions import db
from edutrack.courses.models import Purchase
from edutrack.owner import invariants as of_counts
from edutrack.owner.figures.closing import roll_up
from edutrack.owner.models import CourseRevenue
from edutrack.wallet import invariants as of_money
from edutrack.wallet.models import BalanceTransaction
from tests.api import Api
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_site_owner,
    create_student,
    create_topic,
    give_balance,
)
from tests.racing import race

pytestmark = pytest.mark.concurrency
CAIRO = ZoneInfo("Africa/Cairo")
PRICE = Decimal("10.35")


def total(rows: list[dict[str, Any]], key: str) -> str:
    return f"{sum((Decimal(row[key]) for row in rows), Decimal(0)):.2f}"


def count(rows: list[dict[str, Any]], key: str) -> int:
    return sum(row[key] for row in rows)


def overview(body: Any) -> list[tuple[Any, Any]]:
    courses = body["courses"]
    # In this school everybody is in one course.
    parts = {
        "total_revenue": total(courses, "revenue"),
        "total_purchases": count(courses, "purchase_count"),
        "total_students": count(courses, "enrolled_count"),
        "total_courses": len(courses),
    }
    return [(body["summary"], parts)]


def of_course(body: Any) -> list[tuple[Any, Any]]:
    topics, lectures, buyers = body["topics"], body["lectures"], body["student_spending"]
    said = body["total_revenue"], body["total_purchases"]
    by_topic = {row["topic_id"]: (row["revenue"], row["purchase_count"], row["lecture_count"]) for row in topics}
    of_topic = {key: [row for row in lectures if row["topic_id"] == key] for key in by_topic}
    return [
        (said, (total(topics, "revenue"), count(topics, "purchase_count"))),
        (said, (total(lectures, "revenue"), count(lectures, "purchase_count"))),
        (said, (total(buyers, "total_spent"), count(buyers, "lectures_purchased"))),
        (
            by_topic,
            {key: (total(rows, "revenue"), count(rows, "purchase_count"), len(rows)) for key, rows in of_topic.items()},
        ),
    ]


def of_lecture(body: Any) -> list[tuple[Any, Any]]:
    timeline = body["purchase_timeline"]
    said = body["total_revenue"], body["purchase_count"], body["buyer_count"]
    return [(said, (total(timeline, "amount_paid"), len(timeline), len({row["student_code"] for row in timeline})))]


def of_students(body: Any) -> list[tuple[Any, Any]]:
    """In the course that is asked about, every lecture costs the same."""
    return [(row["total_spent"], f"{PRICE * row['lectures_purchased']:.2f}") for row in body]


def trend(body: Any) -> list[tuple[Any, Any]]:
    days = body["daily_trends"]
    said = body["total_revenue"], body["total_purchases"]
    return [(said, (total(days, "revenue"), count(days, "purchase_count")))]


def analytics(body: Any) -> list[tuple[Any, Any]]:
    lectures = [lecture for topic in body["topics"] for lecture in topic["lectures"]]
    said = body["purchase_count"], body["revenue"]
    sold = count(lectures, "purchase_count")
    return [(said, (sold, f"{PRICE * sold:.2f}"))]


def teaching(body: Any) -> list[tuple[Any, Any]]:
    """Nobody bought anything before this month, and in this teacher's course every lecture costs the same."""
    sold = body["total_purchases"]
    said = body["total_revenue"], body["purchases_this_month"], body["revenue_this_month"]
    return [(said, (f"{PRICE * sold:.2f}", sold, f"{PRICE * sold:.2f}"))]


class School:
    """A course whose lectures cost the same, one that has a free lecture, and students who are in one of the two."""

    def __init__(self, app: Any, students: int, status: str = "approved") -> None:
        self.course, self.other = create_course(), create_course()
        topics = [create_topic(self.course, order=order) for order in (1, 2)]
        self.lectures = [
            create_lecture(topic=topic, price=PRICE, order=order) for topic in topics for order in range(4)
        ]
        create_topic(self.course, order=3)
        shelf = create_topic(self.other)
        self.cheap = [
            create_lecture(topic=shelf, price=Decimal("0.00")),
            create_lecture(topic=shelf, price=Decimal("9.99"), discount=Decimal("3.33")),
        ]
        api = Api(app)
        self.owner = api.as_(create_site_owner())
        self.teacher = api.as_(self.course.teacher)
        self.buyers: list[tuple[Api, int, int, list[int]]] = []
        for number in range(students):
            course, lectures = (self.other, self.cheap) if number % 2 else (self.course, self.lectures)
            student = create_student()
            enrollment = create_enrollment(student, course, status)
            give_balance(student, course, "100.00")
            self.buyers.append((api.as_(student), student.id, enrollment.id, [lecture.id for lecture in lectures]))
        self.waiting = [create_enrollment(create_student(), self.course, "pending").id for _ in range(8)]
        self.course_id, self.other_id = self.course.id, self.other.id
        self.lecture_ids = [lecture.id for lecture in self.lectures]
        #: Who asks for it, and what has to agree in the answer.
        self.answers: dict[str, tuple[Api, Callable[[Any], list[tuple[Any, Any]]]]] = {
            "owner/revenue/": (self.owner, overview),
            f"owner/revenue/courses/{self.course_id}/": (self.owner, of_course),
            f"owner/revenue/lectures/{self.lecture_ids[0]}/": (self.owner, of_lecture),
            f"owner/revenue/students/?course={self.course_id}": (self.owner, of_students),
            "owner/revenue/trends/": (self.owner, trend),
            f"courses/{self.course_id}/analytics/": (self.owner, analytics),
            "teacher/dashboard/": (self.teacher, teaching),
        }
        db.session.commit()

    def ask(self, path: str) -> Any:
        client, _ = self.answers[path]
        response = client.get(f"/api/{path}")
        assert response.status_code == 200
        return response.json

    def disagreements(self, path: str, body: Any) -> list[tuple[Any, Any]]:
        _, compared = self.answers[path]
        return [(said, summed) for said, summed in compared(body) if said != summed]


class TestBetweenTwoStatements:
    """Before each statement that an answer takes, a student of each course is let in and buys everything."""

    @pytest.fixture
    def school(self, committing_app):
        return School(committing_app, 16, "pending")

    @contextmanager
    def arrivals(self, school: School) -> Iterator[list[int]]:
        reader, waiting, arrived = threading.get_ident(), iter(school.buyers), []

        def let_in():
            for _ in range(2):
                one_in(*next(waiting))

        def one_in(client, student_id, enrollment_id, lecture_ids):
            assert school.owner.post(f"/api/enrollments/{enrollment_id}/approve/").status_code == 200
            for lecture_id in lecture_ids:
                assert client.post("/api/purchases/", {"lecture": lecture_id}).status_code == 201
            arrived.append(student_id)

        def before_statement(*_):
            if threading.get_ident() == reader:
                threads.submit(let_in).result(timeout=30)

        with ThreadPoolExecutor(1) as threads:
            event.listen(Engine, "before_cursor_execute", before_statement)
            try:
                yield arrived
            finally:
                event.remove(Engine, "before_cursor_execute", before_statement)

    @pytest.mark.parametrize("number", range(7))
    def test_an_answer_is_of_one_moment(self, school, number):
        path = list(school.answers)[number]

        with self.arrivals(school) as arrived:
            body = school.ask(path)

        assert len(arrived) >= 4
        assert school.disagreements(path, body) == []

    def test_two_answers_are_of_two_moments(self, school):
        """What the test above would find in an answer that is read by two statements."""
        of_course_path, of_students_path = list(school.answers)[1], list(school.answers)[3]

        with self.arrivals(school):
            body, students = school.ask(of_course_path), school.ask(of_students_path)

        assert Decimal(total(students, "total_spent")) > Decimal(body["total_revenue"])


#: Ten minutes before a day of 23 hours begins, and before one of 25 hours is over.
EVENINGS = [datetime(2026, 4, 23, 23, 50, tzinfo=CAIRO), datetime(2026, 10, 29, 23, 50, tzinfo=CAIRO, fold=1)]


class Evening:
    """Buyers who buy while the clock passes midnight, beside everybody who reads, closes days or corrects something."""

    def __init__(self, app: Any, school: School, now: Any) -> None:
        self.app, self.school, self.now = app, school, now
        self.lock, self.over = threading.Lock(), threading.Event()
        self.still_buying = len(school.buyers)
        self.closings = 0

    def buyer(self, client, _student_id, _enrollment_id, lecture_ids):
        """Buy every lecture, and each a second time in vain; forty seconds pass with each."""
        statuses = []
        try:
            for lecture_id in lecture_ids:
                with self.lock:
                    self.now.shift(timedelta(seconds=40))
                statuses += [client.post("/api/purchases/", {"lecture": lecture_id}).status_code for _ in range(2)]
        finally:
            with self.lock:
                self.still_buying -= 1
                if not self.still_buying:
                    self.over.set()
        return statuses

    def reader(self, path):
        """Return what disagreed, and every total that was read."""
        wrong, totals = [], []
        while not self.over.is_set():
            body = self.school.ask(path)
            wrong += self.school.disagreements(path, body)
            totals.append(sold(body))
        return wrong, totals

    def closer(self):
        with self.app.app_context():
            while not self.over.is_set():
                try:
                    roll_up()
                except OperationalError:
                    # It waited too long for the buyers; the next time comes at once.
                    db.session.rollback()
                self.closings += 1
                sleep(0.005)

    def corrector(self):
        """Let students in, reopen purchases and correct balances, all of which is no revenue."""
        owner, course_id, waiting = self.school.owner, self.school.course_id, iter(self.school.waiting)
        statuses = set()
        while not self.over.is_set():
            for enrollment_id in islice(waiting, 1):
                statuses.add(owner.post(f"/api/enrollments/{enrollment_id}/approve/").status_code)
            for purchase in owner.get("/api/purchases/?page_size=2").json["results"]:
                statuses.add(owner.post(f"/api/purchases/{purchase['id']}/reopen/", {"extra_days": 1}).status_code)
            body = {"student": self.school.buyers[0][1], "course": course_id, "amount": "-0.01", "reason": "تصحيح"}
            statuses.add(owner.post("/api/wallet/adjustments/", body).status_code)
        return statuses

    def run(self):
        reading = [lambda path=path: self.reader(path) for path in self.school.answers]
        buying = [lambda buyer=buyer: self.buyer(*buyer) for buyer in self.school.buyers]
        outcomes = race([*reading, *buying, self.corrector, self.closer])
        return outcomes[: len(reading)], outcomes[len(reading) : -2], outcomes[-2]


def sold(body: Any) -> Decimal:
    """Return the money that any of the answers comes to."""
    if isinstance(body, list):
        return Decimal(total(body, "total_spent"))
    return Decimal(body.get("summary", body).get("total_revenue", body.get("revenue")))


class Ledger:
    """What was sold, from the entries of the ledger and the purchases that had no price."""

    def __init__(self) -> None:
        db.session.rollback()
        paid = func.coalesce(-BalanceTransaction.amount, Decimal(0))
        self.rows = db.session.execute(
            select(Purchase.student_id, Purchase.lecture_id, Purchase.course_id, Purchase.purchased_at, paid)
            .outerjoin(BalanceTransaction, BalanceTransaction.purchase_id == Purchase.id)
            .order_by(Purchase.id)
        ).all()

    def sold(self, **place: Any) -> tuple[str, int]:
        """Return the money and the number of what was sold at a place, such as `lecture_id=5`."""
        found = [row[-1] for row in self.rows if all(getattr(row, key) == value for key, value in place.items())]
        return f"{sum(found, Decimal(0)):.2f}", len(found)

    def sold_by_day(self) -> dict[str, tuple[str, int]]:
        days = [row.purchased_at.astimezone(CAIRO).date() for row in self.rows]
        return {
            f"{day}": (f"{sum(row[-1] for row, of in zip(self.rows, days, strict=True) if of == day):.2f}", number)
            for day in days
            if (number := days.count(day))
        }


@pytest.mark.parametrize("evening", EVENINGS, ids=["into the day of 23 hours", "out of the day of 25 hours"])
def test_while_buyers_buy_over_midnight_every_figure_agrees_and_in_the_end_with_the_ledger(committing_app, evening):
    with time_machine.travel(evening.astimezone(UTC), tick=False) as now:
        school = School(committing_app, 6)
        tonight = Evening(committing_app, school, now)

        read, bought, corrected = tonight.run()

        assert [wrong for wrong, _ in read] == [[]] * len(read)
        # Purchases only arrive: no closing may hide one for a moment.
        assert all(totals == sorted(totals) and len(totals) > 2 for _, totals in read)
        assert [statuses for statuses in bought if statuses != [201, 400] * (len(statuses) // 2)] == []
        assert corrected == {200, 201}
        roll_up()
        ledger, ids = Ledger(), school.lecture_ids
        assert len(ledger.sold_by_day()) == 2
        assert db.session.scalar(select(func.count()).select_from(CourseRevenue)) > 0
        answers = {path: school.ask(path) for path in school.answers}

    of_course_body, of_lecture_body = (answers[path] for path in list(answers)[1:3])
    assert {row["id"]: (row["revenue"], row["purchase_count"]) for row in answers["owner/revenue/"]["courses"]} == {
        course_id: ledger.sold(course_id=course_id) for course_id in (school.course_id, school.other_id)
    }
    assert {row["lecture_id"]: (row["revenue"], row["purchase_count"]) for row in of_course_body["lectures"]} == {
        lecture_id: ledger.sold(lecture_id=lecture_id) for lecture_id in ids
    }
    spent = {
        row["student_id"]: (row["total_spent"], row["lectures_purchased"]) for row in of_course_body["student_spending"]
    }
    assert spent == {
        student_id: ledger.sold(student_id=student_id)
        for _, student_id, _, lecture_ids in school.buyers
        if lecture_ids == ids
    }
    students = answers[f"owner/revenue/students/?course={school.course_id}"]
    assert {
        row["student_id"]: (row["total_spent"], row["lectures_purchased"])
        for row in students
        if row["lectures_purchased"]
    } == spent
    assert (of_lecture_body["total_revenue"], of_lecture_body["purchase_count"]) == ledger.sold(lecture_id=ids[0])
    days = answers["owner/revenue/trends/"]["daily_trends"]
    assert {
        day["date"]: (day["revenue"], day["purchase_count"]) for day in days if day["purchase_count"]
    } == ledger.sold_by_day()
    assert [path for path, body in answers.items() if school.disagreements(path, body)] == []
    assert of_money.violations() | of_counts.violations() == {}
