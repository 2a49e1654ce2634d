"""Voiding against redeeming, adjustments against purchases, and keys sent again, on real commits; with broken twins."""

import time
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text, update

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Purchase
from edutrack.notifications.models import Notification
from edutrack.wallet.invariants import violations
from edutrack.wallet.models import (
    Adjustment,
    BalanceTransaction,
    CourseBalance,
    RechargeBatch,
    RechargeCode,
)
from edutrack.wallet.service import adjusting, voiding
from tests.api import Api
from tests.factories import (
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_site_owner,
    create_student,
    give_balance,
)
from tests.owner.console import Console
from tests.racing import answers, race
from tests.wallet.careless import debit_carelessly

pytestmark = pytest.mark.concurrency
ROUNDS = 12
RETRIES = 50
CANCELLED = (400, "This code has been cancelled.")
USED = (400, "This code has already been used.")


@pytest.fixture
def owner(committing_app):
    owner = Api(committing_app).as_(create_site_owner())
    # Whatever an application makes once, with its first request, is made before the race.
    assert owner.get("/api/wallet/batches/").status_code == 200
    return owner


@pytest.fixture
def course(committing_app):
    return create_course()


@pytest.fixture
def student(course):
    student = create_student()
    create_enrollment(student, course)
    return student


@pytest.fixture
def buyer(committing_app, student):
    buyer = Api(committing_app).as_(student)
    assert buyer.get("/api/wallet/balances/").status_code == 200
    return buyer


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def total(column):
    db.session.rollback()
    return db.session.scalar(select(func.coalesce(func.sum(column), 0)))


def redeeming(buyer, course, code):
    return lambda: buyer.post("/api/wallet/redeem/", {"code": code, "course": course.id})


class TestOneCode:
    def void_and_redeem(self, owner, buyer, course):
        """Return how redeeming and voiding one code at the same moment went."""
        printed, code = create_code(course, value=Decimal("10.00"))
        path = f"/api/wallet/recharge-codes/{code.id}/void/"
        responses = race([redeeming(buyer, course, printed), lambda: owner.post(path, {"reason": "lost"})])
        redeemed, voided = (next(iter(answers([response]))) for response in responses)
        return redeemed, voided

    def test_exactly_one_wins_and_the_ledger_says_which(self, owner, buyer, course):
        outcomes = [self.void_and_redeem(owner, buyer, course) for _ in range(ROUNDS)]

        assert set(outcomes) <= {((200, None), USED), (CANCELLED, (200, None))}
        redeemed = sum(outcome[0] == (200, None) for outcome in outcomes)
        assert count(BalanceTransaction) == redeemed
        assert total(CourseBalance.balance) == redeemed * Decimal("10.00")
        assert violations() == {}

    def test_without_the_conditional_update_both_win(self, owner, buyer, course, monkeypatch):
        def read_then_write(code_id, reason, now):
            code = db.session.get_one(RechargeCode, code_id)
            is_free = code.used_by_id is None and code.voided_at is None
            time.sleep(0.3)
            if not is_free:
                return None
            code.voided_at, code.void_reason = now, reason
            db.session.flush()
            return code

        monkeypatch.setattr(voiding, "cancel_unused", read_then_write)
        db.session.execute(text("ALTER TABLE recharge_codes DROP CONSTRAINT ck_recharge_codes_not_used_and_voided"))
        db.session.commit()

        outcomes = [self.void_and_redeem(owner, buyer, course) for _ in range(3)]

        assert ((200, None), (200, None)) in outcomes
        db.session.rollback()
        assert "no_code_is_used_and_voided" in violations()


