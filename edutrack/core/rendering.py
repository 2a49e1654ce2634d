"""The one place where errors become HTTP responses: JSON as DRF words it under /api/, plain pages elsewhere."""

from typing import Any

import structlog
from flask import Flask, Response, request
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, RequestEntityTooLarge

from edutrack.core import errors
from edutrack.core.json import json_response
from edutrack.core.urls import is_api_request

_STATUS: dict[type[errors.DomainError], int] = {
    errors.Rejected: 400,
    errors.Invalid: 400,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.InUse: 409,
    errors.TooLarge: 413,
    errors.UnsupportedBody: 415,
    errors.KeyReused: 422,
    errors.Throttled: 429,
    errors.Unavailable: 503,
}
#: What is answered where no schema bounds a value and no column holds it.
UNSTORABLE = "A value in the request is out of range."
_log = structlog.get_logger()


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status that a domain error is answered with."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def body_of(error: errors.DomainError) -> dict[str, Any]:
    """Return the body that a domain error is answered with."""
    return error.messages if isinstance(error, errors.Invalid) else {error.key: error.message}


def init_errors(app: Flask) -> None:
    """Register the handlers: documented bodies for domain errors, and never HTML for a path under /api/."""

    @app.errorhandler(errors.DomainError)
    def render_domain_error(error: errors.DomainError) -> Any:
        response = json_response(body_of(error), status_of(error))
        if isinstance(error, errors.Throttled | errors.Unavailable):
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def render_http_error(error: HTTPException) -> Any:
        if not is_api_request() or error.code is None or error.code < 400:
            return error
        if isinstance(error, MethodNotAllowed):
            detail = f'Method "{request.method}" not allowed.'
        elif error.code == 404:
            detail = "Not found."
        elif isinstance(error, RequestEntityTooLarge):
            detail = "The request body is too large."
        elif isinstance(error, BadRequest):
            detail = f"Malformed request - {error.description}"
        else:
            detail = error.description or error.name
        response = json_response({"detail": detail}, error.code)
        for name, value in error.get_headers(request.environ):
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    @app.errorhandler(DataError)
    def render_unstorable_value(error: DataError) -> Any:
        # Schemas bound every value; one that still does not fit a column is the request's fault, and worth mending.
        _log.error("value_does_not_fit_column", exc_info=error)
        response = json_response({"detail": UNSTORABLE}, 400)
        return response

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def render_outage(error: Exception) -> Any:
        _log.error("database_unavailable", exc_info=error)
        return render_domain_error(errors.Unavailable())

    @app.errorhandler(Exception)
    def render_failure(error: Exception) -> Any:
        _log.error("request_failed", exc_info=error)
        if not is_api_request():
            return Response("Internal server error", 500, mimetype="text/plain")
        response = json_response({"detail": "Internal server error"}, 500)
        return response
