"""Fields: what each takes, what it refuses, and in exactly which words."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import marshmallow as ma
import pytest
from werkzeug.datastructures import FileStorage

from edutrack.core import fields
from edutrack.core.json import compact

INTEGER = "A valid integer is required."
NUMBER = "A valid number is required."
STRING = "Not a valid string."
DAY = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
MOMENT = "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
PLACES = "Ensure that there are no more than 2 decimal places."
DIGITS = "Ensure that there are no more than 12 digits in total."
MOBILE = "Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."
EMAIL = "Enter a valid email address."
NULL = "This field may not be null."

_text = fields.Text(longest=5)
_optional_text = fields.Text(blank=True)
_untrimmed = fields.Text(trim=False)
_integer = fields.Integer()
_bounded = fields.Integer(minimum=1, maximum=10)
_unbounded = fields.Integer(maximum=None)
_id = fields.Id()
_decimal = fields.Decimals()
_price = fields.Decimals(minimum=0)
_email = fields.EmailAddress()
_mobile = fields.EgyptianMobile()
_boolean = fields.Boolean()
_choice = fields.Choice(["male", "female"])
_day = fields.Day()
_moment = fields.Moment()
_ids = fields.ListOf(fields.Id(), most=3)
_filled = fields.ListOf(fields.Id(), empty=False)
_object = fields.JSONObject(most_bytes=20)
_ordering = fields.Ordering("name", "created_at", default="-created_at")

ACCEPTED = [
    (_text, " abc ", "abc"),
    (_text, "مرحبا", "مرحبا"),
    (_text, 12, "12"),
    (_text, 1.5, "1.5"),
    (_optional_text, "", ""),
    (_optional_text, "  ", ""),
    (_untrimmed, " a ", " a "),
    (_integer, 5, 5),
    (_integer, "5", 5),
    (_integer, " -5 ", -5),
    (_integer, "+5", 5),
    (_integer, 5.0, 5),
    (_integer, "5.0", 5),
    (_integer, "٥٠", 50),
    (_integer, "۵", 5),
    (_integer, 2**31 - 1, 2**31 - 1),
    (_integer, -(2**31), -(2**31)),
    (_bounded, 1, 1),
    (_bounded, "10", 10),
    (_unbounded, "9" * 400, int("9" * 400)),
    (_id, 1, 1),
    (_id, "١٢", 12),
    (_id, 2**63 - 1, 2**63 - 1),
    (_decimal, "150", Decimal("150.00")),
    (_decimal, 150, Decimal("150.00")),
    (_decimal, 1.5, Decimal("1.50")),
    (_decimal, "-0.05", Decimal("-0.05")),
    (_decimal, "١٥٠.٢٥", Decimal("150.25")),
    (_decimal, "1e2", Decimal("100.00")),
    (_decimal, "9999999999.99", Decimal("9999999999.99")),
    (_price, 0, Decimal("0.00")),
    (_email, "a.b+c@mail.example.org", "a.b+c@mail.example.org"),
    (_email, " a@example.org ", "a@example.org"),
    (_mobile, "01012345678", "01012345678"),
    (_mobile, "٠١١١٢٣٤٥٦٧٨", "01112345678"),
    (_boolean, True, True),
    (_boolean, "false", False),
    (_boolean, "on", True),
    (_boolean, 0, False),
    (_choice, "male", "male"),
    (_day, "2024-02-29", date(2024, 2, 29)),
    (_day, " 2026-01-31 ", date(2026, 1, 31)),
    (_moment, "2026-01-01T12:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC)),
    (_moment, "2026-01-01T12:00:00+05:30", datetime(2026, 1, 1, 6, 30, tzinfo=UTC)),
    (_moment, "2026-01-01T12:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
    (_moment, "2026-07-01T12:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
    # Half past midnight of the day on which Cairo's clocks skip that hour.
    (_moment, "2027-04-30T00:30", datetime(2027, 4, 29, 22, 30, tzinfo=UTC)),
    (_moment, "2026-01-01 12:00:00.5", datetime(2026, 1, 1, 10, 0, 0, 500000, tzinfo=UTC)),
    (_ids, [1, "2"], [1, 2]),
    (_ids, [], []),
    (_filled, [7], [7]),
    (_object, {"a": [1]}, {"a": [1]}),
    (_ordering, "name", "name"),
    (_ordering, "-name", "-name"),
]

REFUSED = [
    (_text, "", ["This field may not be blank."]),
    (_text, " \t\n", ["This field may not be blank."]),
    (_text, "abcdef", ["Ensure this field has no more than 5 characters."]),
    (_text, "a\0b", ["Null characters are not allowed."]),
    (_text, "a\ud800", [STRING]),
    (_text, True, [STRING]),
    (_text, ["a"], [STRING]),
    (_text, {"a": 1}, [STRING]),
    (_text, None, [NULL]),
    (_integer, True, [INTEGER]),
    (_integer, "", [INTEGER]),
    (_integer, "1.5", [INTEGER]),
    (_integer, 1.5, [INTEGER]),
    (_integer, "1_000", [INTEGER]),
    (_integer, "0x10", [INTEGER]),
    (_integer, "1e3", [INTEGER]),
    (_integer, float("nan"), [INTEGER]),
    (_integer, float("inf"), [INTEGER]),
    (_integer, "5\0", [INTEGER]),
    (_integer, "٥\ud800", [INTEGER]),
    (_integer, [5], [INTEGER]),
    (_integer, "9" * 5000, [INTEGER]),
    (_integer, None, [NULL]),
    (_integer, 2**31, ["Ensure this value is less than or equal to 2147483647."]),
    (_integer, 2**63, ["Ensure this value is less than or equal to 2147483647."]),
    (_integer, 1e300, ["Ensure this value is less than or equal to 2147483647."]),
    (_bounded, 0, ["Ensure this value is greater than or equal to 1."]),
    (_bounded, 11, ["Ensure this value is less than or equal to 10."]),
    (_id, 0, ['Invalid pk "0" - object does not exist.']),
    (_id, -1, ['Invalid pk "-1" - object does not exist.']),
    (_id, 2**63, ['Invalid pk "9223372036854775808" - object does not exist.']),
    (_id, "9" * 30, [f'Invalid pk "{"9" * 30}" - object does not exist.']),
    (_id, "x", [INTEGER]),
    (_id, False, [INTEGER]),
    (_decimal, "x", [NUMBER]),
    (_decimal, "", [NUMBER]),
    (_decimal, True, [NUMBER]),
    (_decimal, "NaN", [NUMBER]),
    (_decimal, "sNaN", [NUMBER]),
    (_decimal, "-Infinity", [NUMBER]),
    (_decimal, float("nan"), [NUMBER]),
    (_decimal, "1_000", [NUMBER]),
    (_decimal, "1\0", [NUMBER]),
    (_decimal, "9" * 2000, [NUMBER]),
    (_decimal, [], [NUMBER]),
    (_decimal, "1.001", [PLACES]),
    (_decimal, 0.1 + 0.2, [PLACES]),
    (_decimal, "1e-400", [PLACES]),
    (_decimal, "1e400", [DIGITS]),
    (_decimal, 1e300, [DIGITS]),
    (_decimal, "1234567890123", [DIGITS]),
    (_decimal, "12345678901", ["Ensure that there are no more than 10 digits before the decimal point."]),
    (_price, "-0.01", ["Ensure this value is greater than or equal to 0."]),
    (_email, "a@b", [EMAIL]),
    (_email, "a b@example.org", [EMAIL]),
    (_email, "a@example.org\nBcc: x@example.org", [EMAIL]),
    (_email, "منى@example.org", [EMAIL]),
    (_email, "a@-example.org", [EMAIL]),
    (_email, "", ["This field may not be blank."]),
    (_email, "a" * 250 + "@example.org", ["Ensure this field has no more than 254 characters."]),
    (_mobile, "0101234567", [MOBILE]),
    (_mobile, "010123456789", [MOBILE]),
    (_mobile, "01312345678", [MOBILE]),
    (_mobile, "+201012345678", [MOBILE]),
    (_mobile, 1012345678, [MOBILE]),
    (_boolean, "maybe", ["Must be a valid boolean."]),
    (_boolean, 2, ["Must be a valid boolean."]),
    (_boolean, [], ["Must be a valid boolean."]),
    (_boolean, {}, ["Must be a valid boolean."]),
    (_choice, "other", ['"other" is not a valid choice.']),
    (_choice, "Male", ['"Male" is not a valid choice.']),
    (_choice, "", ['"" is not a valid choice.']),
    (_choice, 5, ['"5" is not a valid choice.']),
    (_choice, ["male"], ['"list" is not a valid choice.']),
    (_choice, None, [NULL]),
    (_day, "2025-02-29", [DAY]),
    (_day, "01-02-2026", [DAY]),
    (_day, "20260101", [DAY]),
    (_day, "٢٠٢٦-٠١-٠١", [DAY]),
    (_day, "0000-01-01", [DAY]),
    (_day, "2026-01-01T00:00", [DAY]),
    (_day, 20260101, [DAY]),
    (_moment, "2026-01-01", [MOMENT]),
    (_moment, "2026-01-01T25:00", [MOMENT]),
    (_moment, "0001-01-01T00:00:00+05:00", [MOMENT]),
    (_moment, "9999-12-31T23:59:59-05:00", [MOMENT]),
    (_moment, "2026-01-01T٠٠:00:00", [MOMENT]),
    (_moment, 1767225600, [MOMENT]),
    (_moment, "", [MOMENT]),
    (_ids, "1", ['Expected a list of items but got type "str".']),
    (_ids, {"0": 1}, ['Expected a list of items but got type "dict".']),
    (_ids, [1, 2, 3, 4], ["Ensure this field has no more than 3 elements."]),
    (_ids, None, [NULL]),
    (_filled, [], ["This list may not be empty."]),
    (_object, [1], ['Expected a dictionary of items but got type "list".']),
    (_object, {"a": "x" * 20}, ["Ensure this field has no more than 20 bytes."]),
    (_object, {"a": "\0"}, ["Null characters are not allowed."]),
    (_ordering, "password", ['"password" is not a valid choice.']),
    (_ordering, "--name", ['"--name" is not a valid choice.']),
]


@pytest.mark.parametrize(("field", "value", "expected"), ACCEPTED)
def test_field_accepts(app, field, value, expected):
    found = field.deserialize(value)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("field", "value", "messages"), REFUSED)
def test_field_refuses(app, field, value, messages):
    with pytest.raises(ma.ValidationError) as refusal:
        field.deserialize(value)

    assert refusal.value.messages == messages


@pytest.mark.parametrize("kind", [fields.Text, fields.Integer, fields.Id, fields.Decimals, fields.Boolean, fields.Day])
def test_a_required_field_that_is_missing_is_named(kind):
    schema = ma.Schema.from_dict({"value": kind(required=True)})()

    assert schema.validate({}) == {"value": ["This field is required."]}


@pytest.mark.parametrize("kind", [fields.Text, fields.Integer, fields.Id, fields.Decimals, fields.Upload])
def test_a_nullable_field_takes_null(kind):
    assert kind(allow_none=True).deserialize(None) is None


def test_each_bad_item_of_a_list_is_reported_by_its_place():
    with pytest.raises(ma.ValidationError) as refusal:
        _ids.deserialize([1, "x", 0])

    assert refusal.value.messages == {1: [INTEGER], 2: ['Invalid pk "0" - object does not exist.']}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Decimal("150"), "150.00"), (Decimal("0.5"), "0.50"), (Decimal("-70"), "-70.00"), (None, None)],
)
def test_decimals_go_out_as_strings_with_two_places(value, expected):
    assert fields.Decimals().serialize("amount", {"amount": value}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01T12:00:00Z"),
        (datetime.fromisoformat("2026-07-01T12:00:00.25+03:00"), "2026-07-01T09:00:00.250000Z"),
        (None, None),
    ],
)
def test_moments_go_out_in_utc_ending_in_z(value, expected):
    assert json.loads(compact(fields.Moment().serialize("at", {"at": value}))) == expected


def test_an_upload_is_handed_on_whole():
    upload = FileStorage(BytesIO(b"content"), "a.txt")

    assert fields.Upload().deserialize(upload).read() == b"content"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "The submitted data was not a file. Check the encoding type on the form."),
        (FileStorage(BytesIO(b"x"), ""), "The submitted data was not a file. Check the encoding type on the form."),
        (FileStorage(BytesIO(b""), "a.txt"), "The submitted file is empty."),
    ],
)
def test_an_upload_is_refused(value, message):
    with pytest.raises(ma.ValidationError) as refusal:
        fields.Upload().deserialize(value)

    assert refusal.value.messages == [message]
