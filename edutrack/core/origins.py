"""Which pages may use the API with cookies: the origin check of unsafe requests, and CORS, from one list."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from edutrack.core.errors import Forbidden
from edutrack.core.urls import is_api_request

FOREIGN = "CSRF Failed: Origin checking failed - the origin does not match any trusted origins."
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, Accept-Language"
_EXPOSED_HEADERS = "Retry-After, Idempotency-Replayed, X-Request-ID, Content-Disposition"
_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"


def require_trusted_origin() -> None:
    """Raise Forbidden for an unsafe request whose Origin (else Referer) is not trusted (rules.md, "Origin check")."""
    if request.method in _SAFE_METHODS:
        return
    claimed = _claimed_origin()
    if not claimed:
        raise Forbidden("CSRF Failed: Origin checking failed - no Origin header.")
    _require_trusted(claimed)


def refuse_foreign_page() -> None:
    """Raise Forbidden where the request says that a page which is not trusted sent it (rules.md, "Origin check").

    For what anybody may send, and pages of strangers may not: it sets cookies.
    """
    claimed = _claimed_origin()
    if claimed:
        _require_trusted(claimed)


def _claimed_origin() -> str:
    return request.headers.get("Origin") or _origin_of(request.headers.get("Referer", ""))


def _require_trusted(claimed: str) -> None:
    if claimed != _own_origin() and claimed not in current_app.config["CSRF_TRUSTED_ORIGINS"]:
        raise Forbidden(FOREIGN)


def _own_origin() -> str:
    return _origin_of(current_app.config["PUBLIC_URL"] or request.host_url)


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def init_cors(app: Flask) -> None:
    """Answer CORS for the trusted origins, and for nobody else."""

    @app.before_request
    def answer_preflight() -> Response | None:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return current_app.response_class(status=204)
        return None

    @app.after_request
    def add_cors_headers(response: Response) -> Response:
        if not is_api_request():
            return response
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin in current_app.config["CSRF_TRUSTED_ORIGINS"]:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = _METHODS
                response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
                response.headers["Access-Control-Max-Age"] = "600"
        return response
