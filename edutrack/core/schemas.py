"""Base of every schema: unknown fields are ignored, refusals are worded as DRF words them."""

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any

import marshmallow as ma
from marshmallow import fields as ma_fields
from marshmallow.utils import get_value
from sqlalchemy import Row

from edutrack.core.database import Base

#: Fields that print a value of their type as it is.
_PRINTED_AS_IS = {ma_fields.Integer: int, ma_fields.String: str, ma_fields.Boolean: bool}


class Schema(ma.Schema):
    """A body that comes in or goes out. What the schema does not name can neither be set nor leak."""

    class Meta:
        unknown = ma.EXCLUDE

    error_messages = {"type": "Invalid data. Expected a dictionary."}

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """Print as marshmallow does, but read an object's values at one stroke, and print most of them as they are.

        Asking each of them where it comes from is what a long answer would spend most of its time with.
        """
        if many and obj is not None:
            return [self._serialize(one) for one in obj]
        names, columns, attributes, keys = self._printing
        try:
            if type(obj) is dict:
                values = keys(obj)
            elif isinstance(obj, Row | Base):
                values = attributes(obj)
            else:
                values = [get_value(obj, name) for name in names]
        except (AttributeError, KeyError):
            # Something is not there, or nothing is where a dotted name leads through.
            values = [get_value(obj, name) for name in names]
        printed = {}
        for key, place, as_is, name, field in columns:
            value = None if place is None else values[place]
            if value is ma.missing:
                value = field.dump_default() if callable(field.dump_default) else field.dump_default
                if value is ma.missing:
                    continue
            printed[key] = value if type(value) is as_is else field._serialize(value, name, obj)
        return printed

    @cached_property
    def _printing(self) -> tuple[list[str], list[Any], Callable[[Any], Any], Callable[[Any], Any]]:
        """Return which values are read, how each key is printed from them, and what reads them off rows and dicts."""
        names: list[str] = []
        columns = []
        for name, field in self.dump_fields.items():
            place = None
            if field._CHECK_ATTRIBUTE:
                place = len(names)
                names.append(field.attribute or name)
            key = name if field.data_key is None else field.data_key
            columns.append((key, place, _PRINTED_AS_IS.get(type(field)), name, field))
        # With a single name they would return its value instead of a tuple. No key of a dict has a dot, so that those
        # with dotted names are read by name.
        return names, columns, attrgetter(*names, "__class__"), itemgetter(*names, *(names[:1] or [""]))


class Nested(ma_fields.Nested):
    """Another schema inside; messages nest the same way. It comes whole, also in a part of what is outside."""

    default_error_messages: dict[str, Any] = {
        "required": "This field is required.",
        "null": "This field may not be null.",
        "type": "Invalid data. Expected a dictionary.",
    }

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(*args, **kwargs | {"partial": None})


class MessageSchema(Schema):
    """What is answered where there is nothing to show but that it worked."""

    message = ma_fields.String(required=True)


def plain_messages(messages: Any) -> Any:
    """Return marshmallow's messages as DRF nests them.

    Object-level messages stand under `non_field_errors`; a list of objects has one entry for each object, empty where
    nothing is wrong; a list of plain values has the messages of its values, each once.
    """
    if not isinstance(messages, dict):
        return messages
    if messages and all(isinstance(key, int) for key in messages):
        if any(isinstance(value, dict) for value in messages.values()):
            return [_of_one_item(messages.get(index, {})) for index in range(max(messages) + 1)]
        return list(dict.fromkeys(message for value in messages.values() for message in value))
    return {"non_field_errors" if key == "_schema" else key: plain_messages(value) for key, value in messages.items()}


def _of_one_item(messages: Any) -> Any:
    # What is wrong with an item as a whole (a null among objects) is a bare list.
    return plain_messages(messages if isinstance(messages, dict) else {"_schema": messages})
