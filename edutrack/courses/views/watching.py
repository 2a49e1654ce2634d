"""What a student watches, how it plays, and how far it has been watched."""

from typing import Any

from flask import Response, make_response, redirect
from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard, public
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden, Invalid, NotFound
from edutrack.core.files import stored_file
from edutrack.courses.models import Course
from edutrack.courses.queries.scope import find_course
from edutrack.courses.queries.watching import (
    lectures_for_student,
    progress_of_course,
    progress_of_student,
    progress_of_video,
)
from edutrack.courses.schemas.watching import (
    CourseLecturesSchema,
    HeartbeatSchema,
    PlaySchema,
    ProgressSchema,
    RecordedProgressSchema,
    StudentProgressSchema,
    WatchedLectureSchema,
)
from edutrack.courses.service.playback import open_lecture, resolve_playback
from edutrack.courses.service.progress import record_progress
from edutrack.courses.views.room import blueprint

_FILE = {"content": {"video/*": {"schema": {"type": "string", "format": "binary"}}}}
_PLAYBACK = {
    "200": {"description": "The file.", **_FILE},
    "206": {"description": "The range of the file that was asked for.", **_FILE},
    "302": {
        "description": "Leads to the platform's player.",
        "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}},
    },
    "304": {"description": "The player has this file already."},
    "416": {"description": "The file has no such range."},
}


@blueprint.get("/courses/<int:course_id>/lectures/")
@guard(Role.STUDENT)
@blueprint.response(200, CourseLecturesSchema)
@blueprint.refusals(
    Forbidden("You are not enrolled in this course", key="error"),
    NotFound("Course not found", key="error"),
)
def list_course_lectures(course_id: int) -> dict[str, Any]:
    """List the lectures of a course, with what the student has bought."""
    return lectures_for_student(caller().student_id, course_id)


@blueprint.get("/lectures/<int:lecture_id>/watch/")
@guard(Role.STUDENT)
@blueprint.response(200, WatchedLectureSchema)
@blueprint.refusals(Forbidden("You must purchase this lecture."), Forbidden("Your access to this lecture has expired."))
def watch_lecture(lecture_id: int) -> dict[str, Any]:
    """Open a bought lecture: its videos with short-lived links, and its materials."""
    return open_lecture(caller(), lecture_id)


@blueprint.get("/videos/<int:video_id>/play/")
@public
@blueprint.query(PlaySchema)
@blueprint.doc(responses=_PLAYBACK)
@blueprint.refusals(Forbidden("This link is no longer valid."), Forbidden("This video cannot be played at the moment."))
def play_video(values: dict[str, Any], video_id: int) -> Any:
    """Lead the holder of a playback link to the player, or serve the file."""
    playback = resolve_playback(video_id, values["token"])
    response = stored_file(playback.location) if playback.is_file else _leading_to(playback.location)
    response.headers["Cache-Control"] = "private, no-store"
    # Players want to know the site that embeds them, but the address with its token is nobody else's.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _leading_to(location: str) -> Response:
    response = make_response(redirect(location))
    # The page that comes with a redirect would name the video in a body; browsers need the header alone.
    response.set_data(b"")
    return response


@blueprint.get("/progress/")
@guard(Role.STUDENT)
@blueprint.page(ProgressSchema)
def list_progress() -> Select[*tuple[Any, ...]]:
    """List how far the student has watched, last watched first."""
    return progress_of_student(caller().student_id)


@blueprint.post("/progress/")
@guard(Role.STUDENT)
@blueprint.body(HeartbeatSchema)
@blueprint.response(200, RecordedProgressSchema)
@blueprint.refusals(
    Forbidden("You must purchase this lecture to track progress."),
    Forbidden("Your access to this lecture has expired."),
    Invalid({"video": ['Invalid pk "7" - object does not exist.']}),
)
def update_progress(values: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Keep how far the student has watched a video."""
    return record_progress(
        caller(), values["video"], values["progress_seconds"], values["duration_seconds"], values["platform_data"]
    )


@blueprint.get("/progress/<int:video_id>/")
@guard(Role.STUDENT)
@blueprint.response(200, ProgressSchema)
def show_progress(video_id: int) -> Row[*tuple[Any, ...]]:
    """Show how far the student has watched one video."""
    return progress_of_video(caller().student_id, video_id)


@blueprint.get("/courses/<int:course_id>/progress/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("course", find_course)
@blueprint.page(StudentProgressSchema)
def list_course_progress(course: Course) -> Select[*tuple[Any, ...]]:
    """List how far the students of a course have come, by name."""
    return progress_of_course(course.id)
