"""Balances, the ledger, and that the ledger only grows."""

from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InternalError

from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.wallet.codes import serial
from edutrack.wallet.models import BalanceTransaction, CourseBalance, RechargeCode
from tests.api import counted_statements
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_site_owner,
    create_student,
    give_balance,
)


@pytest.fixture
def student(app):
    return create_student()


class TestBalances:
    def test_a_student_sees_each_course_with_what_it_holds(self, api, student):
        course = create_course()
        give_balance(student, course, "150.00")
        give_balance(create_student(), course, "1.00")

        response = api.as_(student).get("/api/wallet/balances/")

        balance = db.session.scalars(select(CourseBalance).filter_by(student_id=student.id)).one()
        assert response.status_code == 200
        assert response.json == [
            {
                "id": balance.id,
                "student": student.id,
                "student_name": student.name_ar,
                "student_code": student.student_code,
                "course": course.id,
                "course_name": course.name,
                "teacher_name": course.teacher.name,
                "balance": "150.00",
                "updated_at": iso_z(balance.updated_at),
            }
        ]

    def test_without_money_there_is_none(self, api, student):
        assert api.as_(student).get("/api/wallet/balances/").json == []

    def test_the_list_is_one_statement_however_many_courses(self, api, student):
        counts = []
        for _ in range(2):
            give_balance(student, create_course(), "1.00")
            client = api.as_(student)
            with counted_statements() as statements:
                client.get("/api/wallet/balances/")
            counts.append(len(statements))

        assert counts == [1, 1]


class TestTransactions:
    def test_a_student_sees_their_entries_newest_first(self, api, student):
        lecture = create_lecture(price=Decimal("60.00"))
        course = lecture.topic.course
        create_enrollment(student, course)
        give_balance(student, course, "100.00")
        give_balance(create_student(), course, "5.00")
        api.as_(student).post("/api/purchases/", {"lecture": lecture.id})

        response = api.as_(student).get("/api/wallet/transactions/")

        bought, redeemed = db.session.scalars(
            select(BalanceTransaction).filter_by(student_id=student.id).order_by(BalanceTransaction.id.desc())
        ).all()
        code = db.session.get_one(RechargeCode, redeemed.code_id)
        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [
                {
                    "id": bought.id,
                    "course": course.id,
                    "course_name": course.name,
                    "type": "purchase",
                    "amount": "-60.00",
                    "balance_after": "40.00",
                    "reference": lecture.name,
                    "note": None,
                    "created_at": iso_z(bought.created_at),
                },
                {
                    "id": redeemed.id,
                    "course": course.id,
                    "course_name": course.name,
                    "type": "recharge_code",
                    "amount": "100.00",
                    "balance_after": "100.00",
                    "reference": serial(code.batch_id, code.number),
                    "note": None,
                    "created_at": iso_z(redeemed.created_at),
                },
            ],
        }

    def test_a_course_narrows_the_list(self, api, student):
        one, other = create_course(), create_course()
        give_balance(student, one, "1.00")
        give_balance(student, other, "2.00")

        response = api.as_(student).get(f"/api/wallet/transactions/?course={other.id}")

        assert [row["amount"] for row in response.json["results"]] == ["2.00"]

    def test_a_site_owner_names_the_student(self, api, student):
        give_balance(student, create_course(), "3.00")
        owner = api.as_(create_site_owner())

        named = owner.get(f"/api/wallet/transactions/?student={student.id}")
        unnamed = owner.get("/api/wallet/transactions/")

        assert [row["amount"] for row in named.json["results"]] == ["3.00"]
        assert (unnamed.status_code, unnamed.json) == (400, {"student": ["This field is required."]})

    def test_a_student_cannot_name_another(self, api, student):
        other = create_student()
        give_balance(other, create_course(), "3.00")

        response = api.as_(student).get(f"/api/wallet/transactions/?student={other.id}")

        assert response.json["results"] == []

    def test_a_page_is_two_statements_however_many_entries(self, api, student):
        counts = []
        for _ in range(2):
            give_balance(student, create_course(), "1.00")
            client = api.as_(student)
            with counted_statements() as statements:
                client.get("/api/wallet/transactions/")
            counts.append(len(statements))

        assert counts == [2, 2]


class TestTheLedgerOnlyGrows:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE balance_transactions SET amount = 1",
            "DELETE FROM balance_transactions",
            "TRUNCATE balance_transactions",
            "UPDATE audit_entries SET verb = 'nothing.happened'",
            "DELETE FROM audit_entries",
        ],
    )
    def test_an_entry_can_be_neither_changed_nor_removed(self, api, student, change):
        give_balance(student, create_course(), "1.00")
        api.as_(create_site_owner()).get("/api/wallet/recharge-codes/")

        with pytest.raises((IntegrityError, InternalError), match="only grows"):
            db.session.execute(text(change))

    @pytest.mark.parametrize(
        ("column", "value", "constraint"),
        [
            ("amount", "0", "ck_balance_transactions_amount_not_zero"),
            ("amount", "-1", "ck_balance_transactions_codes_add"),
            ("balance_after", "-0.01", "ck_balance_transactions_balance_after_not_negative"),
            ("code_id", "NULL", "ck_balance_transactions_one_source"),
            ("purchase_id", "1", "ck_balance_transactions_one_source"),
        ],
    )
    def test_an_entry_that_makes_no_sense_is_refused(self, app, student, column, value, constraint):
        give_balance(student, create_course(), "1.00")
        columns = ["student_id", "course_id", "amount", "balance_after", "code_id", "purchase_id", "created_at"]
        values = ", ".join(value if name == column else name for name in columns)

        with pytest.raises(IntegrityError, match=constraint):
            db.session.execute(
                text(
                    f"INSERT INTO balance_transactions ({', '.join(columns)}) "  # noqa: S608
                    f"SELECT {values} FROM balance_transactions LIMIT 1"
                )
            )

    def test_a_source_has_one_entry(self, app, student):
        give_balance(student, create_course(), "1.00")

        with pytest.raises(IntegrityError, match="uq_balance_transactions_code_id"):
            db.session.execute(
                text(
                    "INSERT INTO balance_transactions "
                    "(student_id, course_id, amount, balance_after, code_id, created_at) "
                    "SELECT student_id, course_id, amount, balance_after, code_id, created_at FROM balance_transactions"
                )
            )

    def test_a_balance_below_zero_is_refused_by_the_database(self, app, student):
        give_balance(student, create_course(), "1.00")

        with pytest.raises(IntegrityError, match="ck_course_balances_not_negative"):
            db.session.execute(text("UPDATE course_balances SET balance = balance - 1.01"))
