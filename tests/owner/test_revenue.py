"""The five revenue endpoints, recomputed from the purchases that were made."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from edutrack.core.extensions import db
from edutrack.owner.figures.closing import close_hours
from tests.api import counted_statements
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_topic,
)

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
CAIRO = ZoneInfo("Africa/Cairo")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=["summed now", "rolled up"])
def school(request, api):
    """Purchases of many days; once as they are, once with every closed day rolled up."""
    school = School()
    school.api = api.as_(create_site_owner())
    if request.param == "rolled up":
        while close_hours():
            db.session.commit()
        db.session.commit()
    # One more of today, which is never closed.
    school.buy(school.students[0], school.lectures[2], "30.00", NOW)
    return school


class School:
    """Two courses and an idle one, three students, and the purchases in a list of our own."""

    def __init__(self):
        self.course, self.other, self.idle = create_course(), create_course(is_active=False), create_course()
        first = create_topic(self.course, order=1)
        self.empty_topic = create_topic(self.course, order=2)
        self.lectures = [
            create_lecture(topic=first, order=1, created_at=NOW - timedelta(days=50)),
            create_lecture(topic=first, order=2),
            create_lecture(self.other),
        ]
        self.students = [create_student() for _ in range(3)]
        for student in self.students[:2]:
            create_enrollment(student, self.course)
        create_enrollment(self.students[0], self.other)
        create_enrollment(self.students[2], self.course, "pending")
        self.bought = []
        # Just before and just after midnight in Cairo on the day that has 23 hours, and free ones count as purchases.
        short = datetime(2026, 4, 24, tzinfo=CAIRO).astimezone(UTC)
        self.buy(self.students[0], self.lectures[0], "70.00", short - timedelta(seconds=1))
        self.buy(self.students[1], self.lectures[0], "60.50", short)
        self.buy(self.students[1], self.lectures[2], "0.00", NOW - timedelta(days=30))

    def buy(self, student, lecture, paid, moment):
        purchase = create_purchase(student, lecture, amount_paid=Decimal(paid), purchased_at=moment)
        self.bought.append((student, lecture, Decimal(paid), moment))
        return purchase

    def money(self, *, lecture=None, course=None, student=None):
        found = [
            paid
            for who, what, paid, _ in self.bought
            if lecture in (None, what) and student in (None, who) and course in (None, what.topic.course)
        ]
        return f"{sum(found, Decimal(0)):.2f}", len(found)


def test_the_overview_lists_every_course_best_first(school):
    response = school.api.get("/api/owner/revenue/")

    total, purchases = school.money()
    assert response.json["summary"] == {
        "total_revenue": total,
        "total_purchases": purchases,
        "total_students": 2,
        "total_courses": 3,
    }
    assert response.json["courses"] == [
        {
            "id": course.id,
            "name": course.name,
            "is_active": course.is_active,
            "enrolled_count": enrolled,
            "purchase_count": school.money(course=course)[1],
            "revenue": school.money(course=course)[0],
        }
        for course, enrolled in [(school.course, 2), (school.other, 1), (school.idle, 0)]
    ]


def test_a_course_shows_topics_lectures_and_buyers_and_what_did_not_sell(school):
    response = school.api.get(f"/api/owner/revenue/courses/{school.course.id}/")

    first, second = school.lectures[:2]
    topic = first.topic
    assert response.json == {
        "course_id": school.course.id,
        "course_name": school.course.name,
        "total_revenue": "130.50",
        "total_purchases": 2,
        "topics": [
            {
                "topic_id": topic.id,
                "topic_name": topic.name,
                "lecture_count": 2,
                "purchase_count": 2,
                "revenue": "130.50",
            },
            {
                "topic_id": school.empty_topic.id,
                "topic_name": school.empty_topic.name,
                "lecture_count": 0,
                "purchase_count": 0,
                "revenue": "0.00",
            },
        ],
        "lectures": [
            {
                "lecture_id": lecture.id,
                "lecture_name": lecture.name,
                "topic_id": topic.id,
                "topic_name": topic.name,
                "price": "100.00",
                "final_price": "100.00",
                "purchase_count": school.money(lecture=lecture)[1],
                "revenue": school.money(lecture=lecture)[0],
            }
            for lecture in (first, second)
        ],
        "student_spending": [
            {
                "student_id": student.id,
                "student_name": student.name_ar,
                "student_code": student.student_code,
                "total_spent": spent,
                "lectures_purchased": 1,
            }
            for student, spent in [(school.students[0], "70.00"), (school.students[1], "60.50")]
        ],
    }


def test_a_lecture_shows_its_purchases_and_how_long_they_took(school):
    lecture = school.lectures[0]

    response = school.api.get(f"/api/owner/revenue/lectures/{lecture.id}/")

    bought = [entry for entry in school.bought if entry[1] is lecture]
    waited = [(moment - lecture.created_at).total_seconds() / 86400 for *_, moment in bought]
    assert response.json == {
        "lecture_id": lecture.id,
        "lecture_name": lecture.name,
        "course_name": school.course.name,
        "price": "100.00",
        "final_price": "100.00",
        "total_revenue": "130.50",
        "buyer_count": 2,
        "purchase_count": 2,
        "average_days_to_purchase": pytest.approx(sum(waited) / 2, abs=0.005),
        "purchase_timeline": [
            {
                "student_name": student.name_ar,
                "student_code": student.student_code,
                "amount_paid": f"{paid:.2f}",
                "purchased_at": f"{moment:%Y-%m-%dT%H:%M:%S}Z",
            }
            for student, _, paid, moment in reversed(bought)
        ],
    }


def test_a_lecture_that_nobody_bought_took_no_time(school):
    response = school.api.get(f"/api/owner/revenue/lectures/{school.lectures[1].id}/")

    assert response.json["average_days_to_purchase"] == 0.0
    assert response.json["purchase_timeline"] == []


def spending(school, student, courses, last):
    return {
        "student_id": student.id,
        "student_name": student.name_ar,
        "student_code": student.student_code,
        "courses_enrolled": courses,
        "total_spent": school.money(student=student)[0],
        "lectures_purchased": school.money(student=student)[1],
        "last_purchase_at": f"{last:%Y-%m-%dT%H:%M:%S}Z",
    }


def test_students_stand_with_all_that_they_spent(school):
    response = school.api.get("/api/owner/revenue/students/")

    first, second, _ = school.students
    assert response.json == [
        spending(school, first, 2, NOW),
        spending(school, second, 1, NOW - timedelta(days=30)),
    ]


def test_students_of_one_course_are_its_enrolled_ones_and_buyers(school):
    response = school.api.get(f"/api/owner/revenue/students/?course={school.other.id}")

    assert [(row["student_id"], row["courses_enrolled"], row["total_spent"]) for row in response.json] == [
        (school.students[0].id, 1, "30.00"),
        (school.students[1].id, 0, "0.00"),
    ]


def test_an_enrolled_student_without_purchases_is_listed_with_none(api):
    student = create_student()
    create_enrollment(student, create_course())

    response = api.as_(create_site_owner()).get("/api/owner/revenue/students/")

    assert [(row["total_spent"], row["last_purchase_at"]) for row in response.json] == [("0.00", None)]


def test_a_trend_is_the_last_thirty_days_and_today_by_default(school):
    response = school.api.get("/api/owner/revenue/trends/")

    trend = dict(response.json)
    days = trend.pop("daily_trends")
    assert trend == {
        "start_date": "2026-05-11",
        "end_date": "2026-06-10",
        "total_revenue": "30.00",
        "total_purchases": 2,
    }
    assert [day["date"] for day in days] == [f"{date(2026, 5, 11) + timedelta(days=n)}" for n in range(31)]
    assert {day["date"]: (day["revenue"], day["purchase_count"]) for day in days if day["purchase_count"]} == {
        "2026-05-11": ("0.00", 1),
        "2026-06-10": ("30.00", 1),
    }


def test_days_of_a_trend_are_those_of_cairo_also_when_they_have_23_hours(school):
    response = school.api.get("/api/owner/revenue/trends/?start_date=2026-04-23&end_date=2026-04-25")

    assert response.json["daily_trends"] == [
        {"date": "2026-04-23", "revenue": "70.00", "purchase_count": 1},
        {"date": "2026-04-24", "revenue": "60.50", "purchase_count": 1},
        {"date": "2026-04-25", "revenue": "0.00", "purchase_count": 0},
    ]


def test_an_hour_that_comes_twice_belongs_to_one_day(school):
    # On 29 October 2026 Cairo sets its clocks back at midnight: 23:30 of that day happens twice.
    with time_machine.travel(datetime(2026, 11, 10, tzinfo=UTC), tick=False):
        first, again = (datetime(2026, 10, 29, 23, 30, tzinfo=CAIRO, fold=fold).astimezone(UTC) for fold in (0, 1))
        assert again - first == timedelta(hours=1)
        school.buy(school.students[1], school.lectures[1], "5.00", first)
        school.buy(school.students[2], school.lectures[1], "6.00", again)
        close_hours()
        owner = school.api.as_(school.api.user)

        response = owner.get("/api/owner/revenue/trends/?start_date=2026-10-29&end_date=2026-10-30")

    assert [day["revenue"] for day in response.json["daily_trends"]] == ["11.00", "0.00"]


def test_a_trend_may_name_only_one_end(school):
    until = school.api.get("/api/owner/revenue/trends/?end_date=2026-03-31").json
    since = school.api.get("/api/owner/revenue/trends/?start_date=2026-06-09").json

    assert (until["start_date"], until["end_date"]) == ("2026-03-01", "2026-03-31")
    assert [day["date"] for day in since["daily_trends"]] == ["2026-06-09", "2026-06-10"]


def test_the_longest_trend_has_1096_days(school):
    response = school.api.get("/api/owner/revenue/trends/?start_date=2023-06-11&end_date=2026-06-10")

    assert len(response.json["daily_trends"]) == 1096
    assert response.json["total_revenue"] == school.money()[0]


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        (
            "start_date=2026-06-10&end_date=2026-06-09",
            {"end_date": ["The end date cannot be before the start date."]},
        ),
        ("start_date=2026-06-11", {"end_date": ["The end date cannot be before the start date."]}),
        (
            "start_date=2023-06-10&end_date=2026-06-10",
            {"end_date": ["The range cannot be longer than 1096 days."]},
        ),
        ("start_date=0001-01-01", {"end_date": ["The range cannot be longer than 1096 days."]}),
        (
            "start_date=yesterday",
            {"start_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]},
        ),
        (
            "end_date=2026-02-30",
            {"end_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]},
        ),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(api, query, refusal):
    response = api.as_(create_site_owner()).get(f"/api/owner/revenue/trends/?{query}")

    assert (response.status_code, response.json) == (400, refusal)


@pytest.mark.parametrize("end", ["0001-01-01", "0001-01-20", "9999-12-31"])
def test_a_range_at_the_end_of_the_calendar_is_empty(api, end):
    response = api.as_(create_site_owner()).get(f"/api/owner/revenue/trends/?end_date={end}")

    assert response.status_code == 200
    assert response.json["total_purchases"] == 0


@pytest.mark.parametrize(
    ("course", "status", "body"),
    [
        ("physics", 400, {"course": ["A valid integer is required."]}),
        (2**63, 400, {"course": [f'Invalid pk "{2**63}" - object does not exist.']}),
        (999999, 200, []),
    ],
)
def test_a_course_filter_must_be_a_number_and_may_find_nobody(school, course, status, body):
    response = school.api.get(f"/api/owner/revenue/students/?course={course}")

    assert (response.status_code, response.json) == (status, body)


@pytest.mark.parametrize("path", ["courses/999999", "lectures/999999", f"courses/{2**63}", f"lectures/{2**63}"])
def test_what_does_not_exist_is_not_found(api, path):
    response = api.as_(create_site_owner()).get(f"/api/owner/revenue/{path}/")

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


def test_each_endpoint_runs_a_fixed_number_of_statements(school):
    paths = {
        "": 1,
        f"courses/{school.course.id}/": 2,
        f"lectures/{school.lectures[0].id}/": 2,
        "students/": 1,
        "trends/": 1,
    }

    def counts():
        found = {}
        for path in paths:
            with counted_statements() as statements:
                assert school.api.get(f"/api/owner/revenue/{path}").status_code == 200
            found[path] = len(statements)
        return found

    assert counts() == paths
    for _ in range(3):
        student = create_student()
        create_enrollment(student, school.course)
        school.buy(student, create_lecture(topic=school.lectures[0].topic), "10.00", NOW)
    assert counts() == paths
