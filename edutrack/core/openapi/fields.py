"""What the description says of a field: its type, bounds and form, read from the field that validates."""

from typing import Any

import marshmallow as ma

from edutrack.core import fields
from edutrack.core.files import PictureUrl

#: Decimals as they go out: always two places.
PRINTED_DECIMAL = r"^-?[0-9]+\.[0-9]{2}$"


def describe_field(_converter: Any, field: ma.fields.Field, ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return what is to be added to a property's schema; `ret` is what apispec has found so far, nulls included."""
    if ret.get("default", ...) is None:
        # Only says that the filter is not applied.
        del ret["default"]
    found = {**_form(field), **_bounds(field)}
    if field.allow_none:
        if isinstance(found.get("type"), str):
            found["type"] = [found["type"], "null"]
        if "enum" in ret:
            found["enum"] = [*ret["enum"], None]
    return found


def _form(field: ma.fields.Field) -> dict[str, Any]:
    match field:
        case fields.Decimals():
            return {"type": "string", "format": "decimal", "examples": ["150.00"]}
        case fields.Id():
            return {"format": "int64", "minimum": 1}
        case fields.Upload():
            return {"type": "string", "format": "binary"}
        case fields.EmailAddress():
            return {"format": "email"}
        case fields.EgyptianMobile():
            return {"examples": ["01012345678"]}
        case PictureUrl() | ma.fields.Url():
            return {"format": "uri"}
        case ma.fields.Constant():
            return {"type": "string", "const": field.constant}
    return {}


def _bounds(field: ma.fields.Field) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for validator in field.validators:
        match validator:
            case fields.Minimum() if not isinstance(field, fields.Decimals):
                found["minimum"] = validator.min
            case fields.Minimum():
                found["description"] = f"At least {validator.min}."
            case fields.Maximum():
                found["maximum"] = validator.max
            case fields.MaxLength():
                found["maxLength"] = validator.max
    if isinstance(field, fields.Text) and not field.blank:
        found["minLength"] = 1
    if isinstance(field, fields.ListOf):
        found["maxItems"] = field.most
        if not field.empty:
            found["minItems"] = 1
    return found
