"""Money under thirty clients at once, on real commits; and what would happen without each guard.

Every race has a broken twin: the guarded statement is replaced by the read-then-write that it must not be, and the test
demands that the race then does happen. A twin that stays clean would mean that the race test proves nothing.
"""

import time
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text, update

from edutrack.core.extensions import db
from edutrack.courses.models import Lecture, Purchase
from edutrack.wallet.invariants import violations
from edutrack.wallet.models import BalanceTransaction, CourseBalance, RechargeCode
from edutrack.wallet.service import buying, redeeming
from tests.api import Api
from tests.factories import create_code, create_course, create_enrollment, create_lecture, create_student, give_balance
from tests.racing import answers, race
from tests.wallet.careless import debit_carelessly

pytestmark = pytest.mark.concurrency
CLIENTS = 30


@pytest.fixture
def api(committing_app):
    return Api(committing_app)


def enrolled(course, count=1):
    students = [create_student() for _ in range(count)]
    for student in students:
        create_enrollment(student, course)
    return students


def entries():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(BalanceTransaction))


def total_balance():
    db.session.rollback()
    return db.session.scalar(select(func.sum(CourseBalance.balance)))


class TestOneCode:
    def redeem_by(self, api, course, students):
        code, _ = create_code(course)
        clients = [api.as_(student) for student in students]
        body = {"code": code, "course": course.id}
        return race([lambda client=client: client.post("/api/wallet/redeem/", body) for client in clients])

    @pytest.mark.parametrize("students", [1, CLIENTS], ids=["one student in thirty tabs", "thirty students"])
    def test_one_wins_and_the_others_read_that_it_is_used(self, api, students):
        course = create_course()
        clients = enrolled(course, students) * (CLIENTS // students)

        responses = self.redeem_by(api, course, clients)

        assert answers(responses) == {(200, None): 1, (400, "This code has already been used."): CLIENTS - 1}
        assert (entries(), total_balance()) == (1, Decimal("100.00"))
        assert violations() == {}

    def test_without_the_conditional_update_it_is_used_more_than_once(self, api, monkeypatch):
        def read_then_write(seals, course_id, student_id, now):
            found = select(RechargeCode.id, RechargeCode.value).filter_by(used_by_id=None)
            code = db.session.execute(found.where(RechargeCode.sealed.in_(seals))).one_or_none()
            time.sleep(0.2)
            if code is not None:
                use = update(RechargeCode).where(RechargeCode.id == code.id)
                db.session.execute(use.values(used_by_id=student_id, used_at=now))
            return code

        monkeypatch.setattr(redeeming, "_use_up", read_then_write)
        db.session.execute(text("ALTER TABLE balance_transactions DROP CONSTRAINT uq_balance_transactions_code_id"))
        db.session.commit()
        course = create_course()

        responses = self.redeem_by(api, course, enrolled(course) * CLIENTS)

        assert answers(responses)[(200, None)] > 1
        assert "each_used_code_has_one_credit" in violations()


class TestOneLecture:
    def buy(self, api, student, lectures):
        client = api.as_(student)
        return race(
            [lambda lecture=lecture: client.post("/api/purchases/", {"lecture": lecture}) for lecture in lectures]
        )

    def test_it_is_bought_once_and_the_balance_is_exact(self, api):
        lecture = create_lecture(price=Decimal("70.00"))
        (student,) = enrolled(lecture.topic.course)
        give_balance(student, lecture.topic.course, "100.00")

        responses = self.buy(api, student, [lecture.id] * CLIENTS)

        assert answers(responses) == {
            (201, None): 1,
            (400, "You have already purchased this lecture."): CLIENTS - 1,
        }
        assert (entries(), total_balance()) == (2, Decimal("30.00"))
        assert violations() == {}

    def test_without_the_unique_insert_it_is_bought_more_than_once(self, api, monkeypatch):
        def read_then_write(student_id, lecture_id, now):
            bought = select(Purchase.id).filter_by(student_id=student_id, lecture_id=lecture_id)
            if db.session.scalar(bought) is not None:
                return None
            time.sleep(0.2)
            lecture = db.session.get_one(Lecture, lecture_id)
            purchase = Purchase(
                student_id=student_id,
                lecture_id=lecture_id,
                course_id=lecture.course_id,
                amount_paid=lecture.final_price,
                purchased_at=now,
                expires_at=now.replace(year=now.year + 1),
                effective_expiry=now.replace(year=now.year + 1),
            )
            db.session.add(purchase)
            db.session.flush()
            return purchase

        monkeypatch.setattr(buying, "_grant_access", read_then_write)
        db.session.execute(text("ALTER TABLE purchases DROP CONSTRAINT uq_purchases_student_id_lecture_id"))
        db.session.commit()
        lecture = create_lecture(price=Decimal("1.00"))
        (student,) = enrolled(lecture.topic.course)
        give_balance(student, lecture.topic.course, "100.00")

        self.buy(api, student, [lecture.id] * CLIENTS)

        db.session.rollback()
        assert "a_lecture_is_bought_once" in violations()


class TestOneBalance:
    def buy_many(self, api):
        course = create_course()
        lectures = [create_lecture(course, price=Decimal("20.00")).id for _ in range(CLIENTS)]
        (student,) = enrolled(course)
        give_balance(student, course, "50.00")
        client = api.as_(student)
        return race(
            [lambda lecture=lecture: client.post("/api/purchases/", {"lecture": lecture}) for lecture in lectures]
        )

    def test_it_pays_for_as_many_lectures_as_it_can(self, api):
        responses = self.buy_many(api)

        counted = answers(responses)
        assert counted[(201, None)] == 2
        assert counted[(400, "Insufficient balance. You need 10.00 more.")] == CLIENTS - 2
        assert total_balance() == Decimal("10.00")
        assert violations() == {}

    def test_without_the_conditional_debit_it_pays_for_more(self, api, monkeypatch):
        monkeypatch.setattr(buying, "debit", debit_carelessly)

        responses = self.buy_many(api)

        assert answers(responses)[(201, None)] > 2
        db.session.rollback()
        assert "balance_is_the_sum_of_its_entries" in violations()

    def test_codes_and_purchases_at_once_leave_the_books_in_order(self, api):
        course = create_course()
        students = enrolled(course, 3)
        for student in students:
            give_balance(student, course, "60.00")
        lectures = [create_lecture(course, price=Decimal("25.00")).id for _ in range(4)]
        calls = []
        for student in students:
            client = api.as_(student)
            codes = [create_code(course, value=Decimal("10.00"))[0] for _ in range(5)]
            calls += [
                lambda client=client, code=code: client.post("/api/wallet/redeem/", {"code": code, "course": course.id})
                for code in codes
            ]
            calls += [
                lambda client=client, lecture=lecture: client.post("/api/purchases/", {"lecture": lecture})
                for lecture in lectures
            ]

        counted = answers(race(calls))

        assert counted[(200, None)] == 15
        assert {status for status, _ in counted} <= {200, 201, 400}
        bought = counted[(201, None)]
        assert total_balance() == 3 * Decimal("110.00") - bought * Decimal("25.00")
        assert violations() == {}


class TestServedProcess:
    """The same, through the real server and its worker processes."""

    def test_thirty_connections_redeem_one_code(self, served, committing_app):
        course = create_course()
        students = enrolled(course, CLIENTS)
        code, _ = create_code(course)
        signed_in = [Api(committing_app, student.user).headers for student in students]

        responses = race(
            [
                lambda headers=headers: served.post(
                    "/api/wallet/redeem/", json={"code": code, "course": course.id}, headers=headers
                )
                for headers in signed_in
            ]
        )

        assert answers(responses) == {(200, None): 1, (400, "This code has already been used."): CLIENTS - 1}
        assert (entries(), total_balance()) == (1, Decimal("100.00"))
        assert violations() == {}

    def test_thirty_connections_buy_one_lecture(self, served, committing_app):
        lecture = create_lecture(price=Decimal("70.00"))
        (student,) = enrolled(lecture.topic.course)
        give_balance(student, lecture.topic.course, "70.00")
        headers = Api(committing_app, student.user).headers

        responses = race(
            [lambda: served.post("/api/purchases/", json={"lecture": lecture.id}, headers=headers)] * CLIENTS
        )

        assert answers(responses) == {(201, None): 1, (400, "You have already purchased this lecture."): CLIENTS - 1}
        assert total_balance() == Decimal("0.00")
        assert violations() == {}
