"""Cancelling codes: one, and what is left of a batch."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.wallet.invariants import violations
from edutrack.wallet.models import RechargeCode
from tests.api import counted_statements
from tests.factories import create_code, create_course, create_enrollment, create_site_owner, create_student

BAD_REASONS = [
    ({}, {"reason": ["This field is required."]}),
    ({"reason": None}, {"reason": ["This field may not be null."]}),
    ({"reason": " "}, {"reason": ["This field may not be blank."]}),
    ({"reason": ["x"]}, {"reason": ["Not a valid string."]}),
    ({"reason": "x\0"}, {"reason": ["Null characters are not allowed."]}),
    ({"reason": "x" * 501}, {"reason": ["Ensure this field has no more than 500 characters."]}),
]


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def voided():
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(RechargeCode.voided_at.is_not(None)))


def audited(verb):
    return db.session.scalars(select(AuditEntry).where(AuditEntry.verb == verb)).one()


class TestOne:
    def test_an_unused_code_is_cancelled_and_shown(self, owner):
        _, code = create_code()
        shown = owner.get(f"/api/wallet/recharge-codes/{code.id}/").json

        with counted_statements() as statements:
            response = owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", {"reason": "  ضاع من المكتبة "})

        assert (response.status_code, response.json) == (200, shown)
        # The code, its cancelling.
        assert len(statements) == 2
        db.session.refresh(code)
        assert (code.void_reason, code.used_by_id) == ("ضاع من المكتبة", None)
        assert code.voided_at is not None
        entry = audited("recharge_code.voided")
        assert (entry.actor_id, entry.target_type, entry.target_id, entry.details) == (
            owner.user.id,
            "recharge_codes",
            code.id,
            {},
        )
        assert owner.get("/api/wallet/recharge-codes/?voided=true").json["count"] == 1

    def test_a_cancelled_code_cannot_be_redeemed(self, api, owner):
        course, student = create_course(), create_student()
        create_enrollment(student, course)
        text, code = create_code(course)
        owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", {"reason": "lost"})

        response = api.as_(student).post("/api/wallet/redeem/", {"code": text, "course": course.id})

        assert (response.status_code, response.json) == (400, {"detail": "This code has been cancelled."})

    def test_an_expired_code_can_be_cancelled(self, owner):
        _, code = create_code(expires_at=clock.now() - timedelta(days=1))

        assert owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", {"reason": "old"}).status_code == 200

    def test_a_used_code_is_refused_and_stays(self, owner):
        _, code = create_code(used_by=create_student(), used_at=clock.now())

        response = owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", {"reason": "lost"})

        assert (response.status_code, response.json) == (400, {"detail": "This code has already been used."})
        assert voided() == 0

    def test_a_cancelled_code_is_refused_and_keeps_its_reason(self, owner):
        _, code = create_code()
        owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", {"reason": "first"})

        response = owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", {"reason": "second"})

        assert (response.status_code, response.json) == (400, {"detail": "This code has already been cancelled."})
        db.session.refresh(code)
        assert code.void_reason == "first"

    @pytest.mark.parametrize(("body", "messages"), BAD_REASONS)
    def test_it_takes_a_reason(self, owner, body, messages):
        _, code = create_code()

        response = owner.post(f"/api/wallet/recharge-codes/{code.id}/void/", body)

        assert (response.status_code, response.json) == (400, messages)
        assert voided() == 0

    def test_what_is_not_there_is_not_found_whatever_the_body(self, owner):
        for number in ("0", str(2**63), "9" * 40):
            response = owner.post(f"/api/wallet/recharge-codes/{number}/void/", {})

            assert (response.status_code, response.json) == (404, {"detail": "Not found."})


class TestBatch:
    @pytest.fixture
    def batch(self, owner):
        body = {"course": create_course().id, "value": "50", "quantity": 5}
        return owner.post("/api/wallet/recharge-codes/bulk/", body).json

    def test_the_unused_codes_are_cancelled_by_one_statement_and_the_batch_shown(self, owner, batch):
        used, voided_before = db.session.scalars(select(RechargeCode).order_by(RechargeCode.number).limit(2))
        used.used_by_id, used.used_at = create_student().id, clock.now()
        voided_before.voided_at, voided_before.void_reason = clock.now(), "before"
        db.session.commit()

        with counted_statements() as statements:
            response = owner.post(f"/api/wallet/batches/{batch['id']}/void/", {"reason": "سرقة"})

        assert (response.status_code, response.json) == (200, batch | {"used_count": 1})
        assert len([statement for statement in statements if "UPDATE" in statement]) == 1
        assert len(statements) == 3
        reasons = db.session.scalars(select(RechargeCode.void_reason).order_by(RechargeCode.number)).all()
        assert reasons == [None, "before", "سرقة", "سرقة", "سرقة"]
        entry = audited("recharge_batch.voided")
        assert (entry.target_type, entry.target_id, entry.details) == ("recharge_batches", batch["id"], {"voided": 3})

    def test_a_batch_of_which_nothing_is_left_stays_as_it_is(self, owner, batch):
        owner.post(f"/api/wallet/batches/{batch['id']}/void/", {"reason": "first"})

        response = owner.post(f"/api/wallet/batches/{batch['id']}/void/", {"reason": "second"})

        assert (response.status_code, response.json) == (200, batch)
        assert set(db.session.scalars(select(RechargeCode.void_reason))) == {"first"}
        assert violations() == {}

    def test_other_batches_are_left_alone(self, owner, batch):
        _, other = create_code()

        owner.post(f"/api/wallet/batches/{batch['id']}/void/", {"reason": "lost"})

        db.session.refresh(other)
        assert other.voided_at is None

    @pytest.mark.parametrize(("body", "messages"), BAD_REASONS)
    def test_it_takes_a_reason(self, owner, batch, body, messages):
        response = owner.post(f"/api/wallet/batches/{batch['id']}/void/", body)

        assert (response.status_code, response.json) == (400, messages)
        assert voided() == 0
