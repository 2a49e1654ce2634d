"""Tables as Excel workbooks, written row by row, so that their memory does not grow with their rows."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from flask import Response
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from edutrack.core.clock import business_zone
from edutrack.core.spooling import SpooledResponse

_MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a sheet holds, its header included.
_MOST_ROWS = 1_048_576
_COLUMN_WIDTH = 22
_NUMBER_FORMATS = {"money": "#,##0.00", "moment": "yyyy-mm-dd hh:mm", "day": "yyyy-mm-dd"}


def xlsx_response(name: str, header: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]) -> Response:
    """Answer a workbook of one sheet to be saved as `name` (ASCII), its rows part by part as they are drawn.

    Texts are texts, whatever they start with: none becomes a formula or a link. Amounts, days and moments (in business
    time) are cells that can be calculated with. Raises OverflowError for more rows than a sheet holds.
    """
    response = SpooledResponse(partial(_write, header=header, parts=parts), _MIMETYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _write(file: BinaryIO, header: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]) -> bytes:
    # On their way into the workbook the rows lie in files: in a folder that nobody else may read, gone afterwards.
    with TemporaryDirectory() as folder, Workbook(file, {"constant_memory": True, "tmpdir": folder}) as workbook:
        formats = {kind: workbook.add_format({"num_format": text}) for kind, text in _NUMBER_FORMATS.items()}
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, _COLUMN_WIDTH)
        for column, text in enumerate(header):
            sheet.write_string(0, column, text, workbook.add_format({"bold": True}))
        place = 1
        for part in parts:
            for row in part:
                if place == _MOST_ROWS:
                    raise OverflowError(f"A sheet holds no more than {_MOST_ROWS} rows.")
                for column, value in enumerate(row):
                    _write_cell(sheet, place, column, value, formats)
                place += 1
    return b""


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any, formats: dict[str, Format]) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case Decimal():
            sheet.write_number(row, column, float(value), formats["money"])
        case int() | float():
            sheet.write_number(row, column, value)
        case datetime():
            local = value.astimezone(business_zone()).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, formats["moment"])
        case date():
            sheet.write_datetime(row, column, value, formats["day"])
        case _:
            sheet.write_string(row, column, str(value))
