"""Videos of lectures."""

from typing import Any

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, invalid_pk
from edutrack.core.extensions import db
from edutrack.core.files import remove_file
from edutrack.courses.models import Video
from edutrack.courses.queries.scope import lock_video
from edutrack.courses.service.changes import change, last_place, usable_lecture
from edutrack.courses.service.deletion import delete_videos, deleting
from edutrack.courses.service.platforms import platform_id, require_configured, store_recording

_REQUIRED = "This field is required."


def create_video(
    caller: Caller,
    *,
    lecture: int,
    name: str,
    platform: str,
    source: str | None = None,
    file: Any = None,
    duration_seconds: int | None = None,
    order: int | None = None,
    is_active: bool = True,
) -> Video:
    """Add a video to a lecture of the caller's courses, as the last one unless `order` says otherwise.

    Raises Invalid for a lecture that is not the caller's, for a platform without keys, and for a source or file that
    the platform does not take (rules.md, "Videos").
    """
    parent = usable_lecture(caller, lecture)
    video = Video(
        lecture=parent,
        name=name,
        platform=platform,
        source=_source(platform, source, file),
        duration_seconds=duration_seconds,
        order=last_place(Video, Video.lecture_id == lecture) if order is None else order,
        is_active=is_active,
    )
    db.session.add(video)
    audit.record(caller, "video.created", video, lecture=lecture, platform=platform)
    db.session.flush()
    return video


def change_video(caller: Caller, video: Video, *, source: str | None = None, file: Any = None, **values: Any) -> Video:
    """Change a video, or where it lies; a stored file that is replaced is removed (rules.md, "Videos").

    Raises Invalid where another lecture is asked for, for a platform without keys, and for a source or file that the
    platform does not take.
    """
    video = lock_video(caller, video.id)
    asked = values.pop("lecture", video.lecture_id)
    if asked != video.lecture_id:
        raise invalid_pk("lecture", asked)
    platform = values.get("platform", video.platform)
    # The address of a stored file is only shown: sent back as it was, it changes nothing.
    keeps_place = platform == video.platform and file is None and (source is None or platform == "file")
    if not keeps_place:
        stored = video.source if video.platform == "file" else None
        values["source"] = _source(platform, source, file)
        remove_file(stored)
    audit.record(caller, "video.changed", video, changed=change(video, values))
    db.session.flush()
    return video


def delete_video(caller: Caller, video: Video) -> None:
    """Delete a video; raises Rejected where somebody has watched it (rules.md, "Deleting content")."""
    video = lock_video(caller, video.id)
    audit.record(caller, "video.deleted", video, lecture=video.lecture_id, name=video.name)
    with deleting("video"):
        delete_videos(Video.id == video.id)


def _source(platform: str, source: str | None, file: Any) -> str:
    require_configured(platform)
    if platform == "file":
        if file is None:
            raise Invalid({"file": [_REQUIRED]})
        return store_recording(file)
    if file is not None:
        raise Invalid({"file": ['Only the platform "file" takes a file.']})
    if source is None:
        raise Invalid({"source": [_REQUIRED]})
    return platform_id(platform, source)
