"""Videos of a lecture: on a platform, or as a recording that is stored here."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import FileField, StringField

from edutrack.courses.models import NAME_LENGTH, PLATFORMS, Video
from edutrack.courses.queries.scope import find_lecture, find_video
from edutrack.courses.schemas.catalogue import NewVideoSchema, VideoChangesSchema
from edutrack.courses.service import videos as service
from edutrack.courses.service.platforms import is_configured
from edutrack.owner.console.access import page
from edutrack.owner.console.course_lectures import lecture_url, trail_to_lecture
from edutrack.owner.console.forms import Choice, Switch
from edutrack.owner.console.once import NewForm, made_once
from edutrack.owner.console.pages import ConsoleView

#: Stands for a recording that is stored here.
STORED = "file"
PLATFORM_LABELS = {
    "youtube": "YouTube",
    "vimeo": "Vimeo",
    "bunny": "Bunny Stream",
    "vdocipher": "VdoCipher",
    STORED: _("Uploaded here"),
}
# The lecture stands in the address.
_NEW = NewVideoSchema(exclude=("lecture",))
_CHANGES = VideoChangesSchema(partial=True, exclude=("lecture",))


class VideoForm(NewForm):
    """A video and where it lies: an address on a platform, or a file."""

    # One of the two is always empty.
    left_out_when_empty = ("source", "platform")

    name = StringField(_("Name"), render_kw={"maxlength": NAME_LENGTH, "dir": "auto"})
    platform = Choice(_("Where it lies"), empty=_("Choose…"))
    source = StringField(
        _("Address or id on the platform"),
        description=_("Copied from the platform, such as https://youtu.be/… or the id alone. Students never see it."),
        render_kw={"maxlength": 500, "dir": "ltr", "autocomplete": "off"},
    )
    file = FileField(
        _("Recording"),
        description=_("For videos that are uploaded here: MP4, MOV or WebM."),
        render_kw={"accept": "video/mp4,video/quicktime,video/webm"},
    )
    duration_seconds = StringField(
        _("Length in seconds"),
        description=_("May stay empty. With it, students see how far they have watched."),
        render_kw={"inputmode": "numeric", "dir": "ltr", "maxlength": 10},
    )
    is_active = Switch(_("Students see the video"), default=True)


class VideoPages(ConsoleView):
    """The pages of videos."""

    @page("/lectures/<int:lecture_id>/videos/new/", methods=("GET", "POST"))
    def new_video(self, lecture_id: int) -> ResponseReturnValue:
        """Add a video to a lecture, as the last one."""
        lecture = find_lecture(self.caller, lecture_id)
        form = VideoForm()
        form.platform.offer(_platforms())

        def create(values: dict[str, Any]) -> int:
            return made_once(
                self.caller, "video", values, lambda: service.create_video(self.caller, lecture=lecture_id, **values)
            )

        return self.form_page(
            form,
            create,
            schema=_NEW,
            done=_("The video has been added."),
            to=lecture_url(lecture),
            template="console/courses/video.html",
            title=_("New video"),
            trail=trail_to_lecture(lecture),
            submit=_("Add the video"),
            back=lecture_url(lecture),
        )

    @page("/videos/<int:video_id>/", methods=("GET", "POST"))
    def edit_video(self, video_id: int) -> ResponseReturnValue:
        """Show a video and change it, or where it lies."""
        video = find_video(self.caller, video_id)
        form = VideoForm(data=_as_typed(video))
        form.platform.empty = None
        form.platform.offer(_platforms())
        if video.platform == STORED:
            form.file.description = gettext("Without another file, the one that is stored stays.")
        return self.form_page(
            form,
            lambda values: self._change(video, values),
            schema=_CHANGES,
            done=_("The video has been changed."),
            to=lecture_url(video.lecture),
            template="console/courses/video.html",
            title=video.name,
            trail=trail_to_lecture(video.lecture),
            back=lecture_url(video.lecture),
            delete_url=url_for(f"{self.endpoint}.delete_video", video_id=video_id),
            delete_label=_("Delete the video"),
            delete_question=_("Shall the video go? A recording that is stored here goes with it."),
        )

    @page("/videos/<int:video_id>/delete/", methods=("POST",))
    def delete_video(self, video_id: int) -> ResponseReturnValue:
        """Delete a video that nobody has watched."""
        video = find_video(self.caller, video_id)
        return self.act(
            lambda: service.delete_video(self.caller, video),
            done=_("The video has been deleted."),
            to=lecture_url(video.lecture),
            back=url_for(f"{self.endpoint}.edit_video", video_id=video_id),
        )

    def _change(self, video: Video, values: dict[str, Any]) -> None:
        # A form sends all that it shows. A place that stays is not judged again: its platform may be switched off now.
        if values.get("platform", video.platform) == video.platform and values.get("source") == video.source:
            del values["source"]
        service.change_video(self.caller, video, **values)


def _platforms() -> list[tuple[str, Any]]:
    return [
        (
            name,
            PLATFORM_LABELS[name]
            if is_configured(name)
            else gettext("%(name)s (not set up)", name=PLATFORM_LABELS[name]),
        )
        for name in PLATFORMS
    ]


def _as_typed(video: Video) -> dict[str, Any]:
    """Return what a video's form holds before anything is typed into it."""
    return {
        "name": video.name,
        "platform": video.platform,
        "source": "" if video.platform == STORED else video.source,
        "duration_seconds": video.duration_seconds,
        "is_active": video.is_active,
    }
