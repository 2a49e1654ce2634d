"""Tables of figures as files: CSV and Excel workbooks, of the very columns that the pages show."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from flask import Response
from flask_babel import gettext
from sqlalchemy import Row, Select

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.csv_files import csv_response
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.core.xlsx_files import xlsx_response
from edutrack.owner.console.lists import Column

#: Rows fetched at a time where a table is written whole.
_ROWS_AT_A_TIME = 1000
_WRITERS: dict[str, Callable[..., Response]] = {"csv": csv_response, "xlsx": xlsx_response}


def export(
    caller: Caller,
    file_type: str,
    what: str,
    columns: Sequence[Column],
    parts: Iterable[Iterable[Any]],
    *,
    about: Any = None,
    **narrowed_by: Any,
) -> Response:
    """Answer rows, part by part, as a file with the columns of their page; that they were taken away is audited.

    `about` is the course, lecture or student whose rows these are, `narrowed_by` what else they were narrowed by.
    Raises NotFound for a type of file other than csv and xlsx.
    """
    if file_type not in _WRITERS:
        raise NotFound()
    filters = {name: str(value) for name, value in narrowed_by.items() if value}
    audit.record(caller, "revenue.exported", about, what=what, format=file_type, **filters)
    name = f"revenue-{what}.{file_type}" if about is None else f"revenue-{what}-{about.id}.{file_type}"
    rows = ([[_cell(column.of(row), file_type) for column in columns] for row in part] for part in parts)
    return _WRITERS[file_type](name, [str(column.label) for column in columns], rows)


def parts_of(rows: Select[Any]) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Yield rows part by part, through a cursor that keeps the memory of either side small."""
    # Whatever fails in between, the cursor closes.
    with db.session.execute(rows, execution_options={"yield_per": _ROWS_AT_A_TIME}) as result:
        yield from result.partitions(_ROWS_AT_A_TIME)


def _cell(value: Any, file_type: str) -> Any:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if file_type == "csv" and isinstance(value, datetime):
        return iso_z(value)
    return value.isoformat() if file_type == "csv" and isinstance(value, date) else value
