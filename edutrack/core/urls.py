"""Absolute URLs of this API, and ids in paths."""

from flask import Flask, current_app, request
from werkzeug.routing import BaseConverter

from edutrack.core.database import MAX_ID


class IdConverter(BaseConverter):
    """An id in a path. One that no column can hold names nothing, so it becomes the largest id, which nobody has."""

    regex = r"[0-9]+"
    part_isolating = True

    def to_python(self, value: str) -> int:
        """Return the id as a number that PostgreSQL takes."""
        # Nineteen digits hold every id; converting thousands of them would cost time, or be refused by Python.
        return min(int(value), MAX_ID) if len(value) <= 19 else MAX_ID


def is_api_request() -> bool:
    """Return whether the request is one to the API, whatever became of its path."""
    return f"{request.path}/".startswith("/api/")


def init_urls(app: Flask) -> None:
    """Make paths answer with and without their last slash, never by a redirect, and read ids safely."""
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = IdConverter


def absolute_url(path: str) -> str:
    """Return the URL at which a browser reaches `path` (which starts with a slash) of this application."""
    base = current_app.config["PUBLIC_URL"] or request.host_url
    return base.rstrip("/") + path
