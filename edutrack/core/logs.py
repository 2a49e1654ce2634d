"""Structured logs: one line a request, each with the id that the response carries as X-Request-ID."""

import logging
import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_log = structlog.get_logger("edutrack.request")


def init_logs(app: Flask) -> None:
    """Configure logging for people or machines, and log every request without its query string or body.

    Links carry tokens in their query, bodies carry passwords and codes: neither is ever logged.
    """
    renderer = (
        structlog.processors.JSONRenderer()
        if app.config["LOG_FORMAT"] == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )

    @app.before_request
    def name_request() -> None:
        claimed = request.headers.get("X-Request-ID", "")
        g.request_id = claimed if _REQUEST_ID.fullmatch(claimed) else uuid.uuid4().hex
        g.started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def log_request(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        asking = g.get("caller")
        _log.info(
            "request",
            method=request.method,
            path=_loggable(request.path),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.started) * 1000, 1),
            user_id=asking.user_id if asking else None,
        )
        return response

    @app.teardown_request
    def forget_request(_: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def _loggable(path: str) -> str:
    # A signed file link carries its token in the path.
    return "/files/…" if path.startswith("/files/") else path
