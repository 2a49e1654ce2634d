"""The language in which a person reads what the application writes."""

from typing import Literal

from flask import request

Language = Literal["en", "ar"]


def preferred_language() -> Language:
    """Return the language that the request's `Accept-Language` prefers; English where it names neither."""
    # In order of preference. Werkzeug's own matching would take a plain `en` before a preferred `ar-EG`.
    for tag, quality in request.accept_languages:
        language = tag.lower().split("-")[0]
        if quality > 0 and language in ("ar", "en", "*"):
            return "ar" if language == "ar" else "en"
    return "en"
