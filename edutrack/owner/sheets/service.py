"""Printing codes: every print is recorded, because whoever holds the sheet holds the money."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, Rejected
from edutrack.core.extensions import db
from edutrack.owner.sheets.cards import Card, Face, face_of
from edutrack.owner.sheets.layout import Layout
from edutrack.owner.sheets.pdf import Fit, fits_of, pdf_of
from edutrack.owner.sheets.queries import PRINTED, prints_of_unused, sheet_pages, unused_numbers
from edutrack.owner.site import site_settings
from edutrack.wallet.models import RechargeBatch

#: Cards that a browser is given at once: a hundred pages of the sheet of 24.
MOST_CARDS_PREVIEWED = 2_400


class PrintedBefore(Rejected):
    """Some of these cards have been printed before, and whoever asks has not said that they know it."""

    def __init__(self, earlier: Sequence[Any]) -> None:
        super().__init__("Some of these cards have been printed before.")
        #: The newest of those prints, newest first.
        self.earlier = earlier


@dataclass(frozen=True)
class Order:
    """Which cards of a batch are to be printed, and how they lie on paper."""

    batch: RechargeBatch
    layout: Layout
    first: int
    last: int
    #: The newest earlier print of any of these cards that whoever asks has been shown; None: none.
    again: int | None = None


@dataclass(frozen=True)
class SheetPreview:
    """Cards for a browser to show and print, and what the reader must know beforehand."""

    order: Order
    face: Face
    #: How each part of the writing fits the cards.
    fits: dict[str, Fit]
    pages: list[list[Card]]
    #: Cards on `pages`.
    count: int
    #: Earlier prints, newest first: copies of these cards may be in other hands.
    earlier: Sequence[Any]
    #: Number from which the next sheet goes on; None where this is the last.
    next_first: int | None
    has_expired: bool


def preview_sheet(caller: Caller, order: Order) -> SheetPreview:
    """Return the first of the cards that are ordered, no more than MOST_CARDS_PREVIEWED (rules.md, "Printing").

    Recorded as a print, unless there is no card. Raises PrintedBefore where one of them has been printed since
    `order.again`, and Invalid where the range is reversed.
    """
    batch, layout = order.batch, order.layout
    _judge_range(order)
    found = sheet_pages(
        batch, layout.cards_per_page, first=order.first, last=order.last, at_most=MOST_CARDS_PREVIEWED + 1
    )
    cards = [card for page in found for card in page]
    shown, rest = cards[:MOST_CARDS_PREVIEWED], cards[MOST_CARDS_PREVIEWED:]
    earlier: Sequence[Any] = ()
    if shown:
        earlier = _record(caller, order, "page", len(shown), shown[0].number, shown[-1].number)
    face = face_of(batch, site_settings())
    return SheetPreview(
        order=order,
        face=face,
        fits=fits_of(face, layout),
        pages=[shown[start : start + layout.cards_per_page] for start in range(0, len(shown), layout.cards_per_page)],
        count=len(shown),
        earlier=earlier,
        next_first=rest[0].number if rest else None,
        has_expired=batch.expires_at is not None and batch.expires_at <= clock.now(),
    )


def print_pdf(caller: Caller, order: Order) -> Iterator[bytes]:
    """Return, piece by piece, a PDF of all cards that are ordered (rules.md, "Printing").

    Recorded as a print before the first piece. Raises PrintedBefore where one of them has been printed since
    `order.again`, Invalid where the range is reversed, and Rejected where there is no card to print.
    """
    batch, layout = order.batch, order.layout
    _judge_range(order)
    count, first, last = unused_numbers(batch, order.first, order.last)
    if not count:
        raise Rejected("There are no unused codes to print.")
    _record(caller, order, "pdf", count, first, last)
    pages = sheet_pages(batch, layout.cards_per_page, first=first, last=last)
    return pdf_of(f"{batch.course.name} – {batch.id:06d}", face_of(batch, site_settings()), layout, pages)


def _judge_range(order: Order) -> None:
    if order.first > order.last:
        raise Invalid({"to": ["The last number is before the first."]})


def _record(caller: Caller, order: Order, medium: str, count: int, first: int, last: int) -> Sequence[Any]:
    """Record a print of the unused codes from `first` to `last`; return the earlier prints of any of them."""
    earlier = prints_of_unused(order.batch, first, last)
    if earlier and earlier[0].id != order.again:
        raise PrintedBefore(earlier)
    again = {"reprint": True} if earlier else {}
    what = {"layout": order.layout.name, "medium": medium, "count": count, "first": first, "last": last}
    audit.record(caller, PRINTED, order.batch, **what, **again)
    db.session.flush()
    return earlier
