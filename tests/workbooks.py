"""Reading back the workbooks that the application answers."""

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(content: bytes) -> list[list[Any]]:
    """Return the rows of a workbook's sheet: texts as they stand there, numbers as floats, formulas as `formula`."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own file
    return [[_value(cell) for cell in row] for row in sheet.iter(f"{_SPACE}row")]


def _value(cell: ElementTree.Element) -> Any:
    if cell.find(f"{_SPACE}f") is not None:
        return "formula"
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_SPACE}t"))
    value = cell.findtext(f"{_SPACE}v")
    return None if value is None else float(value)
