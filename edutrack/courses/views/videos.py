"""Routes of videos, for those who run their courses."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid, Rejected
from edutrack.courses.models import Video
from edutrack.courses.queries import catalogue
from edutrack.courses.queries.scope import find_video
from edutrack.courses.schemas.catalogue import (
    NewVideoSchema,
    VideoChangesSchema,
    VideoFilterSchema,
    VideoSchema,
)
from edutrack.courses.service import videos
from edutrack.courses.views.room import blueprint


@blueprint.get("/videos/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(VideoFilterSchema)
@blueprint.page(VideoSchema)
def list_videos(filters: dict[str, Any]) -> Select[Any]:
    """List the videos of the caller's courses, in their order."""
    return catalogue.list_videos(caller(), **filters)


@blueprint.post("/videos/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(NewVideoSchema, files=True)
@blueprint.response(201, VideoSchema)
@blueprint.refusals(
    Invalid({"platform": ['The platform "bunny" is not configured.']}),
    Invalid({"source": ["Enter the id or the https address of a YouTube video."]}),
    Invalid({"file": ["Upload a video in MP4, MOV or WebM format."]}),
)
def create_video(values: dict[str, Any]) -> Row[Any]:
    """Add a video to a lecture."""
    return catalogue.video_item(caller(), videos.create_video(caller(), **values))


@blueprint.get("/videos/<int:video_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("video", find_video)
@blueprint.response(200, VideoSchema)
def show_video(video: Video) -> Row[Any]:
    """Show a video."""
    return catalogue.video_item(caller(), video)


@blueprint.patch("/videos/<int:video_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("video", find_video)
@blueprint.body(VideoChangesSchema(partial=True), files=True)
@blueprint.response(200, VideoSchema)
@blueprint.refusals(
    Invalid({"platform": ['The platform "bunny" is not configured.']}),
    Invalid({"source": ["Enter the id or the https address of a YouTube video."]}),
    Invalid({"file": ["Upload a video in MP4, MOV or WebM format."]}),
)
def change_video(values: dict[str, Any], video: Video) -> Row[Any]:
    """Change a video, or where it lies."""
    return catalogue.video_item(caller(), videos.change_video(caller(), video, **values))


@blueprint.delete("/videos/<int:video_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("video", find_video)
@blueprint.response(204)
@blueprint.refusals(Rejected("Cannot delete a video that has watch progress."))
def delete_video(video: Video) -> None:
    """Delete a video that nobody has watched."""
    videos.delete_video(caller(), video)
