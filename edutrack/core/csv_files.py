"""Tables as CSV files for spreadsheets, streamed, so that their memory does not grow with their rows."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response, stream_with_context

#: Without it Excel reads Arabic as Latin letters.
_BYTE_ORDER_MARK = "\ufeff"
#: What makes a spreadsheet take a text for a formula; full-width signs count as well.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def csv_response(name: str, header: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]) -> Response:
    """Answer a CSV file to be saved as `name` (ASCII), its rows part by part as they are drawn from `parts`.

    UTF-8 with a byte order mark. Texts that a spreadsheet would run as formulas get an apostrophe in front.
    """
    response = Response(stream_with_context(_written(header, parts)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _written(header: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]) -> Iterator[str]:
    yield _BYTE_ORDER_MARK + _lines([header])
    for part in parts:
        yield _lines(part)


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[_harmless(value) for value in row] for row in rows])
    return text.getvalue()


def _harmless(value: Any) -> Any:
    # Numbers may be negative; only texts can hold what somebody else wrote.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
