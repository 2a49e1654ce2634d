"""JSON by orjson, behind Flask's provider interface."""

from decimal import Decimal
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON serialisable")


class OrjsonProvider(JSONProvider):
    """Reads strict JSON (no NaN, no lone surrogates, no endless nesting) and writes compact UTF-8."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return `obj` as JSON text. Options of the standard library's `dumps` do not apply."""
        return compact(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return the value of JSON text; raises ValueError where it is not JSON."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return `args` or `kwargs` as a JSON response, straight from bytes."""
        value = self._prepare_response_obj(args, kwargs)
        return json_response(value)


def compact(value: Any) -> bytes:
    """Return `value` as compact JSON bytes; moments in UTC end in `Z`."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z)


def json_response(value: Any, status: int = 200) -> Response:
    """Return a JSON response of `value`."""
    return Response(compact(value), status, mimetype="application/json")
