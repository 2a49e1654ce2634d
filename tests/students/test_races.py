"""Registrations and changes of profiles at the same moment, with and without what decides between them."""

import threading
import time

import pytest
from sqlalchemy import func, select, text

from edutrack.accounts.models import Student, User
from edutrack.core.auth import INACTIVE
from edutrack.core.extensions import db
from edutrack.core.mail import Mail
from edutrack.students import queries, service
from tests.api import Api
from tests.factories import create_student, national_id_number, registration_form
from tests.racing import race

REGISTER = "/api/accounts/students/register/"
PROFILE = "/api/accounts/profile/me/"

pytestmark = pytest.mark.concurrency


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def registered_at_once(app, forms):
    """Post all the forms at the same moment; return the answers."""
    responses = race([lambda form=form: app.test_client().post(REGISTER, json=form) for form in forms])
    return [(response.status_code, response.json) for response in responses]


RACES = {
    "national_id": "This national ID is already registered.",
    "username": "Username already exists.",
    "gmail": "This email is already associated with an account.",
}


@pytest.mark.parametrize("name", RACES)
def test_of_registrations_at_one_moment_one_gets_the_value_that_all_want(committing_app, name):
    forms = [registration_form() for _ in range(8)]
    for form in forms:
        form[name] = forms[0][name]
    db.session.commit()

    answers = registered_at_once(committing_app, forms)

    assert sorted(status for status, _ in answers) == [201] + [400] * 7
    assert all(body == {name: [RACES[name]]} for status, body in answers if status == 400)
    assert (count(Student), count(User), count(Mail)) == (1, 1, 1)


def test_without_its_constraint_one_national_id_is_registered_many_times(committing_app):
    db.session.execute(text("ALTER TABLE students DROP CONSTRAINT uq_students_national_id_sealed"))
    number = national_id_number()
    forms = [registration_form(national_id=number) for _ in range(4)]
    db.session.commit()

    answers = registered_at_once(committing_app, forms)

    assert [status for status, _ in answers] == [201] * 4


def test_two_registrations_that_draw_one_student_code_both_succeed(committing_app, monkeypatch):
    drawn = threading.local()

    def first_the_same():
        drawn.times = getattr(drawn, "times", 0) + 1
        return "77777777" if drawn.times == 1 else str(80_000_000 + threading.get_ident() % 1_000_000)

    monkeypatch.setattr(service, "_new_student_code", first_the_same)
    forms = [registration_form() for _ in range(2)]
    db.session.commit()

    answers = registered_at_once(committing_app, forms)

    assert [status for status, _ in answers] == [201, 201]
    assert len({body["student_code"] for _, body in answers}) == 2


def waiting_for_a_lock(app):
    """Return how many connections of the test's database wait for a row."""
    with app.app_context():
        waiting = db.session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
        db.session.rollback()
    return waiting


def patched_while_the_owner_suspends(app, student, changes):
    """Send the change while the suspension is written but not committed; return the answer once both are through."""
    client = Api(app, student.user)
    answers = []
    owner_side = db.session
    owner_side.execute(text("UPDATE students SET status = 'suspended_permanent' WHERE id = :id"), {"id": student.id})
    owner_side.execute(text("UPDATE users SET is_active = false WHERE id = :id"), {"id": student.user_id})

    thread = threading.Thread(target=lambda: answers.append(client.patch(PROFILE, changes)))
    thread.start()
    deadline = time.monotonic() + 10
    while not waiting_for_a_lock(app):
        assert time.monotonic() < deadline, "The change did not wait for the suspension."
        time.sleep(0.01)
    owner_side.commit()
    thread.join()
    db.session.expire_all()
    return answers[0]


def test_a_change_that_waited_for_a_suspension_does_not_lift_it(committing_app):
    student = create_student(status="declined")

    answer = patched_while_the_owner_suspends(committing_app, student, {"father_job": "طبيب"})

    assert (answer.status_code, answer.json) == (403, {"detail": INACTIVE})
    assert (student.status, student.father_job) == ("suspended_permanent", "مهندس")


def test_without_the_lock_a_change_lifts_the_suspension(committing_app, monkeypatch):
    monkeypatch.setattr(queries, "lock_student", queries.find_student)
    student = create_student(status="declined")

    answer = patched_while_the_owner_suspends(committing_app, student, {"father_job": "طبيب"})

    assert answer.status_code == 200
    assert student.status == "pending"


def test_of_changes_at_one_moment_to_one_username_one_is_made(committing_app):
    clients = [Api(committing_app, create_student().user) for _ in range(6)]

    answers = race([lambda client=client: client.patch(PROFILE, {"username": "wanted"}) for client in clients])

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    refusals = [answer.json for answer in answers if answer.status_code == 400]
    assert refusals == [{"username": ["Username already exists."]}] * 5


def test_of_two_changes_at_one_moment_the_second_is_judged_by_what_the_first_left(committing_app):
    student = create_student(mother_number="01277777777")
    client = Api(committing_app, student.user)

    answers = race(
        [
            lambda name=name: client.patch(PROFILE, {name: None}).status_code
            for name in ("father_number", "mother_number")
        ]
    )

    # Each alone would do; the last parent number stays.
    assert sorted(answers) == [200, 400]
    kept = select(func.num_nonnulls(Student.father_number, Student.mother_number))
    assert db.session.scalar(kept) == 1
