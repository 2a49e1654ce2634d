"""The large school: its profile, that its money agrees, and that it follows from its numbers."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import func, select, text

from edutrack.accounts.models import Student, User
from edutrack.cli import seed_scale_command, show_progress
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, Video, VideoProgress
from edutrack.notifications.models import Notification
from edutrack.operations.checks import violations
from edutrack.owner.figures.revenue import overview
from edutrack.owner.models import RevenueClosing
from edutrack.quizzes.models import Quiz, QuizQuestion
from edutrack.scale.plan import Plan, courses_of
from edutrack.scale.seeding import finish_scale, seed_scale
from edutrack.wallet.models import CourseBalance, RechargeCode
from tests.api import Api
from tests.factories import create_site_owner

END = datetime(2026, 6, 10, 12, tzinfo=UTC)
PASSWORD = "a-decent-password"
STUDENTS, PURCHASES = 230, 9_500


def count(model, *conditions):
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


@pytest.fixture
def school(committing_app):
    told = []
    seed_scale(STUDENTS, PURCHASES, PASSWORD, lambda *news: told.append(news))
    db.session.commit()
    finish_scale()
    return told


def test_a_large_school_has_its_profile_and_its_money_agrees(committing_app, school):
    assert violations() == {}
    assert count(User) == 1 + 20 + STUDENTS
    assert (count(Course), count(Lecture), count(Video)) == (40, 3200, 3200)
    assert db.session.scalars(select(Lecture.available_days).distinct()).all() == [400]
    assert (count(Purchase), count(VideoProgress)) == (PURCHASES, PURCHASES)
    approved = db.session.execute(select(Enrollment.student_id, Enrollment.course_id, Enrollment.status))
    assert {(row.student_id, row.course_id) for row in approved if row.status == "approved"} == {
        (student, (student + 8 * k) % 40 + 1) for student in range(1, STUDENTS + 1) for k in range(5)
    }
    rich = Student.id <= 200
    assert count(Student, rich, Student.status == "verified") == 200
    balances = select(CourseBalance.balance).where(CourseBalance.student_id <= 200)
    assert db.session.scalars(balances).all() == [Decimal("100000.00")] * 1000
    assert Counter(
        db.session.scalars(select(Notification.user_id).join(Student, Student.user_id == Notification.user_id))
    ) == dict.fromkeys(range(22, 222), 120)
    assert (count(Quiz, Quiz.max_attempts == 1_000_000, Quiz.randomize_questions), count(QuizQuestion)) == (40, 800)
    assert count(RechargeCode, RechargeCode.used_at.is_(None)) == 40 * 250
    # Closed up to last midnight, and read the same.
    assert db.session.scalar(select(RevenueClosing.closed_before)) > datetime(2026, 1, 1, tzinfo=UTC)
    assert overview()["summary"]["total_revenue"] == Decimal(PURCHASES * 50)
    assert school[0] == ("users", 251, 0)
    assert all(done <= rows for _, rows, done in school)


def test_its_people_use_it_like_any_other(committing_app, school):
    api = Api(committing_app)
    for name, role in {"owner": "siteowner", "teacher1": "teacher", "student1": "student"}.items():
        answer = api.post("/api/accounts/login/", {"username": name, "password": PASSWORD})
        assert (answer.status_code, answer.json["role"]) == (200, role)
    student = api.as_(db.session.get(Student, 1))

    new = student.post("/api/purchases/", {"lecture": (courses_of(1)[0] - 1) * 80 + 80})

    assert (new.status_code, new.json["amount_paid"]) == (201, "50.00")
    assert violations() == {}


def test_foreign_keys_are_put_back(committing_app, school):
    keys = text("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated")
    there = db.session.scalar(keys)
    db.session.rollback()

    assert there > 50
    with pytest.raises(Exception, match="fk_purchases"):
        db.session.execute(text("UPDATE purchases SET student_id = 999999999 WHERE id = 1"))
    db.session.rollback()


@pytest.mark.usefixtures("app")
class TestRefusals:
    def test_a_database_with_users_is_left_alone(self):
        create_site_owner()

        with pytest.raises(Rejected, match="needs an empty one"):
            seed_scale(10, 440, PASSWORD, lambda *_: None)

    @pytest.mark.parametrize(
        ("purchases", "refusal"),
        [(439, "at least 440"), (4001, "at most 4000")],
    )
    def test_numbers_that_cannot_be_are_refused(self, purchases, refusal):
        with pytest.raises(Rejected, match=refusal):
            seed_scale(10, purchases, PASSWORD, lambda *_: None)


@pytest.mark.parametrize(("students", "purchases"), [(1, 44), (1, 400), (3, 1000), (205, 9_000), (250, 80_000)])
def test_a_plan_pays_for_all_that_it_buys_and_buys_nothing_twice(students, purchases):
    plan = Plan(students, purchases, END)

    bought, funding = list(plan.bought()), list(plan.funding())

    assert len(bought) == purchases
    assert len({(one.student, one.lecture) for one in bought}) == purchases
    assert all(before.moment <= after.moment <= END for before, after in pairwise(bought))
    counts = Counter((one.student, one.course) for one in bought)
    held = {True: Decimal(100_000), False: Decimal(0)}
    assert {(one.student, one.course): one.value for one in funding} == {
        key: held[key[0] <= 200] + 50 * counts[key] for key in counts
    }
    first = {}
    for one in bought:
        assert one.earlier == first.get((one.student, one.course), [0, 0])[1]
        first.setdefault((one.student, one.course), [one.moment, 0])[1] += 1
    assert all(one.moment <= first[one.student, one.course][0] for one in funding)


def test_a_plan_without_end_follows_from_its_numbers():
    assert list(Plan(7, 400, END).bought()) == list(Plan(7, 400, END).bought())


def test_progress_is_one_line_for_each_table_where_nobody_watches(capsys):
    show_progress("users", 40_000, 20_000)
    show_progress("users", 40_000, 40_000)

    assert capsys.readouterr().out == f"\rusers                 [{'#' * 30}]    40,000 of 40,000\n"


def test_the_command_names_its_options():
    assert [option.name for option in seed_scale_command.params] == ["students", "purchases", "password"]
