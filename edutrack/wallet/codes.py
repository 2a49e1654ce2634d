"""The text of recharge codes: how it is made, written and read back, and the serial beside it."""

import re
import secrets
from base64 import b32encode

from edutrack.core.arabic import fold_digits

#: No 0, O, 1 or I: nobody mistakes one for the other on a scratched card.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
#: Digits of either number in a serial, at least.
SERIAL_DIGITS = 6
_BYTES = 10  # 80 bits, sixteen characters of five
_LENGTH = 16
_RESPELL = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
# Blanks, dashes of every kind and the invisible marks that phones put around Latin text in an Arabic message.
_SEPARATORS = re.compile(r"[\s\-_\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_DASHES = re.compile(r"[\-\u2010-\u2015\u2212]")
_CODE = re.compile(f"[{ALPHABET}]{{{_LENGTH}}}", re.ASCII)
_SERIAL = re.compile(r"([0-9]{1,12})-([0-9]{1,6})", re.ASCII)
_BATCH_DIGITS = re.compile(r"([0-9]{1,12})-?", re.ASCII)


def new_codes(quantity: int) -> list[str]:
    """Return `quantity` fresh codes of sixteen characters, from the system's random source."""
    text = b32encode(secrets.token_bytes(_BYTES * quantity)).translate(_RESPELL).decode()
    return [text[start : start + _LENGTH] for start in range(0, _LENGTH * quantity, _LENGTH)]


def normalised_code(typed: str) -> str | None:
    """Return the code that somebody typed or read out; None where it cannot be one.

    Case, blanks and dashes do not count, and digits may be Arabic-Indic.
    """
    code = _SEPARATORS.sub("", fold_digits(typed)).upper()
    return code if _CODE.fullmatch(code) else None


def printed_code(code: str) -> str:
    """Return a code as it stands on cards and in answers: four groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, _LENGTH, 4))


def serial(batch_id: int, number: int) -> str:
    """Return the serial of a code, safe to print outside the scratch panel and to say on the phone."""
    return f"{batch_id:06d}-{number:06d}"


def parsed_serial(text: str) -> tuple[int, int] | None:
    """Return the batch id and number that a serial names; None where `text` is no serial.

    Digits may be Arabic-Indic and the dash any other; blanks and invisible marks do not count.
    """
    found = _SERIAL.fullmatch(_plain_serial(text))
    return (int(found[1]), int(found[2])) if found else None


def batch_digits(text: str) -> str | None:
    """Return the digits of a batch's number, or of a part of it, that somebody typed; None for any other text."""
    found = _BATCH_DIGITS.fullmatch(_plain_serial(text))
    return found[1] if found else None


def _plain_serial(text: str) -> str:
    return _DASHES.sub("-", _INVISIBLE.sub("", fold_digits(text)))
