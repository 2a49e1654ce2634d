"""The demo school: whole, true to the rules, the same every time, and only where nobody else is."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import extract, func, select

from edutrack import create_app
from edutrack.accounts.models import Student, Teacher, User
from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.mail import Mail
from edutrack.core.sealing import unseal
from edutrack.core.transaction import in_transaction
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, StudyMaterial, Video, VideoProgress
from edutrack.demo.logins import LOGINS, remember_password, remembered_password
from edutrack.demo.questions import BANKS
from edutrack.demo.school import build_demo_school
from edutrack.quizzes.invariants import violations as exam_violations
from edutrack.quizzes.models import Homework, HomeworkSubmission, Question, QuestionVersion, Quiz, QuizSubmission
from edutrack.structure.models import Grade
from edutrack.students.national_id import parse_national_id
from edutrack.wallet.invariants import violations as ledger_violations
from edutrack.wallet.models import BalanceTransaction, RechargeBatch, RechargeCode
from tests.api import Api

PASSWORD = "quiet-morning-tea"
KINDS = (
    *(User, Student, Course, Lecture, Video, StudyMaterial, Enrollment, Purchase, RechargeCode, AuditEntry),
    *(Question, Homework, HomeworkSubmission, Quiz, QuizSubmission),
)


def seed_demo(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "edutrack", "seed-demo", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def environment(make_database, test_environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return {**test_environment, "DATABASE_URL": make_database(), "EDUTRACK_DATA_DIR": str(folder)}


@pytest.fixture(scope="module")
def seeded(environment):
    """The finished command that built the school of this module."""
    return seed_demo(environment, "--password", PASSWORD)


@pytest.fixture
def school(environment, seeded):
    assert seeded.returncode == 0, seeded.stderr
    yield from opened(environment)


@pytest.fixture
def empty(make_database, environment):
    """An application on a database in which nobody has an account."""
    yield from opened({**environment, "DATABASE_URL": make_database()})


def opened(environment):
    app = create_app(environment)
    app.config["PASSWORD_HASH_COST"] = (1, 8)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def built(app, password=PASSWORD):
    with app.test_request_context():
        return in_transaction(lambda: build_demo_school(password))


def tally(column):
    return dict(db.session.execute(select(column, func.count()).group_by(column)).all())


def count(kind, *conditions):
    return db.session.scalar(select(func.count()).select_from(kind).where(*conditions))


def shape():
    """Return what must be the same in every demo school."""
    people = select(User.username, Student.name_ar, Student.status, Grade.name, Student.birth_date, Student.gender)
    bought = select(User.username, Lecture.name, Purchase.amount_paid)
    return {
        "people": db.session.execute(
            people.join(Student.user).join(Student.grade).order_by(User.username),
        ).all(),
        "bought": db.session.execute(
            bought.join(Purchase.student).join(Student.user).join(Purchase.lecture).order_by(User.username, Lecture.id)
        ).all(),
        "enrolled": tally(Enrollment.status),
    }


def results():
    """Return how far each graded attempt got. Which there are by now depends on the day of the week."""
    rows = db.session.execute(
        select(User.username, Quiz.title, QuizSubmission.attempt_number, QuizSubmission.score, QuizSubmission.passed)
        .join(QuizSubmission.quiz)
        .join(QuizSubmission.student)
        .join(Student.user)
        .where(QuizSubmission.status == "graded")
    )
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def test_every_invariant_of_money_access_and_exams_holds(school):
    assert ledger_violations() | exam_violations() == {}


def test_there_is_something_in_every_state(school):
    now = clock.now()
    is_free, is_over = Lecture.final_price == 0, Purchase.effective_expiry <= now

    assert tally(User.role) == {"siteowner": 1, "teacher": 3, "assistant": 2, "student": 40}
    assert tally(Student.status) == {
        "verified": 28,
        "pending": 4,
        "declined": 3,
        "suspended_temporary": 3,
        "suspended_permanent": 2,
    }
    assert len(tally(Student.governorate_id)) >= 8
    assert len(tally(Student.division_id)) >= 5
    assert set(tally(Enrollment.status)) == {"pending", "approved", "rejected"}
    assert (count(Course), count(Lecture), count(Lecture, ~Lecture.is_active), count(Lecture, is_free)) == (6, 48, 6, 6)
    assert count(Lecture, Lecture.discount > 0) >= 6
    assert count(StudyMaterial) == 24
    assert min(count(Purchase, is_over), count(Purchase, ~is_over), count(Purchase, Purchase.extra_days > 0)) >= 10
    is_used, is_expired = RechargeCode.used_by_id.is_not(None), RechargeCode.expires_at <= now
    assert min(count(RechargeCode, is_used), count(RechargeCode, ~is_used, is_expired)) >= 30
    assert count(RechargeCode, ~is_used, RechargeCode.expires_at > now) >= 30
    assert min(tally(VideoProgress.is_completed).values()) >= 30


def test_homework_and_quizzes_are_there_in_every_state(school):
    running, timed_out = QuizSubmission.status == "in_progress", QuizSubmission.is_timed_out
    states = {
        "running": [running],
        "waiting for a teacher": [QuizSubmission.status == "submitted"],
        "passed": [QuizSubmission.passed],
        "failed": [QuizSubmission.status == "graded", ~QuizSubmission.passed, ~timed_out],
        "ended by the clock": [timed_out],
        "second attempts": [QuizSubmission.attempt_number == 2],
    }

    assert tally(QuestionVersion.type) == {"mcq_single": 42, "mcq_multiple": 12, "written": 6}
    assert (count(Question), count(Quiz), count(Homework)) == (60, 18, 12)
    assert {state for state, conditions in states.items() if not count(QuizSubmission, *conditions)} == set()
    assert count(QuizSubmission, running, QuizSubmission.deadline_at < clock.now() + timedelta(hours=12)) == 0
    assert count(QuizSubmission) >= 40
    assert count(HomeworkSubmission) >= 25
    scores = tally(HomeworkSubmission.score)
    assert len(scores) >= 4


def test_what_is_asked_can_be_answered():
    for course, questions in BANKS.items():
        assert len({question.text for question in questions}) == len(questions) == 10, course
        for question in questions:
            choices = question.choices(1)
            assert len(set(choices)) == len(choices) == (0 if question.type == "written" else 4), question.text
            assert (question.model_answer is not None) == (question.type == "written"), question.text


def test_the_student_to_try_out_is_at_a_quiz_and_has_finished_others(school):
    student = Api(school, db.session.scalars(select(User).filter_by(username="demo-student")).one())
    (running,) = [
        quiz["id"]
        for quiz in student.get("/api/quizzes/?all=true").json["results"]
        if student.get(f"/api/quizzes/{quiz['id']}/attempt/").status_code == 200
    ][:1]

    saved = student.get(f"/api/quizzes/{running}/attempt/").json["answers"]
    assert any(answer["choice_ids"] for answer in saved)
    assert student.get("/api/quizzes/submissions/").json != []


def test_three_months_lie_behind_it_with_the_rhythm_of_the_week(school):
    first, last = db.session.execute(select(func.min(Purchase.purchased_at), func.max(Purchase.purchased_at))).one()
    weekday = extract("dow", func.timezone("Africa/Cairo", Purchase.purchased_at))
    days = tally(weekday)

    assert last - first >= timedelta(days=70)
    assert last <= clock.now()
    assert sum(days.get(day, 0) for day in (4, 5, 6)) > sum(days.get(day, 0) for day in (0, 1, 2, 3))
    entries = db.session.scalars(select(BalanceTransaction.created_at).order_by(BalanceTransaction.id)).all()
    assert entries == sorted(entries)


def test_the_command_says_who_can_sign_in_and_each_of_them_can(school, seeded):
    lines = seeded.stdout.splitlines()
    assert lines[0] == f"Demo users, all with the password {PASSWORD}"
    assert [line.split()[0] for line in lines[1:]] == list(LOGINS)

    answers = {
        username: Api(school).post("/api/accounts/login/", {"username": username, "password": PASSWORD})
        for username in LOGINS
    }

    assert {username: (answer.status_code, answer.json["role"]) for username, answer in answers.items()} == {
        "demo-owner": (200, "siteowner"),
        "demo-teacher": (200, "teacher"),
        "demo-assistant": (200, "assistant"),
        "demo-student": (200, "student"),
        "demo-pending": (200, "student"),
        "demo-suspended": (200, "student"),
    }
    assert {username for username, answer in answers.items() if not answer.json["is_active"]} == {
        "demo-pending",
        "demo-suspended",
    }


def test_the_student_to_try_out_has_courses_purchases_and_money(school):
    student = Api(school, db.session.scalars(select(User).filter_by(username="demo-student")).one())

    enrollments = student.get("/api/enrollments/mine/").json
    assert {enrollment["status"] for enrollment in enrollments} == {"approved"}
    purchases = student.get("/api/purchases/mine/").json
    assert {purchase["is_expired"] for purchase in purchases} == {True, False}
    assert student.get("/api/wallet/balances/").json != []
    assert count(VideoProgress, VideoProgress.student_id == purchases[0]["student"]) >= 5


def test_pictures_and_papers_are_real_files(school):
    pictures = (
        db.session.scalars(select(Teacher.profile_picture)).all()
        + db.session.scalars(select(Course.cover_picture)).all()
    )
    client = school.test_client()

    for name in pictures:
        with client.get(f"/media/{name.removeprefix('public/')}") as answer:
            assert (answer.status_code, answer.mimetype) == (200, "image/png")
    student = Api(school, db.session.scalars(select(User).filter_by(username="demo-student")).one())
    with client.get(student.get("/api/materials/mine/").json[0]["file_url"]) as answer:
        assert (answer.status_code, answer.data[:5], answer.data[-6:]) == (200, b"%PDF-", b"%%EOF\n")


def test_people_are_invented_and_consistent(school):
    students = db.session.scalars(select(Student)).all()
    for student in students:
        said = parse_national_id(unseal(student.national_id_sealed, "national-id"))
        assert (said.birth_date, said.gender) == (student.birth_date, student.gender)
    addresses = db.session.scalars(select(User.gmail)).all()

    assert [address for address in addresses if not address.endswith("@example.org")] == []
    assert count(Mail) == 0


def test_codes_are_random_and_batches_are_labelled_for_people(school):
    labels = tally(RechargeBatch.label)

    assert labels == {None: 6, "الدفعة الأولى": 6, "عرض بداية العام": 6, "الدفعة الثانية": 6}
    assert count(RechargeCode) == 6 * (40 + 20 + 25 + 1)


def test_a_database_in_use_is_refused_with_one_line(school, environment):
    before = [count(kind) for kind in KINDS]

    refused = seed_demo(environment)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Error: The database has users already; the demo school needs an empty one.\n"
    assert [count(kind) for kind in KINDS] == before


def test_a_database_of_ones_own_keeps_no_password_beside_it(school, environment):
    assert "demo-password" not in os.listdir(environment["EDUTRACK_DATA_DIR"])


def test_a_weak_password_is_refused_and_nothing_is_written(empty, environment):
    own = {**environment, "DATABASE_URL": empty.config["DATABASE_URL"]}

    refused = seed_demo(own, "--password", "1234")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: password: This password is too short.")
    assert [count(kind) for kind in KINDS] == [0] * len(KINDS)


def test_another_day_brings_the_same_school(school, empty):
    with school.app_context():
        expected, results_then = shape(), results()
        db.session.remove()

    with empty.app_context(), clock.stopped_at(clock.now() + timedelta(days=3, hours=5)):
        assert built(empty)
        found, results_now = shape(), results()

    assert found == expected
    both = results_then.keys() & results_now.keys()
    assert len(both) >= 25
    assert {one: results_then[one] for one in both} == {one: results_now[one] for one in both}


def test_the_password_is_kept_for_its_owner_alone(tmp_path):
    assert remembered_password(tmp_path) is None

    remember_password(tmp_path, "first")
    remember_password(tmp_path, "second")

    assert remembered_password(tmp_path) == "second"
    assert [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [("demo-password", 0o600)]
