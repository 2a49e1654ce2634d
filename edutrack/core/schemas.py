"""Base of every schema: unknown fields are ignored, refusals are worded as DRF words them."""

from typing import Any

import marshmallow as ma
from marshmallow import fields as ma_fields


class Schema(ma.Schema):
    """A body that comes in or goes out. What the schema does not name can neither be set nor leak."""

    class Meta:
        unknown = ma.EXCLUDE

    error_messages = {"type": "Invalid data. Expected a dictionary."}


class Nested(ma_fields.Nested):
    """Another schema inside; messages nest the same way."""

    default_error_messages: dict[str, Any] = {
        "required": "This field is required.",
        "null": "This field may not be null.",
        "type": "Invalid data. Expected a dictionary.",
    }


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
