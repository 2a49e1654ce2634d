"""Uploaded files on the local disk, under names that the server makes.

Pictures lie under `public/` and are served at `/media/` to anybody; everything else is reached through signed links.
"""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from flask import Blueprint, Flask, Response, current_app, send_from_directory
from marshmallow import fields

from edutrack.core.auth import Guard, public, still_admits
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden
from edutrack.core.signing import read_signed, sign
from edutrack.core.transaction import after_commit, after_rollback
from edutrack.core.turns import stepping_aside
from edutrack.core.urls import absolute_url

PUBLIC_FOLDER = "public"
_COPY_BYTES = 1024 * 1024
_LINK = "staff-file"
#: Whom links are given to that stand on a session.
_STAFF = Guard(frozenset({Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER}))

blueprint = Blueprint("files", __name__)


def save_file(content: BinaryIO, folder: str, extension: str) -> str:
    """Store `content` and return the name it was given, `<folder>/<random>.<extension>`.

    Where the request fails, the file goes again.
    """
    name = f"{folder}/{secrets.token_urlsafe(16)}.{extension}"
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    after_rollback(lambda: path.unlink(missing_ok=True))
    # Hundreds of megabytes take the disk a while.
    with path.open("xb") as target, stepping_aside():
        while chunk := content.read(_COPY_BYTES):
            target.write(chunk)
    return name


def is_stored(name: str) -> bool:
    """Return whether the file that `save_file` gave this name is still there."""
    return _path(name).is_file()


def read_stored(name: str) -> bytes:
    """Return the content of the file that `save_file` gave this name; raises FileNotFoundError where it is gone."""
    return _path(name).read_bytes()


def remove_file(name: str | None) -> None:
    """Remove a stored file once the change that no longer needs it is committed."""
    if name:
        path = _path(name)
        after_commit(lambda: path.unlink(missing_ok=True))


def public_url(name: str | None) -> str | None:
    """Return the absolute URL of a stored picture; None where there is none."""
    return absolute_url(f"/media/{name.removeprefix(f'{PUBLIC_FOLDER}/')}") if name else None


class PictureUrl(fields.String):
    """Output field: a stored picture's name, printed as its absolute URL."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return public_url(value)


def signed_url(name: str, download_name: str, expires_at: datetime, *, user_id: int, session_id: int | None) -> str:
    """Return an absolute URL at which the file can be downloaded until `expires_at`.

    It is for staff: it stands on the session in which it was given, and on the account of that session's user.
    """
    holder = {"user": user_id, "session": session_id}
    token = sign({"name": name, "as": download_name} | holder, _LINK, expires_at)
    return absolute_url(f"/files/{token}/")


def stored_file(name: str, *, download_name: str | None = None) -> Response:
    """Return the response that serves a stored file, with `Range`; as an attachment where it gets a download name.

    `name` is one that `save_file` gave; what a stranger names is held to the public folder (`serve_picture`).
    """
    return _served(Path(current_app.config["MEDIA_DIR"]), name, download_name)


def _served(folder: Path, name: str, download_name: str | None = None) -> Response:
    # Nothing above `folder` is served, whatever the name says.
    response = send_from_directory(
        folder,
        name,
        as_attachment=download_name is not None,
        download_name=download_name,
        conditional=True,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def init_files(app: Flask) -> None:
    """Register the routes of stored files."""
    app.register_blueprint(blueprint)


@blueprint.get("/media/<path:name>")
@public
def serve_picture(name: str) -> Response:
    """Serve a stored picture."""
    response = _served(Path(current_app.config["MEDIA_DIR"]) / PUBLIC_FOLDER, name)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@blueprint.get("/files/<token>/")
@public
def serve_signed_file(token: str) -> Response:
    """Serve the file that a link of staff names, as an attachment, as long as they are let in."""
    link = read_signed(token, _LINK)
    if link is None or not still_admits(_STAFF, link["user"], link["session"]):
        raise Forbidden("This link is no longer valid.")
    response = stored_file(link["name"], download_name=link["as"])
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _path(name: str) -> Path:
    return Path(current_app.config["MEDIA_DIR"]) / name
