"""Print sheets of recharge codes in the console: a page to print from the browser, and a PDF."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

import marshmallow as ma
from flask import Blueprint, Response, g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from wtforms import StringField

from edutrack.core.errors import DomainError, Invalid
from edutrack.core.fields import Id, Integer, Text
from edutrack.core.schemas import Schema, plain_messages
from edutrack.core.spooling import SpooledResponse
from edutrack.owner import sheets
from edutrack.owner.console.access import HOME, console_route
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.forms import Choice, ConsoleForm
from edutrack.owner.console.rendering import render_page, script_nonce
from edutrack.owner.sheets.cards import SERIAL_WORDS
from edutrack.owner.sheets.qr import qr_svg
from edutrack.wallet.codes import serial
from edutrack.wallet.models import MAX_BATCH_QUANTITY, RechargeBatch

#: What the layouts are called where one is chosen.
LAYOUT_NAMES = {
    "a4-10": _("A4, 10 cards a page"),
    "a4-24": _("A4, 24 cards a page"),
    "a4-40": _("A4, 40 cards a page"),
    "receipt-80": _("Receipt roll, 80 mm"),
}

blueprint = Blueprint("console_printing", __name__, url_prefix=HOME)


class SheetQuerySchema(Schema):
    """Which cards are printed, and how they lie on paper."""

    layout = Text(load_default=sheets.DEFAULT_LAYOUT)
    first = Integer(data_key="from", minimum=1, maximum=MAX_BATCH_QUANTITY, load_default=1)
    last = Integer(data_key="to", minimum=1, maximum=MAX_BATCH_QUANTITY, load_default=MAX_BATCH_QUANTITY)
    again = Id(load_default=None)


class PrintForm(ConsoleForm):
    """Which cards of a batch are to be printed, and how they lie on paper; sent by GET."""

    layout = Choice(_("Sheet"))
    first = StringField(_("From number"), name="from", render_kw={"inputmode": "numeric", "dir": "ltr"})
    last = StringField(_("To number"), name="to", render_kw={"inputmode": "numeric", "dir": "ltr"})


class CardPrintForm(ConsoleForm):
    """How one card lies on paper; sent by GET."""

    layout = Choice(_("Sheet"))


@dataclass(frozen=True)
class _Place:
    """What is printed, as pages name it: a batch, or one code."""

    batch: RechargeBatch
    #: Number of the one code; None: all of the batch.
    number: int | None
    #: The page that shows it, and its name there.
    url: str
    name: str
    #: Start of the addresses at which it is printed.
    address: str
    filename: str


_query = SheetQuerySchema()


@blueprint.get("/batches/<int:batch_id>/print/")
@console_route
def preview_sheet(batch_id: int) -> ResponseReturnValue:
    """Show the cards of a batch's unused codes, ready to be printed; each showing is audited as a print."""
    return _preview(_batch_place(batch_id))


@blueprint.get("/batches/<int:batch_id>/print.pdf")
@console_route
def print_pdf(batch_id: int) -> ResponseReturnValue:
    """Download the cards of a batch's unused codes as a PDF; each download is audited as a print."""
    return _download(_batch_place(batch_id))


@blueprint.get("/codes/<int:code_id>/print/")
@console_route
def preview_card(code_id: int) -> ResponseReturnValue:
    """Show the card of one unused code, ready to be printed; each showing is audited as a print."""
    return _preview(_code_place(code_id))


@blueprint.get("/codes/<int:code_id>/print.pdf")
@console_route
def print_card(code_id: int) -> ResponseReturnValue:
    """Download the card of one unused code as a PDF; each download is audited as a print."""
    return _download(_code_place(code_id))


@blueprint.app_template_filter("qr_svg")
def qr_markup(text: str) -> Markup:
    """Return the QR code of `text` as an element of a page."""
    # It is made of numbers alone, whatever the text says.
    return Markup(qr_svg(text))  # noqa: S704 - see above


def print_form(quantity: int | None = None) -> ConsoleForm:
    """Return the form that asks how cards are printed: all of a batch's `quantity`, or one card."""
    typed = request.args if request.blueprint == blueprint.name else None
    values = {"layout": sheets.DEFAULT_LAYOUT, "first": "1", "last": str(quantity)}
    form = (PrintForm if quantity else CardPrintForm)(formdata=typed, data=values, meta={"csrf": False})
    form.layout.offer(LAYOUT_NAMES.items())
    return form


