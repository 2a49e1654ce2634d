"""The language in which a person reads what the application writes."""

from functools import lru_cache
from typing import Literal

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

Language = Literal["en", "ar"]


def preferred_language() -> Language:
    """Return the language that the request's `Accept-Language` prefers; English where it names neither."""
    return _preferred(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


# Lists ask for every row, and browsers send few different ones.
@lru_cache(256)
def _preferred(header: str) -> Language:
    # In order of preference. Werkzeug's own matching would take a plain `en` before a preferred `ar-EG`.
    for tag, quality in parse_accept_header(header, LanguageAccept):
        language = tag.lower().split("-")[0]
        if quality > 0 and language in ("ar", "en", "*"):
            return "ar" if language == "ar" else "en"
    return "en"
