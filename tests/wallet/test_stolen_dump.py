"""Whoever steals the database, or a backup of it, holds no code to redeem and no national id to read."""

import base64
import re
import subprocess

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from edutrack.accounts.models import Student
from edutrack.core.embedded import binary
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.wallet.codes import printed_code
from tests.api import Api
from tests.factories import create_course, create_enrollment, create_site_owner, create_student, registration_form


@pytest.fixture
def secrets_kept(committing_app):
    """The codes and the national id of a school in which codes were made in every way, one was redeemed, one voided."""
    api = Api(committing_app)
    owner, course, student = api.as_(create_site_owner()), create_course(), create_student()
    create_enrollment(student, course)
    key = {"Idempotency-Key": "printed-twice"}
    single = owner.post("/api/wallet/recharge-codes/", {"course": course.id, "value": "10"}, headers=key)
    assert single.status_code == 201
    batch = owner.post("/api/wallet/recharge-codes/bulk/", {"course": course.id, "value": "10", "quantity": 20})
    assert batch.status_code == 201
    listed = owner.get("/api/wallet/recharge-codes/?all=true").json["results"]
    codes = [code["code"] for code in listed]
    redeemed = api.as_(student).post("/api/wallet/redeem/", {"code": codes[0], "course": course.id})
    assert redeemed.status_code == 200
    assert owner.post(f"/api/wallet/recharge-codes/{listed[1]['id']}/void/", {"reason": "lost"}).status_code == 200
    assert owner.get(f"/api/wallet/recharge-codes/?search={codes[2]}").json["count"] == 1
    form = registration_form()
    assert api.post("/api/accounts/students/register/", form).status_code == 201
    assert len(codes) == 21
    return codes, form


def dump(app):
    """Return the whole database as a thief would have it: schema and data, as text."""
    url = make_url(app.config["DATABASE_URL"]).set(drivername="postgresql").render_as_string(hide_password=False)
    finished = subprocess.run(
        [str(binary("pg_dump")), "--no-owner", "--inserts", f"--dbname={url}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return finished.stdout


def spellings(secret):
    """Return the ways in which a text might lie in a dump: plain, hexadecimal, base64, either case."""
    for text in {secret, secret.lower()}:
        raw = text.encode()
        yield text
        yield raw.hex()
        yield "".join(f"\\{byte:03o}" for byte in raw)
        # Base64 of a text inside a longer one depends on where it starts: the part that all three have in common.
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + raw).decode()
            yield encoded[(0, 2, 3)[shift] : len(encoded) - 4]


def readable(secret, dumped):
    folded = dumped.lower()
    return [spelling for spelling in spellings(secret) if spelling in dumped or spelling.lower() in folded]


def test_no_code_can_be_read(committing_app, secrets_kept):
    codes, _ = secrets_kept
    dumped = dump(committing_app)

    found = [hit for code in codes for text in (code, code.replace("-", "")) for hit in readable(text, dumped)]

    assert "INSERT INTO public.recharge_codes" in dumped
    assert found == []


def test_no_national_id_can_be_read(committing_app, secrets_kept):
    _, form = secrets_kept
    dumped = dump(committing_app)

    assert form["name_ar"] in dumped
    assert readable(form["national_id"], dumped) == []


def test_what_is_there_would_be_found(committing_app, secrets_kept):
    """The search itself works: what is kept in the clear is found, and so is a code that somebody wrote down."""
    codes, form = secrets_kept
    written = [codes[0], codes[1].encode().hex(), base64.b64encode(f"x{codes[2]}y".encode()).decode()]
    dumped = dump(committing_app) + "\n".join(written)

    assert readable(form["gmail"], dumped)
    assert all(readable(code, dumped) for code in codes[:3])


def test_with_the_key_all_of_it_can_be_read(committing_app, secrets_kept):
    codes, form = secrets_kept
    dumped = dump(committing_app)

    rows = [line for line in dumped.splitlines() if line.startswith("INSERT INTO public.recharge_codes ")]
    sealed = [bytes.fromhex(found) for row in rows for found in re.findall(r"'\\x([0-9a-f]+)'", row)]
    assert {printed_code(unseal(value, "recharge-code")) for value in sealed} == set(codes)

    student = db.session.scalars(select(Student).where(Student.name_ar == form["name_ar"])).one()
    assert f"'\\x{student.national_id_sealed.hex()}'" in dumped
    assert unseal(student.national_id_sealed, "national-id") == form["national_id"]