def _batch_place(batch_id: int) -> _Place:
    batch = sheets.lock_batch(g.caller, batch_id)
    return _Place(
        batch=batch,
        number=None,
        url=url_for("console_codes.batch", batch_id=batch_id),
        name=gettext("Batch %(number)s", number=f"{batch_id:06d}"),
        address=f"{HOME}batches/{batch_id}/",
        filename=f"batch-{batch_id:06d}.pdf",
    )


def _code_place(code_id: int) -> _Place:
    batch, number = sheets.lock_batch_of_code(g.caller, code_id)
    name = serial(batch.id, number)
    return _Place(
        batch=batch,
        number=number,
        url=url_for("console_codes.code", code_id=code_id),
        name=gettext("Code %(serial)s", serial=name),
        address=f"{HOME}codes/{code_id}/",
        filename=f"card-{name}.pdf",
    )


def _preview(place: _Place) -> ResponseReturnValue:
    when_refused(lambda error, status: _refused(place, error, status))
    preview = sheets.preview_sheet(g.caller, _order(place))
    page = render_page(
        "console/print/sheet.html",
        preview=preview,
        layout=preview.order.layout,
        next_url=_next_url(place, preview),
        back=place,
        serial_words=SERIAL_WORDS,
        nonce=script_nonce(),
        fonts={"regular": _font("Cairo-Regular"), "bold": _font("Cairo-Bold")},
    )
    return _alone(page, script_nonce())


def _download(place: _Place) -> ResponseReturnValue:
    when_refused(lambda error, status: _refused(place, error, status))
    pieces = sheets.print_pdf(g.caller, _order(place))
    response = SpooledResponse(lambda file: _write(file, pieces), "application/pdf")
    # To be kept: a viewer that asked for it a second time would print it a second time.
    response.headers["Content-Disposition"] = f'attachment; filename="{place.filename}"'
    return response


def _write(file: BinaryIO, pieces: Iterable[bytes]) -> bytes:
    for piece in pieces:
        file.write(piece)
    return b""


def _refused(place: _Place, error: DomainError, status: int) -> ResponseReturnValue:
    """Show who printed these cards before and ask whether to print them again; or what is wrong at the form."""
    title = gettext("Printing")
    trail = [(_("Recharge codes"), url_for("console_codes.index")), (place.name, place.url), (title, None)]
    context = {"place": place, "heading": title, "trail": trail, "view": {"endpoint": "console_codes"}}
    if isinstance(error, sheets.PrintedBefore):
        page = render_page(
            "console/print/again.html",
            earlier=error.earlier,
            layout_names=LAYOUT_NAMES,
            again_url=_same_url(again=error.earlier[0].id),
            **context,
        )
        return page, 409
    form = print_form(None if place.number else place.batch.quantity)
    form.refuse(error)
    return render_page("console/print/ask.html", form=form, **context), status


def _order(place: _Place) -> sheets.Order:
    """Return what the address asks for; a field that was left empty counts as left out."""
    asked = {name: text for name, text in request.args.items() if text or name == "layout"}
    try:
        values: dict[str, Any] = _query.load(asked)
    except ma.ValidationError as error:
        raise Invalid(plain_messages(error.messages)) from None
    values["layout"] = sheets.find_layout(values["layout"])
    if place.number:
        values |= {"first": place.number, "last": place.number}
    return sheets.Order(place.batch, **values)


def _next_url(place: _Place, preview: sheets.SheetPreview) -> str | None:
    if preview.next_first is None:
        return None
    return _same_url(**{"from": preview.next_first, "to": preview.order.last, "again": None})


def _same_url(**changes: Any) -> str:
    """Return the address of this request with other parameters; None takes one away."""
    kept = {name: request.args[name] for name in ("layout", "from", "to", "again") if request.args.get(name)} | changes
    return url_for(str(request.endpoint), **(request.view_args or {}), **kept)


@cache
def _font(name: str) -> str:
    """Return a font as a URL that holds it: the page has nothing to load."""
    content = files(sheets).joinpath(f"fonts/{name}.woff2").read_bytes()
    return f"data:font/woff2;base64,{b64encode(content).decode()}"


def _alone(page: str, nonce: str) -> Response:
    """Return a page that loads nothing, and may not."""
    response = make_response(page)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response
