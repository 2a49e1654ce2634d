"""Every page of the console is rendered here: menu, language, nonce and asset addresses are there for each template."""

import hashlib
import secrets
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, render_template, request, send_from_directory, url_for
from sqlalchemy.exc import SQLAlchemyError

from edutrack.owner.console.access import HOME, is_console_path, open_route
from edutrack.owner.console.language import LANGUAGES, reading_language
from edutrack.owner.site import site_settings

_FOLDER = Path(__file__).resolve().parent.parent.parent / "static" / "console"
_PRODUCT = "EduTrack"
_FOREVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("console_assets", __name__, url_prefix=HOME)


def init_rendering(app: Flask) -> None:
    """Give templates what every page needs, and responses the headers of pages."""
    app.register_blueprint(blueprint)
    app.after_request(_add_page_headers)
    app.context_processor(_page_context)


def render_page(template: str, **context: Any) -> str:
    """Return a page of the console, also for views that are plain functions and for what stands in a page's place."""
    return render_template(template, **context)


def script_nonce() -> str:
    """Return what scripts and style elements of this response must carry to be let run."""
    if "console_nonce" not in g:
        g.console_nonce = secrets.token_urlsafe(16)
    nonce: str = g.console_nonce
    return nonce


def asset(name: str) -> str:
    """Return the address of a static file, with its content's hash, so that browsers may keep it for ever."""
    return url_for("console_assets.serve_asset", name=name, v=_hash_of(name))


@blueprint.get("/static/<path:name>")
@open_route
def serve_asset(name: str) -> Response:
    """Serve a stylesheet or picture of the console."""
    response = send_from_directory(_FOLDER, name)
    named_by_content = request.args.get("v") == _hash_of(name)
    response.headers["Cache-Control"] = _FOREVER if named_by_content else "no-cache"
    return response


@cache
def _hash_of(name: str) -> str:
    return hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()[:16]


def _page_context() -> dict[str, Any]:
    if not is_console_path(request.path):
        return {}
    language = reading_language()
    return {
        "language": language,
        "languages": LANGUAGES,
        "direction": "rtl" if language == "ar" else "ltr",
        "script_nonce": script_nonce,
        "asset": asset,
        "menu": _menu if "caller" in g else list,
        "owner": g.get("caller"),
        "site_name": _site_name,
    }


def _site_name() -> str:
    """Return what the site is called; its product's name where the database, too, is what a page has to excuse."""
    if "site_name" not in g:
        try:
            g.site_name = site_settings().site_name
        except SQLAlchemyError:
            g.site_name = _PRODUCT
    name: str = g.site_name
    return name


def _menu() -> Iterator[tuple[Any, list[Any]]]:
    """Yield each section's name with the views that stand under it, in the order in which they were added."""
    (admin,) = current_app.extensions["admin"]
    views = [item._view for item in admin.menu() if item._view.is_visible()]
    for section, members in groupby(views, key=lambda view: view.section):
        yield section, list(members)


def _add_page_headers(response: Response) -> Response:
    if not is_console_path(request.path):
        return response
    headers = response.headers
    headers.setdefault("Cache-Control", "no-store")
    nonce = script_nonce()
    origin = current_app.config["PUBLIC_URL"].rstrip("/")
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data: {origin}".rstrip()
        + "; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    )
    headers.setdefault("Referrer-Policy", "same-origin")
    return response
