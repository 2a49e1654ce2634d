"""What the console shows where the API would answer an error body.

A refused form has to be shown again *after* its transaction is rolled back, so that nothing of it stays and failures
are counted; therefore a view says beforehand what is shown then (`when_refused`), and lets the error pass.
"""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, g
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from edutrack.core import errors
from edutrack.core.rendering import status_of
from edutrack.owner.console.rendering import render_page

Refusal = Callable[[errors.DomainError, int], ResponseReturnValue]

_TITLES = {
    400: _("This could not be done"),
    403: _("This is not open to you"),
    404: _("There is no such page"),
    413: _("The file is too large"),
    429: _("Too many attempts"),
    500: _("Something went wrong on our side"),
    503: _("The console cannot be reached at the moment"),
}
_EXPLANATIONS = {
    400: _("The request could not be understood. Go back, load the page again and try once more."),
    403: _("Your account may not see this page."),
    404: _("It may have been moved or removed, or the address has a mistake in it."),
    413: _("Choose a smaller file and try again."),
    429: _("Please wait a little before you try again."),
    500: _("Nothing was changed. Try again in a moment; the failure has been recorded."),
    503: _("Try again in a moment. If you were about to change something, first look whether it was done."),
}
_STALE = _("The page was open for too long or in another window. Load it again and repeat what you did.")
_log = structlog.get_logger()


def when_refused(show: Refusal) -> None:
    """Say what is shown if a rule refuses the rest of this request: `show` gets the error and its status."""
    g.console_refusal = show


def init_error_pages(app: Flask) -> None:
    """Give every blueprint of the console its error pages; the API's bodies stay where they were."""
    handlers: dict[type[Exception], Any] = {
        errors.DomainError: _show_refusal,
        CSRFError: _show_stale,
        HTTPException: _show_http_error,
        DataError: _show_unstorable,
        OperationalError: _show_outage,
        PoolTimeout: _show_outage,
        Exception: _show_failure,
    }
    for name in app.blueprints:
        if name.startswith("console"):
            for kind, handler in handlers.items():
                code = kind.code if issubclass(kind, HTTPException) else None
                app.error_handler_spec[name][code][kind] = handler


def _show_refusal(error: errors.DomainError) -> ResponseReturnValue:
    show: Refusal | None = g.get("console_refusal")
    if show is None or isinstance(error, errors.NotFound):
        return error_page(status_of(error))
    return show(error, status_of(error))


def _show_stale(_error: CSRFError) -> ResponseReturnValue:
    return error_page(400, _STALE)


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    return error_page(error.code)


def _show_unstorable(error: DataError) -> ResponseReturnValue:
    _log.error("value_does_not_fit_column", exc_info=error)
    return error_page(400)


def _show_outage(error: Exception) -> ResponseReturnValue:
    _log.error("database_unavailable", exc_info=error)
    page, status = error_page(503)
    return page, status, {"Retry-After": str(errors.Unavailable.retry_after)}


def _show_failure(error: Exception) -> ResponseReturnValue:
    _log.error("request_failed", exc_info=error)
    return error_page(500)


def error_page(status: int, explanation: Any = None) -> tuple[str, int]:
    """Return the page for an error status, within the console's frame where somebody is signed in."""
    known = status if status in _TITLES else 500 if status >= 500 else 400
    page = render_page(
        "console/error.html", status=status, title=_TITLES[known], explanation=explanation or _EXPLANATIONS[known]
    )
    return page, status
