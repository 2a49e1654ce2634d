"""Workbooks: values that can be calculated with, texts that stay texts, and never a part that looks whole."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from edutrack.core import xlsx_files
from edutrack.core.xlsx_files import xlsx_response
from tests.workbooks import cells


@pytest.fixture
def workbook(app):
    """Return a function that writes a workbook and returns its rows below the header."""

    def write(parts):
        with app.test_request_context():
            response = xlsx_response("x.xlsx", ["a", "b"], parts)
            response.spool()
            return cells(response.get_data())[1:]

    return write


def test_rows_come_in_order_from_every_part_below_the_header(app):
    with app.test_request_context():
        response = xlsx_response("x.xlsx", ["a", "b"], [[("1", "2")], [("3", "4"), ("5", "6")]])
        response.spool()
        content = response.get_data()

    assert cells(content) == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]
    assert response.headers["Content-Disposition"] == 'attachment; filename="x.xlsx"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_length == len(content)


@pytest.mark.parametrize("text", ["=1+1", "+20", "-1", "@SUM(A1)", "{=1}", "http://example.com", "007", "منى", "\tx"])
def test_a_text_stays_a_text(workbook, text):
    assert workbook([[(text,)]]) == [[text]]


def test_numbers_days_and_moments_can_be_calculated_with(workbook):
    # Days since the eve of 1900, as spreadsheets count; 22:00 UTC is midnight in Cairo.
    moment = datetime(2026, 1, 14, 22, tzinfo=UTC)

    assert workbook([[(Decimal("-12.50"), 7, True, date(2026, 1, 15), moment)]]) == [[-12.5, 7, 1, 46037, 46037]]


def test_an_empty_cell_is_left_out(workbook):
    assert workbook([[(None, "b")]]) == [["b"]]


def test_more_rows_than_a_sheet_holds_are_an_error(workbook, monkeypatch):
    monkeypatch.setattr(xlsx_files, "_MOST_ROWS", 3)

    with pytest.raises(OverflowError):
        workbook([[("1",), ("2",), ("3",)]])


def test_nothing_stays_on_the_disk(workbook, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    workbook([[("secret",)] * 10])

    assert list(tmp_path.iterdir()) == []
