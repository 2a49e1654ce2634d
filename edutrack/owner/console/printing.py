"""Print sheets of recharge codes in the console: a page to print from the browser, and a PDF."""

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

import marshmallow as ma
from flask import Blueprint, Response, g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edutrack.core.errors import DomainError, Invalid
from edutrack.core.fields import Integer, Text
from edutrack.core.schemas import Schema, plain_messages
from edutrack.core.spooling import SpooledResponse
from edutrack.owner import sheets
from edutrack.owner.console.access import HOME, console_route
from edutrack.owner.console.errors import error_page, when_refused
from edutrack.owner.console.forms import messages_of
from edutrack.owner.console.rendering import render_page, script_nonce
from edutrack.owner.sheets.qr import qr_svg
from edutrack.wallet.models import MAX_BATCH_QUANTITY

#: Writing that must fit the card whole is set smaller beyond so many letters.
_VALUE_SIZE, _VALUE_LETTERS = 12.5, 15
_ADDRESS_SIZE, _ADDRESS_LETTERS = 5.4, 34

blueprint = Blueprint("console_printing", __name__, url_prefix=f"{HOME}batches")


class SheetQuerySchema(Schema):
    """Which cards are printed, and how they lie on paper."""

    layout = Text(load_default=sheets.DEFAULT_LAYOUT)
    first = Integer(data_key="from", minimum=1, maximum=MAX_BATCH_QUANTITY, load_default=1)
    last = Integer(data_key="to", minimum=1, maximum=MAX_BATCH_QUANTITY, load_default=MAX_BATCH_QUANTITY)


_query = SheetQuerySchema()


@blueprint.get("/<int:batch_id>/print/")
@console_route
def preview_sheet(batch_id: int) -> ResponseReturnValue:
    """Show the cards of a batch's unused codes, ready to be printed; each showing is audited as a print."""
    when_refused(_refused)
    batch = sheets.find_batch(g.caller, batch_id)
    values = _asked()
    preview = sheets.preview_sheet(g.caller, batch, **values)
    next_url = _next_url(preview, values["last"]) if preview.next_first else None
    return _alone(
        render_page("console/print/sheet.html", preview=preview, next_url=next_url, **_looks(preview)), script_nonce()
    )


@blueprint.get("/<int:batch_id>/print.pdf")
@console_route
def print_pdf(batch_id: int) -> ResponseReturnValue:
    """Download the cards of a batch's unused codes as a PDF; each download is audited as a print."""
    when_refused(_refused)
    batch = sheets.find_batch(g.caller, batch_id)
    pieces = sheets.print_pdf(g.caller, batch, **_asked())
    response = SpooledResponse(lambda file: _write(file, pieces), "application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="batch-{batch.id:06d}.pdf"'
    return response


@blueprint.app_template_filter("qr_svg")
def qr_markup(text: str) -> Markup:
    """Return the QR code of `text` as an element of a page."""
    # It is made of numbers alone, whatever the text says.
    return Markup(qr_svg(text))  # noqa: S704 - see above


def _write(file: BinaryIO, pieces: Iterable[bytes]) -> bytes:
    for piece in pieces:
        file.write(piece)
    return b""


def _refused(error: DomainError, status: int) -> ResponseReturnValue:
    return error_page(status, " ".join(messages_of(error)))


def _asked() -> dict[str, Any]:
    try:
        values: dict[str, Any] = _query.load(request.args)
    except ma.ValidationError as error:
        raise Invalid(plain_messages(error.messages)) from None
    return values | {"layout": sheets.find_layout(values["layout"])}


def _next_url(preview: sheets.SheetPreview, last: int) -> str:
    rest: dict[str, Any] = {"layout": preview.layout.name, "from": preview.next_first, "to": last}
    return url_for("console_printing.preview_sheet", batch_id=preview.batch.id, **rest)


def _looks(preview: sheets.SheetPreview) -> dict[str, Any]:
    return {
        "nonce": script_nonce(),
        "fonts": {"regular": _font("Cairo-Regular"), "bold": _font("Cairo-Bold")},
        "value_size": _VALUE_SIZE * min(1, _VALUE_LETTERS / len(preview.face.value)),
        "address_size": _ADDRESS_SIZE * min(1, _ADDRESS_LETTERS / len(preview.face.address)),
    }


@cache
def _font(name: str) -> str:
    """Return a font as a URL that holds it: the page has nothing to load."""
    content = files(sheets).joinpath(f"fonts/{name}.woff2").read_bytes()
    return f"data:font/woff2;base64,{b64encode(content).decode()}"


def _alone(page: str, nonce: str) -> Response:
    """Return a page that loads nothing, and may not."""
    response = make_response(page)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; font-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response
