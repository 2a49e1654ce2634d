"""Keeping how far a student has watched a video."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Numeric, Row, bindparam, case, cast, func, or_
from sqlalchemy.dialects.postgresql import JSONB, insert

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, invalid_pk
from edutrack.core.statements import run
from edutrack.courses.models import VideoProgress
from edutrack.courses.queries.watching import video_of_student
from edutrack.courses.service.playback import EXPIRED

COMPLETED_FROM = 90
_NOT_PURCHASED = "You must purchase this lecture to track progress."


def record_progress(
    caller: Caller,
    video_id: int,
    progress_seconds: int,
    duration_seconds: int | None = None,
    platform_data: dict[str, Any] | None = None,
) -> Row[*tuple[Any, ...]]:
    """Keep how far the calling student has watched a video; return the progress that stands now.

    Raises Invalid where there is no such video, Forbidden where its lecture is not bought or its time is over
    (rules.md, "Progress").
    """
    video = video_of_student(caller.student_id, video_id)
    if video is None:
        raise invalid_pk("video", video_id)
    if video.effective_expiry is None:
        raise Forbidden(_NOT_PURCHASED)
    if video.effective_expiry <= clock.now():
        raise Forbidden(EXPIRED)
    # What is known here counts; a player's word only where nothing is.
    duration = video.duration_seconds or duration_seconds or None
    return write_progress(caller.student_id, video_id, progress_seconds, duration, platform_data)


def write_progress(
    student_id: int, video_id: int, progress_seconds: int, duration: int | None, platform_data: dict[str, Any] | None
) -> Row[*tuple[Any, ...]]:
    """Write a heartbeat in one statement, so that of two at once neither is lost and the furthest stands."""
    return run(
        _WRITE,
        student=student_id,
        video=video_id,
        seconds=progress_seconds,
        duration=duration,
        now=clock.now(),
        data=platform_data,
    ).one()


def _percentage(seconds: ColumnElement[int], duration: ColumnElement[int]) -> ColumnElement[Any]:
    """Return the share of the duration in percent, with two places; 0 where the duration is unknown."""
    # A duration that was corrected downwards leaves more seconds than the video has.
    watched = cast(func.least(seconds, duration), Numeric)
    return case((duration.is_(None), 0), else_=func.round(watched * 100 / duration, 2))


def _heartbeat() -> Any:
    """Return the statement that writes a heartbeat."""
    said_duration = bindparam("duration", type_=Integer)
    said_seconds = func.least(bindparam("seconds", type_=Integer), said_duration, type_=Integer)
    percentage = _percentage(said_seconds, said_duration)
    heartbeat = insert(VideoProgress).values(
        student_id=bindparam("student"),
        video_id=bindparam("video"),
        progress_seconds=said_seconds,
        duration_seconds=said_duration,
        progress_percentage=percentage,
        is_completed=percentage >= COMPLETED_FROM,
        watch_count=1,
        last_watched_at=bindparam("now"),
        platform_data=bindparam("data", type_=JSONB(none_as_null=True)),
    )
    said = heartbeat.excluded
    known_duration = func.coalesce(said.duration_seconds, VideoProgress.duration_seconds, type_=Integer)
    seconds = func.greatest(
        VideoProgress.progress_seconds, func.least(said.progress_seconds, known_duration), type_=Integer
    )
    percentage = _percentage(seconds, known_duration)
    return heartbeat.on_conflict_do_update(
        index_elements=[VideoProgress.student_id, VideoProgress.video_id],
        set_={
            "progress_seconds": seconds,
            "duration_seconds": known_duration,
            "progress_percentage": percentage,
            "is_completed": or_(VideoProgress.is_completed, percentage >= COMPLETED_FROM),
            "watch_count": VideoProgress.watch_count + 1,
            "last_watched_at": func.greatest(VideoProgress.last_watched_at, said.last_watched_at),
            "platform_data": func.coalesce(said.platform_data, VideoProgress.platform_data),
        },
    ).returning(
        VideoProgress.id,
        VideoProgress.student_id.label("student"),
        VideoProgress.video_id.label("video"),
        VideoProgress.progress_seconds,
        VideoProgress.duration_seconds,
        VideoProgress.progress_percentage,
        VideoProgress.is_completed,
        VideoProgress.watch_count,
        VideoProgress.last_watched_at,
        VideoProgress.platform_data,
    )


# Built once: players send it all the time.
_WRITE = _heartbeat()
