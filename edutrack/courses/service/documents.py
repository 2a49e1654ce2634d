"""Which files may be study materials: judged by their bytes, never by what an upload calls itself."""

import codecs
import re
import unicodedata
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from PIL import Image

from edutrack.core.errors import Invalid
from edutrack.core.images import MAX_PIXELS

_REFUSAL = (
    "Upload a PDF, a picture (JPEG, PNG or WebP), a Word, Excel or PowerPoint document without macros, or plain text."
)
_PICTURES = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png", b"RIFF": "webp"}
_OFFICE_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
#: More parts than any document has; the list of them is all that is read of it.
_MOST_PARTS = 20_000
_LONGEST_TEXT_BYTES = 5 * 1024 * 1024
#: What programs and other binary files hold, and text does not.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
#: What browsers and shells would run, were they ever shown it as what it is.
_MARKUP = ("<html", "<svg", "<script", "<!doctype", "<?xml", "<iframe", "<body")
_LONGEST_STEM = 100
_UNSAFE_IN_NAMES = frozenset('/\\:*?"<>|')


def document_kind(upload: Any) -> str:
    """Return the extension that a study material's bytes deserve; the upload is rewound.

    Raises Invalid under `file` for everything that is no document of an allowed kind (rules.md, "Study materials").
    """
    content: BinaryIO = upload.stream
    try:
        kind = _kind(content)
    finally:
        content.seek(0)
    if kind is None:
        raise Invalid({"file": [_REFUSAL]})
    return kind


def download_name(uploaded_name: str, extension: str) -> str:
    """Return the name under which a file is downloaded: what it was called, made harmless, with its true extension."""
    stem = PurePosixPath(uploaded_name.replace("\\", "/")).stem
    # Control and formatting characters go: some of them turn the reading direction, and an extension around.
    readable = "".join(
        character
        for character in stem
        if not unicodedata.category(character).startswith("C") and character not in _UNSAFE_IN_NAMES
    )
    return f"{readable.strip(' .')[:_LONGEST_STEM].strip(' .') or 'material'}.{extension}"


def _kind(content: BinaryIO) -> str | None:
    head = content.read(16)
    content.seek(0)
    if head.startswith(b"%PDF-"):
        return "pdf"
    for signature, extension in _PICTURES.items():
        if head.startswith(signature):
            return extension if _is_picture(content) else None
    if head.startswith(b"PK\x03\x04"):
        return _office_kind(content)
    return "txt" if _is_plain_text(content) else None


def _is_picture(content: BinaryIO) -> bool:
    try:
        with Image.open(content, formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return False
            picture.verify()
    except Exception:  # Pillow raises nearly anything, according to where the bytes are damaged.
        return False
    return True


def _office_kind(content: BinaryIO) -> str | None:
    try:
        with ZipFile(content) as archive:
            parts = archive.namelist()
    except (BadZipFile, ValueError, OSError, LookupError, RuntimeError):
        # The last is what zipfile raises for an archive of a later version than it knows.
        return None
    if len(parts) > _MOST_PARTS or "[Content_Types].xml" not in parts:
        return None
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        return None
    return next((extension for part, extension in _OFFICE_PARTS.items() if part in parts), None)


def _is_plain_text(content: BinaryIO) -> bool:
    data = content.read(_LONGEST_TEXT_BYTES + 1)
    if len(data) > _LONGEST_TEXT_BYTES or _CONTROLS.search(data):
        return False
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return False
    folded = text.lstrip().lower()
    return not folded.startswith(("#!", "<")) and not any(tag in folded for tag in _MARKUP)
