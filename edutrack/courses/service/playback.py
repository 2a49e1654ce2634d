"""Letting a student watch: short-lived links that name them, and where each link leads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, NotFound
from edutrack.core.files import is_stored
from edutrack.core.signing import read_signed, sign
from edutrack.core.transaction import release_connection
from edutrack.core.turns import stepping_aside
from edutrack.core.urls import absolute_url
from edutrack.courses.queries.materials import materials_of_lecture
from edutrack.courses.queries.watching import lecture_of_student, playable_video, videos_of_lecture
from edutrack.courses.service.platforms import is_configured
from edutrack.courses.service.providers import NotPlayableNow, bunny, vdocipher

EXPIRED = "Your access to this lecture has expired."
_NOT_PURCHASED = "You must purchase this lecture."
_NOT_PLAYABLE = "This link is no longer valid."
_PURPOSE = "playback"
_SHORTEST_LIFE = timedelta(hours=6)
_PLAYERS = {
    "youtube": "https://www.youtube-nocookie.com/embed/{source}",
    "vimeo": "https://player.vimeo.com/video/{source}",
}
_log = structlog.get_logger()


@dataclass(frozen=True)
class Playback:
    """Where a video plays: at the address of a player elsewhere, or here, as the stored file of that name."""

    location: str
    is_file: bool = False


def open_lecture(caller: Caller, lecture_id: int) -> dict[str, Any]:
    """Return a lecture that the calling student has bought, its videos with playback links, and its materials.

    Raises NotFound where there is no such lecture, Forbidden where it is not bought or its time is over (rules.md,
    "Watching").
    """
    lecture = lecture_of_student(caller.student_id, lecture_id)
    if lecture is None:
        raise NotFound()
    if lecture.purchase_id is None:
        raise Forbidden(_NOT_PURCHASED)
    now = clock.now()
    if lecture.effective_expiry <= now:
        raise Forbidden(EXPIRED)
    videos = []
    for video in videos_of_lecture(caller.student_id, lecture_id):
        expires_at = min(now + link_life(video.duration_seconds), lecture.effective_expiry)
        url = playback_url(video.id, caller.student_id, lecture.purchase_id, expires_at)
        videos.append({**video._mapping, "playback_url": url, "expires_at": expires_at})
    return {
        "id": lecture.id,
        "name": lecture.name,
        "effective_expiry": lecture.effective_expiry,
        "videos": videos,
        "materials": materials_of_lecture(lecture_id, lecture.purchase_id, lecture.effective_expiry),
    }


def link_life(duration_seconds: int | None) -> timedelta:
    """Return how long a playback link lives: six hours, or twice the video's length if that is more."""
    return max(_SHORTEST_LIFE, timedelta(seconds=2 * (duration_seconds or 0)))


def playback_url(video_id: int, student_id: int, purchase_id: int, expires_at: datetime) -> str:
    """Return the absolute URL at which this student alone plays a video by this purchase until `expires_at`."""
    token = sign({"video": video_id, "student": student_id, "purchase": purchase_id}, _PURPOSE, expires_at)
    return absolute_url(f"/api/videos/{video_id}/play/?token={token}")


def resolve_playback(video_id: int, token: str) -> Playback:
    """Return where the video of a playback link plays.

    Raises Forbidden where the token is not one for this video or too old, once the purchase, the student's account or
    the video is no longer good, and where the platform or the disk does not give the video (rules.md, "Watching").
    """
    link = read_signed(token, _PURPOSE)
    if link is None or link["video"] != video_id:
        raise Forbidden(_NOT_PLAYABLE)
    video = playable_video(video_id, link["student"], link["purchase"])
    if video is None:
        raise Forbidden(_NOT_PLAYABLE)
    if video.platform == "file":
        if not is_stored(video.source):
            _log.error("recording_is_gone", video=video_id)
            raise NotPlayableNow()
        return Playback(video.source, is_file=True)
    return Playback(_player_address(video, min(link["until"], video.effective_expiry)))


def _player_address(video: Row[*tuple[Any, ...]], until: datetime) -> str:
    """Return the address of a platform's player for a video; what the platform signs ends at `until` at the latest."""
    if video.platform in _PLAYERS:
        return _PLAYERS[video.platform].format(source=video.source)
    if not is_configured(video.platform):
        # Its keys were taken away after the video was made.
        raise NotPlayableNow()
    if video.platform == "bunny":
        return bunny.player_address(video.source, until)
    # Its server may take seconds to answer.
    release_connection()
    with stepping_aside(empty_handed=True):
        return vdocipher.player_address(video.source, f"{video.name_ar} {video.student_code}", until)
