"""VdoCipher: its player opens with a one-time token, which its server gives us for each viewing."""

import time
from datetime import datetime
from functools import cache
from urllib.parse import quote, urlencode

import httpx
import orjson
import structlog
from flask import current_app

from edutrack.core import clock
from edutrack.core.json import compact
from edutrack.courses.service.providers.errors import NotPlayableNow
from edutrack.courses.service.providers.outage import Outage

#: A token opens the player once; nobody needs longer than this from the redirect to the player.
_TOKEN_SECONDS = 300
_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 3.0
_LARGEST_ANSWER = 64 * 1024

_log = structlog.get_logger()
_outage = Outage()


def player_address(video_id: str, watermark: str, until: datetime) -> str:
    """Return the address at which VdoCipher's player opens a video once, with `watermark` moving over the picture.

    Asks VdoCipher's server, so hold no database connection meanwhile. The token's own time ends after five minutes,
    and never later than `until`. Raises NotPlayableNow where the server gives none, which the log explains.
    """
    token = _one_time_token(video_id, watermark, min(_TOKEN_SECONDS, int((until - clock.now()).total_seconds())))
    return f"{current_app.config['VDOCIPHER_PLAYER_URL']}?{urlencode(token)}"


def _one_time_token(video_id: str, watermark: str, seconds: int) -> dict[str, str]:
    if seconds < 1:
        raise NotPlayableNow()
    if _outage.lasts:
        _log.warning("vdocipher_not_asked", video=video_id)
        raise NotPlayableNow()
    wish = {"ttl": seconds, "annotate": compact([_annotation(watermark)]).decode()}
    try:
        status, body = _asked(video_id, compact(wish))
    except httpx.HTTPError as failure:
        _outage.note_failure()
        _log.error("vdocipher_gave_no_answer", video=video_id, failure=type(failure).__name__)
        raise NotPlayableNow() from None
    _outage.note_answer()
    token = _token(body) if status == httpx.codes.OK else None
    if token is None:
        # Never the body: it may hold a token that is good.
        _log.error("vdocipher_gave_no_token", video=video_id, status=status)
        raise NotPlayableNow()
    return token


def _annotation(text: str) -> dict[str, str]:
    return {"type": "rtext", "text": text, "alpha": "0.60", "color": "0xFF0000", "size": "15", "interval": "5000"}


def _asked(video_id: str, wish: bytes) -> tuple[int, bytes]:
    try:
        return _post(video_id, wish)
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        # A connection that was kept may have been closed since. A token that is lost this way harms nobody.
        return _post(video_id, wish)


def _post(video_id: str, wish: bytes) -> tuple[int, bytes]:
    config = current_app.config
    address = f"{config['VDOCIPHER_API_URL'].rstrip('/')}/videos/{quote(video_id, safe='')}/otp"
    headers = httpx.Headers(
        {
            "Accept": "application/json",
            # Read as it comes, an answer cannot grow beyond its bound.
            "Accept-Encoding": "identity",
            "Authorization": f"Apisecret {config['VDOCIPHER_API_SECRET']}",
            "Content-Type": "application/json",
        },
        encoding="utf-8",
    )
    client = _client()
    ends_at = time.monotonic() + _ANSWER_SECONDS
    with client.stream("POST", address, content=wish, headers=headers) as response:
        body = b""
        for piece in response.iter_raw():
            body += piece
            if len(body) > _LARGEST_ANSWER:
                return response.status_code, b""
            if time.monotonic() > ends_at:
                raise httpx.ReadTimeout("The answer came too slowly.")
        return response.status_code, body


@cache
def _client() -> httpx.Client:
    # Kept, so that connections are; the environment's proxies are not asked where the secret goes.
    return httpx.Client(timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS), trust_env=False)


def _token(body: bytes) -> dict[str, str] | None:
    try:
        answer = orjson.loads(body)
    except ValueError:
        return None
    names = ("otp", "playbackInfo")
    if not isinstance(answer, dict) or not all(answer.get(name) and isinstance(answer[name], str) for name in names):
        return None
    return {name: answer[name] for name in names}
