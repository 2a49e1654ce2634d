"""Where a request really came from: forwarded headers count only from the proxies that the operator says are there."""

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix


def client_address() -> str:
    """Return the address that a request came from."""
    return request.remote_addr or "unknown"


def init_proxies(app: Flask) -> None:
    """Believe as many X-Forwarded-* entries as there are trusted proxies (PROXY_COUNT), counted from the right."""
    count = app.config["PROXY_COUNT"]
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
