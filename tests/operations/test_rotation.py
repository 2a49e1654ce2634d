"""CODE_KEY replaced while people redeem and register: nothing is lost, whenever the command is killed."""

import os
import subprocess
import sys
import time

import pytest
from flask import current_app
from sqlalchemy import LargeBinary, func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.database import Base
from edutrack.core.extensions import db
from edutrack.core.sealing import KeyCheck, check_key, is_sealed_now, seal, unseal
from edutrack.core.settings import SettingsError
from edutrack.operations import rotation
from edutrack.operations.errors import OperationError
from edutrack.operations.rotation import SEALED_COLUMNS, rotate_keys
from edutrack.wallet.invariants import violations
from edutrack.wallet.models import RechargeCode
from edutrack.wallet.service import redeeming
from tests.api import Api
from tests.factories import (
    create_code,
    create_course,
    create_enrollment,
    create_site_owner,
    create_student,
    registration_form,
)
from tests.racing import answers, race

OLD = "0123456789abcdef" * 4
NEW = "fedcba9876543210" * 4
BOTH = {"CODE_KEY": NEW, "CODE_KEY_PREVIOUS": OLD}
REGISTER = "/api/accounts/students/register/"
REDEEM = "/api/wallet/redeem/"


def nothing(*_):
    return None


@pytest.fixture
def url(make_database):
    return make_database()


@pytest.fixture
def school(url, application_on):
    """A database in which the old key sealed three codes, a national id and a stored answer; the codes and the id."""
    with application_on(url, CODE_KEY=OLD) as app:
        course, student = create_course(), create_student()
        create_enrollment(student, course)
        codes = [create_code(course)[0] for _ in range(3)]
        form = registration_form()
        api = Api(app)
        assert api.post(REGISTER, form).status_code == 201
        key = {"Idempotency-Key": "once"}
        kept = api.as_(student).post(REDEEM, {"code": codes[0], "course": course.id}, headers=key)
        assert kept.status_code == 200
        return School(course, student, codes, form, kept.json)


class School:
    def __init__(self, course, student, codes, form, kept):
        self.course, self.student, self.codes, self.form, self.kept = course, student, codes, form, kept

    def redeem(self, app, code, **options):
        return Api(app).as_(self.student).post(REDEEM, {"code": code, "course": self.course.id}, **options)


def sealed_with_old():
    """Return how many values of each table the old key sealed."""
    db.session.rollback()
    return {
        sealed.table: sum(
            not is_sealed_now(value, sealed.purpose)
            for value in db.session.scalars(select(sealed.column).where(sealed.column.is_not(None)))
        )
        for sealed in SEALED_COLUMNS
    }


def test_every_column_of_sealed_values_is_known():
    named = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and "sealed" in column.name
    }

    assert named == {(sealed.table, sealed.column.key) for sealed in SEALED_COLUMNS} | {("key_checks", "sealed")}


def test_afterwards_the_new_key_alone_opens_everything(school, url, application_on):
    with application_on(url, **BOTH):
        assert rotate_keys(nothing) == {"recharge_codes": 3, "students": 2, "idempotency_keys": 1}
        assert db.session.execute(select(AuditEntry.verb, AuditEntry.details)).all()[-1] == (
            "keys.rotated",
            {"recharge_codes": 3, "students": 2, "idempotency_keys": 1},
        )

    with application_on(url, CODE_KEY=NEW) as app:
        check_key()
        assert school.redeem(app, school.codes[1]).status_code == 200
        replayed = school.redeem(app, school.codes[0], headers={"Idempotency-Key": "once"})
        assert (replayed.json, replayed.headers["Idempotency-Replayed"]) == (school.kept, "true")
        taken = Api(app).post(REGISTER, registration_form(national_id=school.form["national_id"]))
        assert taken.json["national_id"] == ["This national ID is already registered."]
        assert sealed_with_old() == {"recharge_codes": 0, "students": 0, "idempotency_keys": 0}
    with application_on(url, CODE_KEY=OLD), pytest.raises(SettingsError):
        check_key()


def test_before_it_begins_both_keys_serve(school, url, application_on):
    with application_on(url, **BOTH) as app:
        check_key()
        assert school.redeem(app, school.codes[1]).status_code == 200
        again = school.redeem(app, school.codes[1])
        assert again.json == {"detail": "This code has already been used."}
        found = Api(app).as_(create_site_owner()).get(f"/api/wallet/recharge-codes/?search={school.codes[2]}")
        assert [code["code"] for code in found.json["results"]] == [school.codes[2]]
        owner = Api(app).as_(create_site_owner())
        assert owner.get(f"/api/accounts/students/?search={school.form['national_id']}").json["count"] == 1
        replayed = school.redeem(app, school.codes[0], headers={"Idempotency-Key": "once"})
        assert replayed.json == school.kept


def test_a_national_id_of_the_old_key_is_not_registered_again(school, url, application_on):
    with application_on(url, **BOTH) as app:
        form = registration_form(national_id=school.form["national_id"])

        taken = Api(app).post(REGISTER, form)

        assert (taken.status_code, taken.json) == (400, {"national_id": ["This national ID is already registered."]})
        assert Api(app).post(REGISTER, registration_form()).status_code == 201


