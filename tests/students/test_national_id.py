"""Reading Egyptian national ids."""

import re
from datetime import date

import pytest

from edutrack.students.national_id import NationalId, normalise_national_id, parse_national_id

TODAY = date(2026, 3, 1)

VALID = {
    "a man born in Cairo": ("29901150123451", NationalId(date(1999, 1, 15), "01", "male")),
    "a woman born in Cairo": ("29901150123441", NationalId(date(1999, 1, 15), "01", "female")),
    "a zero counts as even": ("29901150123401", NationalId(date(1999, 1, 15), "01", "female")),
    "the check digit may be anything": ("29901150123458", NationalId(date(1999, 1, 15), "01", "male")),
    "this century": ("30812312112337", NationalId(date(2008, 12, 31), "21", "male")),
    "the first day of a century": ("30001013500010", NationalId(date(2000, 1, 1), "35", "male")),
    "the 29th of February in a leap year": ("30402291412366", NationalId(date(2004, 2, 29), "14", "female")),
    "born abroad": ("30505058812345", NationalId(date(2005, 5, 5), "88", "female")),
    "born today": ("32603010112345", NationalId(date(2026, 3, 1), "01", "female")),
    "Arabic-Indic digits": ("٢٩٩٠١١٥٠١٢٣٤٥١", NationalId(date(1999, 1, 15), "01", "male")),
    "Persian digits": ("۲۹۹۰۱۱۵۰۱۲۳۴۵۱", NationalId(date(1999, 1, 15), "01", "male")),
    "surrounding white space": (" 29901150123451\n", NationalId(date(1999, 1, 15), "01", "male")),
}

DIGITS = "A national ID has exactly 14 digits."
CENTURY = "A national ID starts with 2 or 3."
BIRTH_DATE = "The national ID does not contain a valid birth date."
FUTURE = "The birth date in the national ID is in the future."
GOVERNORATE = "The national ID does not contain a valid governorate code."

INVALID = {
    "nothing": ("", DIGITS),
    "13 digits": ("2990115012345", DIGITS),
    "15 digits": ("299011501234511", DIGITS),
    "a letter": ("2990115012345x", DIGITS),
    "a sign": ("+2990115012345", DIGITS),
    "white space inside": ("2990115 0123451", DIGITS),
    "digits of another script": ("२९९०११५०१२३४५१", DIGITS),
    "superscript digits": ("2990115012345¹", DIGITS),
    "a NUL": ("29901150123451\x00", DIGITS),
    "century 1": ("19901150123451", CENTURY),
    "century 4": ("49901150123451", CENTURY),
    "month 0": ("29900150123451", BIRTH_DATE),
    "month 13": ("29913150123451", BIRTH_DATE),
    "day 0": ("29901000123451", BIRTH_DATE),
    "the 31st of April": ("29904310123451", BIRTH_DATE),
    "the 29th of February in a common year": ("29902290123451", BIRTH_DATE),
    "the 29th of February 1900": ("20002290123451", BIRTH_DATE),
    "born tomorrow": ("32603020112345", FUTURE),
    "born in 2099": ("39901150123451", FUTURE),
}


@pytest.mark.parametrize(("text", "expected"), VALID.values(), ids=VALID)
def test_a_valid_number_is_read(text: str, expected: NationalId) -> None:
    assert parse_national_id(text, today=TODAY) == expected


@pytest.mark.parametrize(("text", "message"), INVALID.values(), ids=INVALID)
def test_an_invalid_number_is_refused_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_national_id(text, today=TODAY)


ISSUED_CODES = {
    *{"01", "02", "03", "04"},
    *{"11", "12", "13", "14", "15", "16", "17", "18", "19"},
    *{"21", "22", "23", "24", "25", "26", "27", "28", "29"},
    *{"31", "32", "33", "34", "35"},
    "88",
}


@pytest.mark.parametrize("code", sorted(ISSUED_CODES))
def test_an_issued_governorate_code_is_accepted(code: str) -> None:
    assert parse_national_id(f"2990115{code}23451", today=TODAY).governorate_code == code


@pytest.mark.parametrize("code", sorted({f"{code:02}" for code in range(100)} - ISSUED_CODES))
def test_any_other_governorate_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(GOVERNORATE)}$"):
        parse_national_id(f"2990115{code}23451", today=TODAY)


def test_only_the_last_digit_of_the_serial_tells_the_gender() -> None:
    genders = {serial: parse_national_id(f"299011501{serial:04}1").gender for serial in range(10_000)}
    assert {serial for serial, gender in genders.items() if gender == "male"} == set(range(1, 10_000, 2))


def test_the_future_begins_after_the_current_day_where_no_day_is_given() -> None:
    assert parse_national_id("29901150123451").birth_date == date(1999, 1, 15)
    with pytest.raises(ValueError, match="is in the future"):
        parse_national_id("39912310123451")


def test_the_stored_form_has_ascii_digits_and_no_surrounding_space() -> None:
    assert normalise_national_id("\t٢٩٩۰۱15٠١٢٣٤٥١ ") == "29901150123451"
