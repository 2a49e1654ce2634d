"""Making and listing recharge codes."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.wallet.codes import ALPHABET, new_codes, normalised_code, parsed_serial, printed_code, serial
from edutrack.wallet.models import RechargeBatch, RechargeCode
from tests.api import counted_statements
from tests.factories import create_code, create_course, create_site_owner, create_student

PRINTED = re.compile(f"[{ALPHABET}]{{4}}(-[{ALPHABET}]{{4}}){{3}}")


class TestSingle:
    def test_a_code_is_made_and_shown_in_the_clear(self, api):
        owner, course = create_site_owner(), create_course()

        response = api.as_(owner).post("/api/wallet/recharge-codes/", {"course": course.id, "value": "150"})

        assert response.status_code == 201
        code = db.session.scalars(select(RechargeCode)).one()
        assert PRINTED.fullmatch(response.json["code"])
        assert response.json == {
            "id": code.id,
            "course": course.id,
            "course_name": course.name,
            "teacher_name": course.teacher.name,
            "code": response.json["code"],
            "value": "150.00",
            "is_used": False,
            "used_by": None,
            "used_by_name": None,
            "used_at": None,
            "created_at": iso_z(code.created_at),
            "expires_at": None,
            "created_by": owner.id,
            "created_by_username": owner.username,
        }
        assert api.as_(owner).get(f"/api/wallet/recharge-codes/{code.id}/").json == response.json

    def test_an_expiry_may_carry_any_offset(self, api):
        course = create_course()
        body = {"course": course.id, "value": "1.00", "expires_at": "2099-01-01T02:00:00+02:00"}

        response = api.as_(create_site_owner()).post("/api/wallet/recharge-codes/", body)

        assert (response.status_code, response.json["expires_at"]) == (201, "2099-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("change", "messages"),
        [
            ({"course": None}, {"course": ["This field may not be null."]}),
            ({"course": "x"}, {"course": ["A valid integer is required."]}),
            ({"course": 987654}, {"course": ['Invalid pk "987654" - object does not exist.']}),
            ({"course": 2**63}, {"course": [f'Invalid pk "{2**63}" - object does not exist.']}),
            ({"course": True}, {"course": ["A valid integer is required."]}),
            ({"value": "0.99"}, {"value": ["Ensure this value is greater than or equal to 1."]}),
            ({"value": "-5"}, {"value": ["Ensure this value is greater than or equal to 1."]}),
            ({"value": "1.999"}, {"value": ["Ensure that there are no more than 2 decimal places."]}),
            ({"value": "NaN"}, {"value": ["A valid number is required."]}),
            ({"value": "1e400"}, {"value": ["Ensure that there are no more than 12 digits in total."]}),
            ({"value": [1]}, {"value": ["A valid number is required."]}),
            ({"expires_at": "2001-01-01T00:00:00Z"}, {"expires_at": ["The expiry must be in the future."]}),
            (
                {"expires_at": "tomorrow"},
                {
                    "expires_at": [
                        "Datetime has wrong format. Use one of these formats instead: "
                        "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
                    ]
                },
            ),
        ],
    )
    def test_what_makes_no_code_is_refused_by_field(self, api, change, messages):
        body = {"course": create_course().id, "value": "10"} | change

        response = api.as_(create_site_owner()).post("/api/wallet/recharge-codes/", body)

        assert (response.status_code, response.json) == (400, messages)
        assert db.session.scalar(select(func.count()).select_from(RechargeBatch)) == 0

    def test_what_is_missing_is_named(self, api):
        response = api.as_(create_site_owner()).post("/api/wallet/recharge-codes/", {})

        assert response.status_code == 400
        assert response.json == {"course": ["This field is required."], "value": ["This field is required."]}


class TestBatch:
    def test_a_batch_is_made_whole(self, api):
        owner, course = create_site_owner(), create_course()
        body = {"course": course.id, "value": "50", "quantity": 30, "label": "مكتبة النور"}

        response = api.as_(owner).post("/api/wallet/recharge-codes/bulk/", body)

        batch = db.session.scalars(select(RechargeBatch)).one()
        assert response.status_code == 201
        assert response.json == {
            "id": batch.id,
            "label": "مكتبة النور",
            "course": course.id,
            "course_name": course.name,
            "value": "50.00",
            "quantity": 30,
            "expires_at": None,
            "created_at": iso_z(batch.created_at),
            "created_by": owner.id,
            "created_by_username": owner.username,
            "used_count": 0,
            "total_value": "1500.00",
        }
        codes = db.session.execute(
            select(RechargeCode.number, RechargeCode.value, RechargeCode.course_id).order_by(RechargeCode.number)
        ).all()
        assert codes == [(number, Decimal("50.00"), course.id) for number in range(1, 31)]

    @pytest.mark.parametrize(
        ("quantity", "message"),
        [
            (0, "Ensure this value is greater than or equal to 1."),
            (100_001, "Ensure this value is less than or equal to 100000."),
            ("many", "A valid integer is required."),
            (None, "This field may not be null."),
            (10**30, "Ensure this value is less than or equal to 100000."),
        ],
    )
    def test_an_impossible_quantity_makes_nothing(self, api, quantity, message):
        body = {"course": create_course().id, "value": "10", "quantity": quantity}

        response = api.as_(create_site_owner()).post("/api/wallet/recharge-codes/bulk/", body)

        assert (response.status_code, response.json) == (400, {"quantity": [message]})
        assert db.session.scalar(select(func.count()).select_from(RechargeCode)) == 0

    def test_a_batch_costs_the_same_statements_whatever_its_size(self, api):
        owner, course = api.as_(create_site_owner()), create_course()
        counts = []
        for quantity in (1, 500):
            with counted_statements() as statements:
                body = {"course": course.id, "value": "10", "quantity": quantity}
                assert owner.post("/api/wallet/recharge-codes/bulk/", body).status_code == 201
            counts.append(len(statements))

        # The course, the batch, the batch again with its counts; the codes go by COPY.
        assert counts == [3, 3]

    def test_making_codes_is_audited_without_them(self, api):
        owner = create_site_owner()
        body = {"course": create_course().id, "value": "10", "quantity": 3}

        api.as_(owner).post("/api/wallet/recharge-codes/bulk/", body)

        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.actor_id, entry.verb, entry.target_type) == (
            owner.id,
            "recharge_batch.issued",
            "recharge_batches",
        )
        assert entry.details == {"course": body["course"], "value": "10.00", "quantity": 3}


class TestList:
    def test_it_shows_whole_codes_newest_first_with_who_used_them(self, api):
        owner, course, student, now = create_site_owner(), create_course(), create_student(), clock.now()
        used_text, used = create_code(course, used_by=student, used_at=now, expires_at=now + timedelta(days=1))
        text, unused = create_code(course, value=Decimal("20.5"))

        response = api.as_(owner).get("/api/wallet/recharge-codes/")

        def shown(code, text, **values):
            return {
                "id": code.id,
                "course": course.id,
                "course_name": course.name,
                "teacher_name": course.teacher.name,
                "code": text,
                "value": "20.50",
                "is_used": False,
                "used_by": None,
                "used_by_name": None,
                "used_at": None,
                "created_at": iso_z(code.created_at),
                "expires_at": None,
                "created_by": code.batch.created_by_id,
                "created_by_username": code.batch.created_by.username,
            } | values

        spent = {"is_used": True, "used_by": student.id, "used_by_name": student.name_ar, "used_at": iso_z(now)}
        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [
                shown(unused, text),
                shown(used, used_text, value="100.00", expires_at=iso_z(used.expires_at), **spent),
            ],
        }

    @pytest.mark.parametrize("number", ["987654", str(2**63), "9" * 40])
    def test_a_code_that_is_not_there_is_not_found(self, api, number):
        response = api.as_(create_site_owner()).get(f"/api/wallet/recharge-codes/{number}/")

        assert (response.status_code, response.json) == (404, {"detail": "Not found."})

    def test_each_listing_is_audited(self, api):
        owner = create_site_owner()

        api.as_(owner).get("/api/wallet/recharge-codes/?is_used=false")

        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.actor_id, entry.verb, entry.details["is_used"]) == (owner.id, "recharge_codes.listed", "False")

    def test_filters_narrow_the_list(self, api):
        owner, now = api.as_(create_site_owner()), clock.now()
        course, student = create_course(), create_student()
        _, used = create_code(course, used_by=student, used_at=now)
        _, unused = create_code(course, value=Decimal("20.00"))
        _, expired = create_code(expires_at=now - timedelta(days=1))
        _, voided = create_code(voided_at=now, void_reason="lost")
        cases = {
            f"course={course.id}": {used.id, unused.id},
            "is_used=true": {used.id},
            "is_used=0": {unused.id, expired.id, voided.id},
            "value=20": {unused.id},
            f"batch={expired.batch_id}": {expired.id},
            "expired=true": {expired.id},
            "expired=false": {used.id, unused.id, voided.id},
            "voided=true": {voided.id},
            f"course={course.id}&is_used=false": {unused.id},
            "course=987654": set(),
        }

        found = {
            query: {row["id"] for row in owner.get(f"/api/wallet/recharge-codes/?{query}").json["results"]}
            for query in cases
        }

        assert found == cases

    def test_search_takes_a_whole_code_or_serial(self, api):
        owner = api.as_(create_site_owner())
        text, code = create_code()
        create_code()

        for search in (text, text.lower().replace("-", " "), serial(code.batch_id, 1)):
            response = owner.get("/api/wallet/recharge-codes/", query_string={"search": search})
            assert [row["code"] for row in response.json["results"]] == [text]
        for search in (text[:-1], "nothing", "999999-000001", "١٢٣"):
            response = owner.get("/api/wallet/recharge-codes/", query_string={"search": search})
            assert response.json["results"] == []

    def test_ordering_is_by_the_named_fields_with_ties_by_id(self, api):
        owner = api.as_(create_site_owner())
        ids = [create_code(value=Decimal(value))[1].id for value in ("30", "10", "10")]

        def listed(ordering):
            return [row["id"] for row in owner.get(f"/api/wallet/recharge-codes/?ordering={ordering}").json["results"]]

        assert listed("value") == [ids[1], ids[2], ids[0]]
        assert listed("-value") == [ids[0], ids[2], ids[1]]
        response = owner.get("/api/wallet/recharge-codes/?ordering=sealed")
        assert (response.status_code, response.json) == (400, {"ordering": ['"sealed" is not a valid choice.']})

    def test_ordering_by_the_time_of_use_or_of_making(self, api):
        owner, student, now = api.as_(create_site_owner()), create_student(), clock.now()
        moments = [now - timedelta(hours=hours) for hours in (1, 3, 2)]
        ids = [create_code(used_by=student, used_at=moment)[1].id for moment in moments]

        def listed(ordering):
            return [row["id"] for row in owner.get(f"/api/wallet/recharge-codes/?ordering={ordering}").json["results"]]

        assert listed("used_at") == [ids[1], ids[2], ids[0]]
        assert listed("-used_at") == [ids[0], ids[2], ids[1]]
        assert (listed("created_at"), listed("-created_at")) == (ids, ids[::-1])

    @pytest.mark.parametrize(
        ("query", "messages"),
        [
            ("course=x", {"course": ["A valid integer is required."]}),
            ("is_used=maybe", {"is_used": ["Must be a valid boolean."]}),
            ("value=a", {"value": ["A valid number is required."]}),
            ("search=%00", {"search": ["Null characters are not allowed."]}),
        ],
    )
    def test_a_bad_filter_is_refused(self, api, query, messages):
        response = api.as_(create_site_owner()).get(f"/api/wallet/recharge-codes/?{query}")

        assert (response.status_code, response.json) == (400, messages)

    def test_a_page_costs_two_statements_however_many_codes_it_has(self, api):
        owner, course = api.as_(create_site_owner()), create_course()
        counts = []
        for _ in range(2):
            create_code(course)
            create_code()
            with counted_statements() as statements:
                owner.get("/api/wallet/recharge-codes/")
            counts.append(len(statements))

        assert counts == [2, 2]

    def test_the_whole_list_is_streamed(self, api):
        owner = api.as_(create_site_owner())
        codes = [create_code()[0] for _ in range(3)]

        response = owner.get("/api/wallet/recharge-codes/?all=true&ordering=created_at")

        assert response.is_streamed
        assert list(response.json) == ["count", "results"]
        assert [row["code"] for row in response.json["results"]] == codes


class TestText:
    def test_codes_have_the_documented_form_and_no_look_alikes(self):
        codes = new_codes(1000)

        assert len(set(codes)) == 1000
        assert all(PRINTED.fullmatch(printed_code(code)) for code in codes)
        assert set("".join(codes)) == set(ALPHABET)
        assert not set(ALPHABET) & set("0O1I")

    @pytest.mark.parametrize(
        "typed",
        [
            "X7K9-M2P4-QR3W-L5D8",
            "x7k9m2p4qr3wl5d8",
            " X7K9 M2P4 QR3W L5D8 ",
            "X7K9–M2P4—QR3W−L5D8",
            "X٧K٩-M٢P٤-QR٣W-L٥D٨",
            "\u200fX7K9-M2P4-QR3W-L5D8\u200e",
        ],
    )
    def test_a_code_is_read_however_it_is_typed(self, typed):
        assert normalised_code(typed) == "X7K9M2P4QR3WL5D8"

    @pytest.mark.parametrize("typed", ["", "X7K9", "X7K9-M2P4-QR3W-L5D0", "X7K9-M2P4-QR3W-L5DI", "é" * 16, "X" * 17])
    def test_what_cannot_be_a_code_is_none(self, typed):
        assert normalised_code(typed) is None

    def test_a_serial_is_read_back(self):
        assert serial(12, 345) == "000012-000345"
        assert parsed_serial(" ٠٠٠٠١٢-٠٠٠٣٤٥ ") == (12, 345)
        assert parsed_serial("12") is None
