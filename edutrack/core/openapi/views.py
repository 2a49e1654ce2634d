"""The document at /api/openapi.json, and the page that shows it, with every asset from here."""

from functools import cache
from mimetypes import guess_type
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request

from edutrack.core.auth import public
from edutrack.core.errors import NotFound
from edutrack.core.json import compact
from edutrack.core.openapi.document import describe

blueprint = Blueprint("openapi", __name__)

_ASSETS = Path(__file__).parent / "assets"
# The page's library sets styles on elements and draws its icons from data: addresses; scripts come from here alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/api/openapi.json")
@public
def show_description() -> Response:
    """Answer the OpenAPI document."""
    response = Response(_document(current_app._get_current_object()), mimetype="application/json")  # type: ignore[attr-defined]
    return _revalidated(response)


@cache
def _document(_app: Flask) -> bytes:
    return compact(describe())


@blueprint.get("/api/docs/")
@public
def show_docs() -> Response:
    """Show the page that presents the document."""
    return _asset("index.html")


@blueprint.get("/api/docs/<asset>")
@public
def show_docs_asset(asset: str) -> Response:
    """Serve what the page is made of."""
    return _asset(asset)


def _asset(name: str) -> Response:
    # Only what is in the folder has a name here, so no name leads out of it.
    if name not in _assets():
        raise NotFound()
    response = Response(_assets()[name], mimetype=guess_type(name)[0])
    response.headers["Content-Security-Policy"] = _POLICY
    return _revalidated(response)


@cache
def _assets() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _ASSETS.iterdir()}


def _revalidated(response: Response) -> Response:
    """Let browsers keep a response and ask by its ETag whether it changed, so that a new release is seen at once."""
    response.headers["Cache-Control"] = "public, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
