"""Batches of codes: the list, one of them, and the file of its codes."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.csv_files import csv_response
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.core.sealing import unseal
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import RechargeBatch, RechargeCode
from tests.api import counted_statements
from tests.factories import create_course, create_site_owner, create_student

PATH = "/api/wallet/batches/"


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def make(owner, course, quantity=3, **values):
    """Return the body of a batch made over HTTP."""
    body = {"course": course.id, "value": "50", "quantity": quantity} | values
    response = owner.post("/api/wallet/recharge-codes/bulk/", body)
    assert response.status_code == 201
    return response.json


def codes_of(batch):
    rows = select(RechargeCode).where(RechargeCode.batch_id == batch["id"]).order_by(RechargeCode.number)
    return db.session.scalars(rows).all()


def use(code, student):
    code.used_by_id, code.used_at = student.id, clock.now()
    db.session.commit()


class TestList:
    def test_batches_have_the_body_that_making_them_answered_newest_first(self, owner):
        older, newer = make(owner, create_course(), label="أولى"), make(owner, create_course())

        response = owner.get(PATH)

        assert response.status_code == 200
        assert response.json == {"count": 2, "next": None, "previous": None, "results": [newer, older]}

    def test_used_codes_are_counted(self, owner):
        batch = make(owner, create_course())
        use(codes_of(batch)[1], create_student())

        assert owner.get(PATH).json["results"] == [batch | {"used_count": 1}]
        assert owner.get(f"{PATH}{batch['id']}/").json == batch | {"used_count": 1}

    def test_a_code_made_alone_is_in_no_batch(self, owner):
        owner.post("/api/wallet/recharge-codes/", {"course": create_course().id, "value": "10"})
        single = db.session.scalars(select(RechargeBatch.id)).one()

        assert owner.get(PATH).json["results"] == []
        for path in ("", "codes.csv"):
            assert owner.get(f"{PATH}{single}/{path}").json == {"detail": "Not found."}
        assert owner.post(f"{PATH}{single}/void/", {"reason": "lost"}).status_code == 404

    def test_a_page_costs_two_statements_however_many_there_are(self, owner):
        counts = []
        for _ in range(2):
            make(owner, create_course())
            make(owner, create_course())
            with counted_statements() as statements:
                owner.get(PATH)
            counts.append(len(statements))

        assert counts == [2, 2]

    def test_one_costs_two_statements(self, owner):
        batch = make(owner, create_course())

        with counted_statements() as statements:
            assert owner.get(f"{PATH}{batch['id']}/").status_code == 200

        assert len(statements) == 2

    @pytest.mark.parametrize("number", ["0", str(2**63), "9" * 40])
    def test_what_is_not_there_is_not_found(self, owner, number):
        for path in (f"{number}/", f"{number}/codes.csv"):
            response = owner.get(PATH + path)

            assert (response.status_code, response.json) == (404, {"detail": "Not found."})


class TestFile:
    def test_it_has_every_code_in_the_clear_with_its_status(self, owner):
        batch = make(owner, create_course(), 4)
        unused, used, voided, expired = codes_of(batch)
        use(used, create_student())
        voided.voided_at, voided.void_reason = clock.now(), "lost"
        expired.expires_at = clock.now() - timedelta(days=1)
        db.session.commit()

        response = owner.get(f"{PATH}{batch['id']}/codes.csv")

        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"] == f'attachment; filename="batch-{batch["id"]:06d}-codes.csv"'
        assert response.headers["Cache-Control"] == "no-store"
        assert response.data.startswith(b"\xef\xbb\xbfcode,serial,value,expires_at,status\r\n")
        rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))
        assert rows[1:] == [
            [
                printed_code(unseal(code.sealed, "recharge-code")),
                serial(batch["id"], number),
                "50.00",
                iso_z(code.expires_at) if code is expired else "",
                status,
            ]
            for number, (code, status) in enumerate(
                [(unused, "unused"), (used, "used"), (voided, "voided"), (expired, "expired")], start=1
            )
        ]

    def test_it_takes_a_fixed_number_of_statements(self, owner):
        counts, lines = [], []
        for quantity in (1, 3000):
            batch = make(owner, create_course(), quantity)
            with counted_statements() as statements:
                response = owner.get(f"{PATH}{batch['id']}/codes.csv")
            lines.append(response.data.count(b"\r\n"))
            assert response.content_length == len(response.data)
            counts.append(len([statement for statement in statements if "recharge_codes" in statement]))

        assert counts == [1, 1]
        assert lines == [2, 3001]

    def test_the_codes_wait_on_the_server(self, owner):
        batch, cursors = make(owner, create_course()), []

        def collect(_connection, cursor, statement, *_):
            if "recharge_codes.sealed" in statement:
                cursors.append(type(cursor))

        event.listen(Engine, "before_cursor_execute", collect)
        try:
            assert owner.get(f"{PATH}{batch['id']}/codes.csv").data
        finally:
            event.remove(Engine, "before_cursor_execute", collect)

        assert [issubclass(cursor, psycopg.ServerCursor) for cursor in cursors] == [True]

    def test_each_download_is_audited_without_codes(self, owner):
        batch = make(owner, create_course())

        owner.get(f"{PATH}{batch['id']}/codes.csv")

        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "recharge_batch.exported")).one()
        assert (entry.actor_id, entry.target_type, entry.target_id, entry.details) == (
            owner.user.id,
            "recharge_batches",
            batch["id"],
            {"quantity": 3, "format": "csv"},
        )


@pytest.mark.parametrize("text", ["=1+1", "+20", "-1", "@SUM(A1)", "\tx", "\r=x", "＝1", "=HYPERLINK('x')"])
def test_a_text_that_would_be_a_formula_is_made_harmless(app, text):
    with app.test_request_context():
        response = csv_response("x.csv", ["text", "number"], [[(text, Decimal("-5.00"))]])
        response.spool()
        rows = list(csv.reader(io.StringIO(response.get_data().decode("utf-8-sig"), newline="")))

    assert rows == [["text", "number"], [f"'{text}", "-5.00"]]
