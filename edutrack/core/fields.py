"""Marshmallow fields that accept, refuse and print values as a Django-REST-Framework API does.

Frontends match error texts literally, so the wording lives here and nowhere else.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate
from werkzeug.datastructures import FileStorage

from edutrack.core.arabic import fold_digits
from edutrack.core.clock import business_zone
from edutrack.core.database import MAX_ID
from edutrack.core.errors import no_such_pk
from edutrack.core.json import compact

_COMMON = {
    "required": "This field is required.",
    "null": "This field may not be null.",
    "validator_failed": "Invalid value.",
}
_WHOLE = re.compile(r"[+-]?[0-9]+(\.0*)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: Longest digits that are worth converting; Python refuses above 4,300 and the database far below.
_LONGEST_NUMBER = 1000
#: Levels of lists and objects in an object of the client's own; far below what the JSON library writes.
_DEEPEST = 100


class _Worded:
    """Gives a field the messages shared by all."""

    default_error_messages: dict[str, Any] = _COMMON


class Minimum(validate.Validator):
    """Refuses numbers below `minimum`."""

    def __init__(self, minimum: int | Decimal) -> None:
        self.min = minimum

    def __call__(self, value: Any) -> Any:
        if value < self.min:
            raise ma.ValidationError(f"Ensure this value is greater than or equal to {self.min}.")
        return value


class Maximum(validate.Validator):
    """Refuses numbers above `maximum`."""

    def __init__(self, maximum: int | Decimal) -> None:
        self.max = maximum

    def __call__(self, value: Any) -> Any:
        if value > self.max:
            raise ma.ValidationError(f"Ensure this value is less than or equal to {self.max}.")
        return value


class MaxLength(validate.Validator):
    """Refuses texts of more than `longest` characters."""

    def __init__(self, longest: int) -> None:
        self.max = longest

    def __call__(self, value: Any) -> Any:
        if len(value) > self.max:
            raise ma.ValidationError(f"Ensure this field has no more than {self.max} characters.")
        return value


class Integer(_Worded, fields.Integer):
    """A whole number within `minimum` and `maximum` (by default what a PostgreSQL integer holds; None: no bound)."""

    default_error_messages: dict[str, Any] = {"invalid": "A valid integer is required."}

    def __init__(self, *, minimum: int = -(2**31), maximum: int | None = 2**31 - 1, **kwargs: Any) -> None:
        above = [] if maximum is None else [Maximum(maximum)]
        super().__init__(validate=[Minimum(minimum), *above], **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        return whole_number(value, lambda: self.make_error("invalid"))


class Id(_Worded, fields.Integer):
    """The id of another object. Whether it exists, and is the caller's to use, is for the service to say."""

    default_error_messages: dict[str, Any] = {
        "invalid": "A valid integer is required.",
        "unknown": no_such_pk("{pk}"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        number = whole_number(value, lambda: self.make_error("invalid"))
        if not 0 < number <= MAX_ID:
            raise self.make_error("unknown", pk=number)
        return number


def whole_number(value: Any, refuse: Callable[[], Exception]) -> int:
    """Return the whole number that `value` stands for; raise what `refuse` makes where it stands for none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise refuse()
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            raise refuse()
        return int(value)
    if isinstance(value, str):
        text = fold_digits(value.strip())
        if len(text) > _LONGEST_NUMBER or not _WHOLE.fullmatch(text):
            raise refuse()
        return int(text.split(".")[0])
    return value


class Decimals(_Worded, fields.Decimal):
    """A decimal number of at most ten digits before the point and two behind it; printed as a string with two."""

    default_error_messages: dict[str, Any] = {
        "invalid": "A valid number is required.",
        "special": "A valid number is required.",
        "digits": "Ensure that there are no more than 12 digits in total.",
        "places": "Ensure that there are no more than 2 decimal places.",
        "whole": "Ensure that there are no more than 10 digits before the decimal point.",
    }

    def __init__(self, *, minimum: Decimal | int | None = None, **kwargs: Any) -> None:
        super().__init__(places=2, as_string=True, validate=[] if minimum is None else [Minimum(minimum)], **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise self.make_error("invalid")
        text = fold_digits(str(value).strip())
        if len(text) > _LONGEST_NUMBER or "_" in text:
            raise self.make_error("invalid")
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise self.make_error("invalid") from None
        if not number.is_finite():
            raise self.make_error("invalid")
        _, digits, exponent = number.as_tuple()
        if not isinstance(exponent, int):
            raise self.make_error("invalid")
        if exponent < -2:
            raise self.make_error("places")
        if len(digits) + max(exponent, 0) > 12:
            raise self.make_error("digits")
        if len(digits) + exponent > 10:
            raise self.make_error("whole")
        return number.quantize(Decimal("0.01"))

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value:.2f}"


class Text(_Worded, fields.String):
    """A line or paragraph of text, trimmed; blank is refused unless `blank=True`."""

    default_error_messages: dict[str, Any] = {
        "invalid": "Not a valid string.",
        "blank": "This field may not be blank.",
        "nul": "Null characters are not allowed.",
    }

    def __init__(self, *, longest: int = 255, blank: bool = False, trim: bool = True, **kwargs: Any) -> None:
        self.blank = blank
        self.trim = trim
        super().__init__(validate=[MaxLength(longest), *kwargs.pop("validate", [])], **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        text = str(value)
        if self.trim:
            text = text.strip()
        if not text and not self.blank:
            raise self.make_error("blank")
        if "\0" in text:
            raise self.make_error("nul")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self.make_error("invalid")
        return text


_MOBILE = re.compile(r"01[0125][0-9]{8}", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])",
    re.ASCII,
)


class EmailAddress(Text):
    """An e-mail address."""

    default_error_messages: dict[str, Any] = {"email": "Enter a valid email address."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=254, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not _EMAIL.fullmatch(text):
            raise self.make_error("email")
        return text


class EgyptianMobile(Text):
    """An Egyptian mobile number: eleven digits, kept as ASCII ones."""

    default_error_messages: dict[str, Any] = {
        "mobile": "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        digits = fold_digits(super()._deserialize(value, attr, data, **kwargs))
        if not _MOBILE.fullmatch(digits):
            raise self.make_error("mobile")
        return digits


class Boolean(_Worded, fields.Boolean):
    """True or false, also as the words that HTML forms send."""

    default_error_messages: dict[str, Any] = {"invalid": "Must be a valid boolean."}

    truthy = {True, "1", "true", "True", "TRUE", "t", "T", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"}
    falsy = {False, "0", "false", "False", "FALSE", "f", "F", "no", "No", "NO", "n", "N", "off", "Off", "OFF"}


class Choice(_Worded, fields.String):
    """One of the given words."""

    default_error_messages: dict[str, Any] = {"choice": '"{input}" is not a valid choice.'}

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        self.choices = tuple(choices)
        # For the description alone: what is refused is decided below, in DRF's words.
        super().__init__(metadata={"enum": list(self.choices)}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise self.make_error(
                "choice", input=value if isinstance(value, str | int | float) else type(value).__name__
            )
        return value


class Day(_Worded, fields.Date):
    """A calendar date."""

    default_error_messages: dict[str, Any] = {
        "invalid": "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise self.make_error("invalid") from None


class Moment(_Worded, fields.DateTime):
    """A moment: any offset comes in (none means the business time zone), UTC ending in `Z` goes out."""

    default_error_messages: dict[str, Any] = {
        "invalid": "Datetime has wrong format. Use one of these formats instead: "
        "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _DATE.match(value.strip()) or len(value.strip()) < len("2026-01-01T00:00"):
            raise self.make_error("invalid")
        try:
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=business_zone())
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        # `json.compact` writes it.
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


def iso_z(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, ending in `Z`."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


class ListOf(_Worded, fields.List):
    """A list of values, at most `most` of them."""

    default_error_messages: dict[str, Any] = {
        "invalid": 'Expected a list of items but got type "{type}".',
        "most": "Ensure this field has no more than {most} elements.",
        "empty": "This list may not be empty.",
    }

    def __init__(self, inner: Any, *, most: int = 1000, empty: bool = True, **kwargs: Any) -> None:
        self.most = most
        self.empty = empty
        super().__init__(inner, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid", type=type(value).__name__)
        if len(value) > self.most:
            raise self.make_error("most", most=self.most)
        if not value and not self.empty:
            raise self.make_error("empty")
        return super()._deserialize(value, attr, data, **kwargs)


class JSONObject(_Worded, fields.Dict):
    """An object of the client's own, kept as it is, of at most `most_bytes` as JSON."""

    default_error_messages: dict[str, Any] = {
        "invalid": 'Expected a dictionary of items but got type "{type}".',
        "json": "Value must be valid JSON.",
        "most": "Ensure this field has no more than {most} bytes.",
        "nul": "Null characters are not allowed.",
    }

    def __init__(self, *, most_bytes: int = 4096, **kwargs: Any) -> None:
        self.most_bytes = most_bytes
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise self.make_error("invalid", type=type(value).__name__)
        if not _comes_back(value, _DEEPEST):
            raise self.make_error("json")
        text = compact(value)
        if len(text) > self.most_bytes:
            raise self.make_error("most", most=self.most_bytes)
        if b"\\u0000" in text:
            raise self.make_error("nul")
        return dict(value)


def _comes_back(value: Any, levels: int) -> bool:
    """Return whether a value can be written as JSON again when it comes from the database.

    Numbers come back in full, and JSON here has no integers beyond 64 bits; what nests more than `levels` deep would
    not leave room for the answer around it.
    """
    if isinstance(value, Mapping | list):
        items = value.values() if isinstance(value, Mapping) else value
        return levels > 0 and all(_comes_back(item, levels - 1) for item in items)
    return not isinstance(value, int | float) or abs(value) <= MAX_ID


class Upload(_Worded, fields.Field):
    """A file of a multipart request; what is in it is for the service to judge."""

    default_error_messages: dict[str, Any] = {
        "invalid": "The submitted data was not a file. Check the encoding type on the form.",
        "empty": "The submitted file is empty.",
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> FileStorage:
        if not isinstance(value, FileStorage) or not value.filename:
            raise self.make_error("invalid")
        if not value.stream.read(1):
            raise self.make_error("empty")
        value.stream.seek(0)
        return value


class Ordering(Text):
    """The `ordering` of a list: one of the named fields, with `-` in front for descending."""

    default_error_messages: dict[str, Any] = {"choice": '"{input}" is not a valid choice.'}

    def __init__(self, *names: str, default: str) -> None:
        self.names = names
        super().__init__(
            load_default=default,
            metadata={"enum": [sign + name for name in names for sign in ("", "-")], "default": default},
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text.removeprefix("-") not in self.names:
            raise self.make_error("choice", input=text)
        return text