def test_between_beginning_and_end_a_server_needs_both_keys(school, url, application_on, monkeypatch):
    with application_on(url, **BOTH):
        monkeypatch.setattr(rotation, "_seal_again", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys(nothing)
        check_key()

    for key in (OLD, NEW):
        with application_on(url, CODE_KEY=key), pytest.raises(SettingsError, match="are being replaced"):
            check_key()


def stop(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("batches", [1, 2, 4, 5])
def test_stopped_after_any_batch_it_goes_on(school, url, application_on, monkeypatch, batches):
    monkeypatch.setattr(rotation, "_BATCH", 1)
    with application_on(url, **BOTH):
        left = iter([nothing] * batches + [stop])
        with pytest.raises(KeyboardInterrupt):
            rotate_keys(lambda *_: next(left)())
        assert sum(sealed_with_old().values()) == 6 - batches - 1

        assert sum(rotate_keys(nothing).values()) == 6 - batches - 1

        assert sum(sealed_with_old().values()) == 0


def test_it_can_be_run_again_and_needs_two_keys(school, url, application_on):
    with application_on(url, **BOTH):
        rotate_keys(nothing)
        assert rotate_keys(nothing) == {"recharge_codes": 0, "students": 0, "idempotency_keys": 0}
    with application_on(url, CODE_KEY=NEW), pytest.raises(OperationError, match="Set CODE_KEY to the new key"):
        rotate_keys(nothing)


def test_keys_of_another_database_seal_nothing(school, url, application_on):
    with application_on(url, CODE_KEY=NEW, CODE_KEY_PREVIOUS="ab" * 32):
        with pytest.raises(SettingsError, match="CODE_KEY is not the key"):
            rotate_keys(nothing)

        db.session.rollback()
        assert db.session.scalar(select(func.count()).select_from(KeyCheck)) == 1


def test_the_same_national_id_under_both_keys_is_named(school, url, application_on):
    """What a server that knows only the old key may have done meanwhile."""
    with application_on(url, **BOTH):
        create_student(national_id_sealed=seal(school.form["national_id"], "national-id"))

        with pytest.raises(OperationError, match="rows of students after the id 0 one holds what another row holds"):
            rotate_keys(nothing)


@pytest.mark.concurrency
@pytest.mark.parametrize("is_guarded", [True, False], ids=["by both keys", "by the new key alone"])
def test_codes_are_redeemed_while_they_are_sealed_again(url, application_on, monkeypatch, is_guarded):
    """Thirty students at codes that are being sealed again; the twin looks for the new seal and finds nothing."""
    monkeypatch.setattr(rotation, "_BATCH", 1)
    with application_on(url, CODE_KEY=OLD):
        course, students = create_course(), [create_student() for _ in range(30)]
        codes = [create_code(course, value="5.00")[0] for _ in students]
        for student in students:
            create_enrollment(student, course)
    with application_on(url, **BOTH) as app:
        if not is_guarded:
            monkeypatch.setattr(redeeming, "seals_of", lambda code, purpose: [seal(code, purpose)])
        clients = [Api(app).as_(student) for student in students]

        def redeem(number):
            time.sleep(number * 0.01)
            return clients[number].post(REDEEM, {"code": codes[number], "course": course.id})

        def rotate():
            with app.test_request_context():
                return rotate_keys(nothing)

        *responses, _ = race([*(lambda number=number: redeem(number) for number in reversed(range(30))), rotate])

        if is_guarded:
            assert answers(responses) == {(200, None): 30}
            assert violations() == {}
        else:
            assert answers(responses)[(404, "Invalid code.")] > 0


def create_codes(course, quantity):
    """Make a batch by the route, and return the texts of its codes."""
    owner = create_site_owner()
    made = Api(current_app, owner).post(
        "/api/wallet/recharge-codes/bulk/", {"course": course.id, "value": "5.00", "quantity": quantity}
    )
    assert made.status_code == 201
    return {unseal(value, "recharge-code") for value in db.session.scalars(select(RechargeCode.sealed))}


def keys_needed():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(KeyCheck))


@pytest.mark.concurrency
def test_killed_it_goes_on(url, application_on, test_environment):
    with application_on(url, CODE_KEY=OLD):
        course = create_course()
        codes = create_codes(course, 3000)
    command = [sys.executable, "-m", "edutrack", "rotate-keys"]
    environment = {**os.environ, **test_environment, **BOTH, "DATABASE_URL": url}
    with application_on(url, **BOTH):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            while keys_needed() == 1:
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
        left = sealed_with_old()
        assert keys_needed() == 2 or sum(left.values()) == 0

        finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

        assert (finished.returncode, finished.stderr) == (0, "")
        assert sum(sealed_with_old().values()) == 0
        found = {unseal(value, "recharge-code") for value in db.session.scalars(select(RechargeCode.sealed))}
        assert found == codes
