"""Printing a batch: every print is recorded, because whoever holds the sheet holds the money."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Rejected
from edutrack.owner.sheets.cards import Card, Face, face_of
from edutrack.owner.sheets.layout import Layout
from edutrack.owner.sheets.pdf import pdf_of
from edutrack.owner.sheets.queries import PRINTED, printed_when, sheet_pages, unused_count
from edutrack.wallet.models import MAX_BATCH_QUANTITY, RechargeBatch

#: Cards that a browser is given at once: a hundred pages of the sheet of 24.
MOST_CARDS_PREVIEWED = 2_400


@dataclass(frozen=True)
class SheetPreview:
    """Cards for a browser to show and print, and what the reader must know beforehand."""

    batch: RechargeBatch
    layout: Layout
    face: Face
    pages: list[list[Card]]
    #: Cards on `pages`.
    count: int
    #: Earlier prints, newest first: copies of these cards may be in other hands.
    earlier: list[Any]
    #: Number from which the next sheet goes on; None where this is the last.
    next_first: int | None
    has_expired: bool


def preview_sheet(
    caller: Caller, batch: RechargeBatch, layout: Layout, *, first: int = 1, last: int = MAX_BATCH_QUANTITY
) -> SheetPreview:
    """Return the first cards of a batch's unused codes numbered `first` to `last` (rules.md, "Printing").

    No more than MOST_CARDS_PREVIEWED; recorded as a print, unless there is no card.
    """
    earlier = printed_when(batch)
    found = sheet_pages(batch, layout.cards_per_page, first=first, last=last, at_most=MOST_CARDS_PREVIEWED + 1)
    cards = [card for page in found for card in page]
    shown, rest = cards[:MOST_CARDS_PREVIEWED], cards[MOST_CARDS_PREVIEWED:]
    if shown:
        _record(caller, batch, layout, "page", len(shown), shown[0].number, shown[-1].number)
    return SheetPreview(
        batch=batch,
        layout=layout,
        face=face_of(batch),
        pages=[shown[start : start + layout.cards_per_page] for start in range(0, len(shown), layout.cards_per_page)],
        count=len(shown),
        earlier=earlier,
        next_first=rest[0].number if rest else None,
        has_expired=batch.expires_at is not None and batch.expires_at <= clock.now(),
    )


def print_pdf(
    caller: Caller, batch: RechargeBatch, layout: Layout, *, first: int = 1, last: int = MAX_BATCH_QUANTITY
) -> Iterator[bytes]:
    """Return, piece by piece, a PDF of all unused codes of a batch numbered `first` to `last` (rules.md, "Printing").

    Recorded as a print before the first piece. Raises Rejected where there is no card to print.
    """
    count = unused_count(batch, first=first, last=last)
    if not count:
        raise Rejected("There are no unused codes to print.")
    _record(caller, batch, layout, "pdf", count, first, min(last, batch.quantity))
    pages = sheet_pages(batch, layout.cards_per_page, first=first, last=last)
    return pdf_of(f"{batch.course.name} – {batch.id:06d}", face_of(batch), layout, pages)


def _record(
    caller: Caller, batch: RechargeBatch, layout: Layout, medium: str, count: int, first: int, last: int
) -> None:
    audit.record(caller, PRINTED, batch, layout=layout.name, medium=medium, count=count, first=first, last=last)
