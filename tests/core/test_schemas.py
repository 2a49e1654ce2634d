"""Schemas: unknown fields, and how messages nest."""

import pytest

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema, plain_messages
from tests.trial import NamedSchema

REQUIRED = ["This field is required."]
NULL = ["This field may not be null."]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({"name": REQUIRED}, {"name": REQUIRED}),
        ({"_schema": ["Wrong."]}, {"non_field_errors": ["Wrong."]}),
        ({"child": {"id": REQUIRED}}, {"child": {"id": REQUIRED}}),
        ({"child": {"_schema": ["Wrong."]}}, {"child": {"non_field_errors": ["Wrong."]}}),
        ({"children": {1: {"id": REQUIRED}}}, {"children": [{}, {"id": REQUIRED}]}),
        (
            {"children": {0: {"id": REQUIRED}, 2: {"_schema": ["Wrong."]}}},
            {"children": [{"id": REQUIRED}, {}, {"non_field_errors": ["Wrong."]}]},
        ),
        (
            {"children": {0: {"id": REQUIRED}, 1: NULL}},
            {"children": [{"id": REQUIRED}, {"non_field_errors": NULL}]},
        ),
        ({"ids": {0: ["A."], 3: ["A."], 4: ["B."]}}, {"ids": ["A.", "B."]}),
        ({"a": {0: {"b": {1: {"c": REQUIRED}}}}}, {"a": [{"b": [{}, {"c": REQUIRED}]}]}),
        ({}, {}),
    ],
)
def test_messages_nest_as_drf_nests_them(messages, expected):
    assert plain_messages(messages) == expected


def test_unknown_fields_are_ignored():
    assert NamedSchema().load({"name": "a", "is_active": True, "id": 5}) == {"name": "a"}


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_what_is_no_object_is_refused_as_a_whole(value):
    assert plain_messages(Schema().validate(value)) == {"non_field_errors": ["Invalid data. Expected a dictionary."]}


def test_what_is_nested_comes_whole_also_where_a_part_of_the_outside_is_sent():
    class Outer(Schema):
        name = fields.Text(required=True)
        children = fields.ListOf(Nested(NamedSchema))

    outer = Outer(partial=True)

    assert outer.load({"children": [{"name": "a"}]}) == {"children": [{"name": "a"}]}
    assert plain_messages(outer.validate({"children": [{}]})) == {"children": [{"name": REQUIRED}]}
