"""Batches with codes that are known, and what scanners and readers find on their sheets."""

import re
from decimal import Decimal

import pypdfium2
import zxingcpp
from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.sealing import seal
from edutrack.wallet.codes import new_codes, printed_code
from edutrack.wallet.models import RechargeBatch, RechargeCode
from tests.factories import create_course, create_site_owner, create_student


def create_batch(quantity, **values):
    """A batch with unused codes; returns it with the printed codes by number."""
    course = values.pop("course", None) or create_course()
    batch = RechargeBatch(
        **{"course": course, "quantity": quantity, "value": Decimal("150.00"), "created_by": create_site_owner()}
        | values
    )
    db.session.add(batch)
    db.session.flush()
    codes = dict(enumerate(new_codes(quantity), start=1))
    db.session.add_all(
        RechargeCode(
            batch=batch,
            number=number,
            course_id=course.id,
            sealed=seal(code, "recharge-code"),
            value=batch.value,
            expires_at=batch.expires_at,
            created_at=batch.created_at,
        )
        for number, code in codes.items()
    )
    db.session.commit()
    return batch, {number: printed_code(code) for number, code in codes.items()}


def code_of(batch, number):
    return db.session.scalars(select(RechargeCode).filter_by(batch_id=batch.id, number=number)).one()


def use(code):
    code.used_by, code.used_at = create_student(), clock.now()
    db.session.commit()


def void(code):
    code.voided_at, code.void_reason = clock.now(), "stolen"
    db.session.commit()


def links_of(batch, codes):
    return [f"http://localhost:3000/redeem?code={code}&course={batch.course_id}" for code in codes]


def scanned(document, *, dpi=150):
    """Return what a scanner reads from the pages of a PDF, page by page."""
    pages = []
    with pypdfium2.PdfDocument(document) as pdf:
        for page in pdf:
            image = page.render(scale=dpi / 72, grayscale=True).to_pil()
            found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
            pages.append({barcode.text for barcode in found})
            page.close()
    return pages


def cards_of(page):
    """Return serial, code and link of each card in an HTML sheet."""
    serials = re.findall(r'class="serial">\D*<bdi dir="ltr">([0-9-]+)<', page)
    codes = [
        "-".join(re.findall(r"[A-Z0-9]{4}", found)) for found in re.findall(r'class="code[^"]*">(.*?)</div>', page)
    ]
    return list(zip(serials, codes, strict=True))


def again_link(page):
    """Return where the page that warns of a reprint leads on to."""
    return re.search(r'id="print-again" href="([^"]+)"', page)[1].replace("&amp;", "&")


def printed(console, address):
    """Return a sheet, also one that has been printed before."""
    response = console.get(address)
    return console.get(again_link(response.text)) if response.status_code == 409 else response
