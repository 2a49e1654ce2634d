"""Print sheets of recharge codes: cards with a QR code under a scratch panel, as a page to print and as PDF."""

from edutrack.owner.sheets.layout import DEFAULT_LAYOUT, LAYOUTS, Layout, find_layout
from edutrack.owner.sheets.queries import find_batch, printed_when, sheet_pages
from edutrack.owner.sheets.service import MOST_CARDS_PREVIEWED, SheetPreview, preview_sheet, print_pdf

__all__ = [
    "DEFAULT_LAYOUT",
    "LAYOUTS",
    "MOST_CARDS_PREVIEWED",
    "Layout",
    "SheetPreview",
    "find_batch",
    "find_layout",
    "preview_sheet",
    "print_pdf",
    "printed_when",
    "sheet_pages",
]
