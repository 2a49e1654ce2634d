"""What the fourteen digits of an Egyptian national id say about the person."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from edutrack.core.arabic import fold_digits

_FOURTEEN_DIGITS = re.compile(r"[0-9]{14}")
_CENTURIES = {"2": 1900, "3": 2000}
_BORN_ABROAD = 88
_GOVERNORATE_CODES = frozenset(
    f"{code:02}" for code in (*range(1, 5), *range(11, 20), *range(21, 30), *range(31, 36), _BORN_ABROAD)
)


@dataclass(frozen=True)
class NationalId:
    """The facts that a national id carries; `governorate_code` is the place of birth, not of residence."""

    birth_date: date
    governorate_code: str
    gender: Literal["male", "female"]


def normalise_national_id(text: str) -> str:
    """Return `text` without surrounding white space and with its digits in ASCII, the one form that is stored."""
    return fold_digits(text).strip()


def parse_national_id(text: str, today: date | None = None) -> NationalId:
    """Return what the national id `text` says, its digits being ASCII, Arabic-Indic or Persian.

    `today` is the day after which nobody can have been born yet, by default the current day in UTC. The rule of the
    fourteenth digit, a check digit, is not published, so any digit is accepted there.

    Raises ValueError, with a message that never repeats the number, where it is not a valid national id.
    """
    number = normalise_national_id(text)
    if not _FOURTEEN_DIGITS.fullmatch(number):
        raise ValueError("A national ID has exactly 14 digits.")
    century = _CENTURIES.get(number[0])
    if century is None:
        raise ValueError("A national ID starts with 2 or 3.")
    try:
        birth_date = date(century + int(number[1:3]), int(number[3:5]), int(number[5:7]))
    except ValueError:
        raise ValueError("The national ID does not contain a valid birth date.") from None
    if birth_date > (today or datetime.now(UTC).date()):
        raise ValueError("The birth date in the national ID is in the future.")
    governorate_code = number[7:9]
    if governorate_code not in _GOVERNORATE_CODES:
        raise ValueError("The national ID does not contain a valid governorate code.")
    return NationalId(birth_date, governorate_code, "male" if int(number[12]) % 2 else "female")
