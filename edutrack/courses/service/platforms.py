"""Where videos lie: what names one on a platform, and which recordings are stored here."""

import re
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from flask import current_app

from edutrack.core.errors import Invalid
from edutrack.core.files import save_file

#: The settings without which nothing plays on a platform; the others need none.
_KEYS = {"bunny": ("BUNNY_LIBRARY_ID", "BUNNY_TOKEN_KEY"), "vdocipher": ("VDOCIPHER_API_SECRET",)}
VIDEO_FOLDER = "videos"

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)
_YOUTUBE_HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com", "www.youtube-nocookie.com"}
_YOUTUBE_FOLDERS = {"embed", "shorts", "live", "v"}
_VIMEO_ID = re.compile(r"[0-9]{1,12}", re.ASCII)
_VIMEO_HASH = re.compile(r"[0-9a-f]{6,32}", re.ASCII)
_VIMEO_HOSTS = {"vimeo.com", "www.vimeo.com", "player.vimeo.com"}
_BUNNY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_BUNNY_HOSTS = {"iframe.mediadelivery.net", "player.mediadelivery.net", "video.bunnycdn.com"}
_VDOCIPHER_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_VDOCIPHER_HOSTS = {"vdocipher.com", "www.vdocipher.com", "dev.vdocipher.com", "player.vdocipher.com"}

_SIGNATURE_BYTES = 64
_WEBM = b"\x1a\x45\xdf\xa3"
#: Major brands of MP4 files; still pictures (HEIC, AVIF) share the container and are none.
_MP4_BRANDS = {
    *(b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9"),
    *(b"mp41", b"mp42", b"avc1", b"MSNV", b"dash", b"M4V ", b"M4VH", b"M4VP", b"f4v ", b"XAVC"),
}


def is_configured(platform: str) -> bool:
    """Return whether every key is set that a platform needs (rules.md, "Videos")."""
    return all(current_app.config[name] for name in _KEYS.get(platform, ()))


def require_configured(platform: str) -> None:
    """Raise Invalid for a platform whose keys are not set."""
    if not is_configured(platform):
        raise Invalid({"platform": [f'The platform "{platform}" is not configured.']})


def platform_id(platform: str, source: str) -> str:
    """Return the id of a video on a platform, given that id or an https address of it there.

    For Vimeo's unlisted videos the hash that opens them follows, as `<id>?h=<hash>`: what its player takes. Raises
    Invalid under `source` for anything else (rules.md, "Videos").
    """
    name, find = _FINDERS[platform]
    found = find(source)
    if found is None:
        raise Invalid({"source": [f"Enter the id or the https address of a {name} video."]})
    return found


def store_recording(upload: Any) -> str:
    """Store an uploaded recording and return its name.

    Raises Invalid under `file` where the bytes are no MP4, MOV or WebM, whatever the upload calls itself.
    """
    head = upload.stream.read(_SIGNATURE_BYTES)
    upload.stream.seek(0)
    extension = _container(head)
    if extension is None:
        raise Invalid({"file": ["Upload a video in MP4, MOV or WebM format."]})
    return save_file(upload.stream, VIDEO_FOLDER, extension)


def _container(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        if head[8:12] == b"qt  ":
            return "mov"
        return "mp4" if head[8:12] in _MP4_BRANDS else None
    return "webm" if head.startswith(_WEBM) and b"webm" in head else None


def _youtube_id(source: str) -> str | None:
    if _YOUTUBE_ID.fullmatch(source):
        return source
    host, parts, query = _address(source)
    candidate = ""
    if host == "youtu.be" and parts:
        candidate = parts[0]
    elif host in _YOUTUBE_HOSTS and parts == ["watch"]:
        candidate = query.get("v", [""])[0]
    elif host in _YOUTUBE_HOSTS and len(parts) == 2 and parts[0] in _YOUTUBE_FOLDERS:
        candidate = parts[1]
    return candidate if _YOUTUBE_ID.fullmatch(candidate) else None


def _vimeo_id(source: str) -> str | None:
    number, secret = source, ""
    if not _VIMEO_ID.fullmatch(source):
        host, parts, query = _address(source)
        if host not in _VIMEO_HOSTS:
            return None
        if host == "player.vimeo.com" and parts[:1] == ["video"]:
            parts = parts[1:]
        number, secret = (*parts, "", "")[:2]
        secret = secret or query.get("h", [""])[0]
        if len(parts) > 2 or not _VIMEO_ID.fullmatch(number) or (secret and not _VIMEO_HASH.fullmatch(secret)):
            return None
    return f"{number}?h={secret}" if secret else number


def _bunny_id(source: str) -> str | None:
    candidate = source
    if not _BUNNY_ID.fullmatch(source):
        host, parts, _ = _address(source)
        # Videos of another library have other keys: what we sign for them opens nothing.
        is_ours = host in _BUNNY_HOSTS and len(parts) == 3 and parts[1] == current_app.config["BUNNY_LIBRARY_ID"]
        candidate = parts[2] if is_ours and parts[0] in ("embed", "play") else ""
    return candidate.lower() if _BUNNY_ID.fullmatch(candidate) else None


def _vdocipher_id(source: str) -> str | None:
    if _VDOCIPHER_ID.fullmatch(source):
        return source
    host, parts, query = _address(source)
    if host not in _VDOCIPHER_HOSTS:
        return None
    # The player's address names its video inside another parameter, every other one in its path.
    candidates = [_played_on_vdocipher(info) for info in query.get("playbackInfo", [])] or parts
    found = [candidate for candidate in candidates if _VDOCIPHER_ID.fullmatch(candidate)]
    return found[0] if len(found) == 1 else None


def _played_on_vdocipher(playback_info: str) -> str:
    try:
        named = orjson.loads(b64decode(playback_info))
    except ValueError:
        return ""
    return str(named.get("videoId", "")) if isinstance(named, dict) else ""


def _address(source: str) -> tuple[str, list[str], dict[str, list[str]]]:
    """Return host, path and query of an https address without credentials or port; nothing of anything else."""
    try:
        url = urlsplit(source)
        if url.scheme != "https" or url.netloc.lower() != url.hostname:
            return "", [], {}
        return url.hostname, [part for part in url.path.split("/") if part], parse_qs(url.query)
    except ValueError:
        return "", [], {}


#: How each platform is called, and what finds a video's id there.
_FINDERS = {
    "youtube": ("YouTube", _youtube_id),
    "vimeo": ("Vimeo", _vimeo_id),
    "bunny": ("Bunny Stream", _bunny_id),
    "vdocipher": ("VdoCipher", _vdocipher_id),
}