class TestOneBatch:
    QUANTITY = 20

    def void_and_redeem(self, owner, buyer, course):
        """Return how redeeming every code of a batch while it is voided went, by answer."""
        body = {"course": course.id, "value": "10", "quantity": self.QUANTITY}
        batch = owner.post("/api/wallet/recharge-codes/bulk/", body).json["id"]
        codes = [code["code"] for code in owner.get(f"/api/wallet/recharge-codes/?batch={batch}").json["results"]]
        calls = [redeeming(buyer, course, code) for code in codes]
        calls.insert(len(calls) // 2, lambda: owner.post(f"/api/wallet/batches/{batch}/void/", {"reason": "lost"}))
        responses = race(calls)
        voided = responses.pop(len(codes) // 2)
        assert voided.status_code == 200
        return answers(responses)

    def test_every_code_is_either_redeemed_or_cancelled(self, owner, buyer, course):
        counted = self.void_and_redeem(owner, buyer, course)

        redeemed = counted.get((200, None), 0)
        assert counted.get(CANCELLED, 0) == self.QUANTITY - redeemed
        assert count(BalanceTransaction) == redeemed
        db.session.rollback()
        voided = db.session.scalar(select(func.count()).where(RechargeCode.voided_at.is_not(None)))
        assert voided == self.QUANTITY - redeemed
        assert violations() == {}

    def test_without_the_conditional_update_used_codes_are_cancelled(self, owner, buyer, course, monkeypatch):
        def read_then_write(batch_id, reason, now):
            free = select(RechargeCode.id).where(RechargeCode.batch_id == batch_id, RechargeCode.used_by_id.is_(None))
            ids = db.session.scalars(free).all()
            time.sleep(0.5)
            db.session.execute(
                update(RechargeCode).where(RechargeCode.id.in_(ids)).values(voided_at=now, void_reason=reason)
            )
            return len(ids)

        monkeypatch.setattr(voiding, "cancel_rest", read_then_write)
        db.session.execute(text("ALTER TABLE recharge_codes DROP CONSTRAINT ck_recharge_codes_not_used_and_voided"))
        db.session.commit()

        self.void_and_redeem(owner, buyer, course)

        db.session.rollback()
        assert "no_code_is_used_and_voided" in violations()


class TestOneRange:
    QUANTITY = 20

    @pytest.fixture
    def consoles(self, committing_app, owner):
        """Three site owners' browsers, each with a token to send forms with."""
        visitors = [Console(committing_app) for _ in range(3)]
        for visitor in visitors:
            visitor.sign_in(owner.user)
        return [(visitor.client, visitor.token()) for visitor in visitors]

    def void_and_redeem(self, owner, consoles, buyer, course):
        """Return the batch, and how redeeming all its codes went while three forms cancelled its second half."""
        body = {"course": course.id, "value": "10", "quantity": self.QUANTITY}
        batch = owner.post("/api/wallet/recharge-codes/bulk/", body).json["id"]
        codes = [code["code"] for code in owner.get(f"/api/wallet/recharge-codes/?batch={batch}").json["results"]]
        path = f"/owner/codes/batches/{batch}/void-range/{self.QUANTITY // 2 + 1}-{self.QUANTITY}/"

        def voiding(client, token):
            return lambda: client.post(path, data={"reason": "lost", "csrf_token": token})

        responses = race([redeeming(buyer, course, code) for code in codes] + [voiding(*each) for each in consoles])
        assert [response.status_code for response in responses[self.QUANTITY :]] == [303] * len(consoles)
        return batch, answers(responses[: self.QUANTITY])

    def test_every_code_is_either_redeemed_or_cancelled(self, owner, consoles, buyer, course):
        batch, counted = self.void_and_redeem(owner, consoles, buyer, course)

        cancelled = counted.get(CANCELLED, 0)
        assert counted.get((200, None), 0) == self.QUANTITY - cancelled
        db.session.rollback()
        first_half = RechargeCode.number <= self.QUANTITY // 2
        voided = select(func.count()).where(RechargeCode.voided_at.is_not(None))
        assert (db.session.scalar(voided), db.session.scalar(voided.where(first_half))) == (cancelled, 0)
        entries = db.session.scalars(select(AuditEntry).filter_by(verb="recharge_batch.range_voided", target_id=batch))
        assert sum(entry.details["voided"] for entry in entries) == cancelled
        assert violations() == {}

    def test_without_the_conditional_update_used_codes_are_cancelled(self, owner, consoles, buyer, course, monkeypatch):
        def read_then_write(batch_id, first, last, reason, now):
            numbered = RechargeCode.number.between(first, last)
            free = select(RechargeCode.id).where(
                RechargeCode.batch_id == batch_id, RechargeCode.used_by_id.is_(None), numbered
            )
            ids = db.session.scalars(free).all()
            time.sleep(0.5)
            db.session.execute(
                update(RechargeCode).where(RechargeCode.id.in_(ids)).values(voided_at=now, void_reason=reason)
            )
            return len(ids)

        monkeypatch.setattr(voiding, "cancel_range", read_then_write)
        db.session.execute(text("ALTER TABLE recharge_codes DROP CONSTRAINT ck_recharge_codes_not_used_and_voided"))
        db.session.commit()

        self.void_and_redeem(owner, consoles, buyer, course)

        db.session.rollback()
        assert "no_code_is_used_and_voided" in violations()


class TestOneBalance:
    def adjust_and_buy(self, owner, buyer, student, course):
        """Take 20 by fifteen adjustments and fifteen purchases at once from a balance of 50."""
        lectures = [create_lecture(course, price=Decimal("20.00")).id for _ in range(15)]
        give_balance(student, course, "50.00")
        body = {"student": student.id, "course": course.id, "amount": "-20", "reason": "correction"}
        calls = [lambda: owner.post("/api/wallet/adjustments/", body)] * 15
        calls += [lambda lecture=lecture: buyer.post("/api/purchases/", {"lecture": lecture}) for lecture in lectures]
        return race(calls)

    def test_it_never_goes_below_zero(self, owner, buyer, student, course):
        responses = self.adjust_and_buy(owner, buyer, student, course)

        assert sum(response.status_code == 201 for response in responses) == 2
        assert {response.status_code for response in responses} == {201, 400}
        assert total(CourseBalance.balance) == Decimal("10.00")
        assert count(Adjustment) + count(Purchase) == 2
        assert violations() == {}

    def test_without_the_conditional_debit_more_is_taken_than_there_is(
        self, owner, buyer, student, course, monkeypatch
    ):
        monkeypatch.setattr(adjusting, "debit", debit_carelessly)

        responses = self.adjust_and_buy(owner, buyer, student, course)

        assert sum(response.status_code == 201 for response in responses) > 2
        db.session.rollback()
        assert "balance_is_the_sum_of_its_entries" in violations()


class TestOneKey:
    """Fifty tries with one key: one effect, one body."""

    def retry(self, client, path, body):
        responses = race([lambda: client.post(path, body, headers={"Idempotency-Key": "once"})] * RETRIES)
        assert len({(response.status_code, response.data) for response in responses}) == 1
        assert sum("Idempotency-Replayed" in response.headers for response in responses) == RETRIES - 1
        return responses[0]

    def test_redeeming(self, buyer, course):
        printed, _ = create_code(course)

        assert self.retry(buyer, "/api/wallet/redeem/", {"code": printed, "course": course.id}).status_code == 200

        assert (count(BalanceTransaction), count(Notification)) == (1, 1)
        assert violations() == {}

    def test_buying(self, buyer, student, course):
        give_balance(student, course, "500.00")
        lecture = create_lecture(course, price=Decimal("70.00"))

        assert self.retry(buyer, "/api/purchases/", {"lecture": lecture.id}).status_code == 201

        assert (count(Purchase), total(CourseBalance.balance), count(Notification)) == (1, Decimal("430.00"), 1)
        assert violations() == {}

    def test_adjusting(self, owner, student, course):
        body = {"student": student.id, "course": course.id, "amount": "25", "reason": "gift"}

        assert self.retry(owner, "/api/wallet/adjustments/", body).status_code == 201

        assert (count(Adjustment), total(CourseBalance.balance), count(Notification)) == (1, Decimal("25.00"), 1)
        assert violations() == {}

    def test_making_a_code(self, owner, course):
        body = {"course": course.id, "value": "25"}

        assert self.retry(owner, "/api/wallet/recharge-codes/", body).status_code == 201

        assert (count(RechargeBatch), count(RechargeCode)) == (1, 1)

    def test_making_a_batch(self, owner, course):
        body = {"course": course.id, "value": "25", "quantity": 30}

        assert self.retry(owner, "/api/wallet/recharge-codes/bulk/", body).status_code == 201

        assert (count(RechargeBatch), count(RechargeCode)) == (1, 30)
