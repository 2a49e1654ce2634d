"""Hostile files on every route that takes one: refused, or stored as something that no browser runs."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from edutrack.core.files import PUBLIC_FOLDER
from edutrack.core.openapi import describe
from tests.api import Api
from tests.core.test_images import huge_png, picture, picture_with_exif
from tests.deeds import Deeds, path_in_document, send
from tests.tables import undone

SCRIPT = b"<script>alert('zqxcanary')</script>"
#: The kinds of file that are ever stored; none of them is run by a browser, all are served with `nosniff`.
KINDS = {"jpg", "png", "webp", "pdf", "docx", "xlsx", "pptx", "txt", "mp4", "mov", "webm"}
#: What a public file may be served as.
PUBLIC_TYPES = {"image/jpeg", "image/png", "image/webp"}


def zipped():
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    return content.getvalue()


HOSTILE = {
    "SVG": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>"),
    "SVG with a declaration": ("a.png", b"<?xml version='1.0'?><svg>" + SCRIPT + b"</svg>"),
    "HTML": ("a.html", b"<!doctype html>" + SCRIPT),
    "HTML behind white space": ("a.txt", b"\n\n \t" + SCRIPT),
    "script in a JPEG": ("a.jpg", picture("JPEG", comment=SCRIPT)),
    "script behind a JPEG": ("a.jpg.html", picture("JPEG") + SCRIPT),
    "script behind a PNG": ("a.png.html", picture("PNG") + SCRIPT),
    "PHP behind a WebP": ("a.webp.php", picture("WEBP") + b"<?php echo 'zqxcanary'; ?>"),
    "GIF and archive": ("a.gif", picture("GIF", mode="P") + zipped()),
    "JPEG and archive": ("a.jpg", picture("JPEG") + zipped()),
    "archive": ("a.zip", zipped()),
    "truncated": ("a.jpg", picture("JPEG", size=(400, 300))[:-200]),
    "far too many pixels": ("a.png", huge_png(14_000, 14_000)),
    "place of a person": ("a.jpg", picture_with_exif("JPEG")),
    "name above the folder": ("../../../a.jpg", picture("JPEG")),
    "name elsewhere": ("/etc/cron.d/a", picture("PNG")),
    "name with a NUL": ("a.php\0.jpg", picture("JPEG")),
    "name of dots": ("..", picture("PNG")),
    "name that turns round": ("a\u202egpj.exe", picture("JPEG")),
    "program": ("a.pdf", b"MZ\x90\x00" + bytes(200)),
    "nothing in it": ("a.jpg", b" "),
}


@pytest.fixture
def school(app):
    return Deeds()


def files_of(document, route):
    """Return the names of the files that a route takes."""
    operation = document["paths"][path_in_document(route[1])][route[0].lower()]
    schema = operation["requestBody"]["content"].get("multipart/form-data", {}).get("schema", {})
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return [name for name, value in schema.get("properties", {}).items() if value.get("format") == "binary"]


def stored(app):
    return {path for path in Path(app.config["MEDIA_DIR"]).rglob("*") if path.is_file()}


def wrong_with(app, path):
    """Return what is wrong with a file that was stored."""
    media, content = Path(app.config["MEDIA_DIR"]), path.read_bytes()
    if path.suffix[1:] not in KINDS or media not in path.resolve().parents:
        return "its name"
    if media / PUBLIC_FOLDER not in path.parents:
        # Served by links alone, as an attachment.
        response = Api(app).get(f"/media/{path.relative_to(media)}")
        return "open to everybody" if response.status_code != 404 else None
    with Api(app).get(f"/media/{path.relative_to(media / PUBLIC_FOLDER)}") as served:
        headers = served.headers
        is_inert = served.mimetype in PUBLIC_TYPES and headers["X-Content-Type-Options"] == "nosniff"
        if not is_inert or headers["Content-Security-Policy"] != "default-src 'none'; sandbox":
            return "how it is served"
    with Image.open(BytesIO(content)) as image:
        told = dict(image.getexif()) or {"exif", "comment", "xmp"} & set(image.info)
    return "what it tells" if told or b"canary" in content else None


def test_nothing_that_a_browser_would_run_is_stored_on_any_route(app, school):
    document, wrong, taken = describe(), {}, 0
    for route, deed in school.deeds.items():
        for field in files_of(document, route):
            for name, (filename, content) in HOSTILE.items():
                before = stored(app)
                body = {**deed.body, field: (BytesIO(content), filename)}
                # A video of a platform takes no file.
                body |= {"platform": "file", "source": None} if route[1].startswith("/api/videos/") else {}
                with undone(app):
                    response = send(app, school, route, replace(deed, body=body, file=None), form=True)
                    if response.status_code not in (200, 201, 400):
                        wrong[route, name] = response.text[:200]
                    for path in stored(app) - before:
                        taken += 1
                        if fault := wrong_with(app, path):
                            wrong[route, name] = f"{path}: {fault}"
                        path.unlink()

    assert wrong == {}
    assert taken > 40


def test_a_download_is_an_attachment_whatever_it_is(app, school):
    """A study material is kept as it is, metadata and all: it is never shown in place."""
    route = ("POST", "/api/materials/")
    deed = replace(school.deeds[route], file=HOSTILE["script behind a JPEG"])

    url = send(app, school, route, deed).json["file_url"]

    with Api(app).get(url.removeprefix("http://localhost")) as response:
        assert response.headers["Content-Disposition"] == "attachment; filename=a.jpg.jpg"
        assert (response.mimetype, response.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
