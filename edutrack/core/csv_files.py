"""Tables as CSV files for spreadsheets, written part by part, so that their memory does not grow with their rows."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from flask import Response

from edutrack.core.spooling import SpooledResponse

#: Without it Excel reads Arabic as Latin letters.
_BYTE_ORDER_MARK = "\ufeff".encode()
#: What makes a spreadsheet take a text for a formula; full-width signs count as well.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def csv_response(name: str, header: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]) -> Response:
    """Answer a CSV file to be saved as `name` (ASCII), its rows part by part as they are drawn from `parts`.

    UTF-8 with a byte order mark. Texts that a spreadsheet would run as formulas get an apostrophe in front.
    """
    response = SpooledResponse(lambda file: _write(file, header, parts), "text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _write(file: BinaryIO, header: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]) -> bytes:
    for part in parts:
        file.write(_lines(part))
    return _BYTE_ORDER_MARK + _lines([header])


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[_harmless(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _harmless(value: Any) -> Any:
    # Numbers may be negative; only texts can hold what somebody else wrote.
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def typed_text(cell: str) -> str:
    """Return the text that a cell of such a file was written from, without the apostrophe that made it harmless."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(text: str) -> bool:
    # One that has its apostrophe already counts, too: so each text has a cell of its own to be read back from.
    return text.lstrip("'").startswith(_FORMULA_STARTS)
