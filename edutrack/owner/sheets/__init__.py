"""Print sheets of recharge codes: cards with a QR code under a scratch panel, as a page to print and as PDF."""

from edutrack.owner.sheets.layout import DEFAULT_LAYOUT, LAYOUTS, Layout, find_layout
from edutrack.owner.sheets.queries import lock_batch, lock_batch_of_code, sheet_pages, taken_away
from edutrack.owner.sheets.service import (
    MOST_CARDS_PREVIEWED,
    Order,
    PrintedBefore,
    SheetPreview,
    preview_sheet,
    print_pdf,
)

__all__ = [
    "DEFAULT_LAYOUT",
    "LAYOUTS",
    "MOST_CARDS_PREVIEWED",
    "Layout",
    "Order",
    "PrintedBefore",
    "SheetPreview",
    "find_layout",
    "lock_batch",
    "lock_batch_of_code",
    "preview_sheet",
    "print_pdf",
    "sheet_pages",
    "taken_away",
]
