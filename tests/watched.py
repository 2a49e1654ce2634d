"""A student who watches: a purchase, a video, and the link that plays it."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from edutrack.courses.models import Video
from tests.api import Api
from tests.factories import create_lecture, create_purchase, create_student, create_video


class Watched:
    """A student with a purchase (open unless `purchase` says otherwise) of a lecture with one video, and its link."""

    def __init__(self, api: Api, *, purchase: dict[str, Any] | None = None, **video: Any) -> None:
        self.student = create_student(name_ar="منى حسن علي")
        self.video: Video = create_video(create_lecture(), **video)
        self.lecture = self.video.lecture
        self.purchase = create_purchase(self.student, self.lecture, **(purchase or {}))
        self.watch_again(api)

    def watch_again(self, api: Api) -> None:
        """Open the lecture and take the link that it shows."""
        (shown,) = api.as_(self.student).get(f"/api/lectures/{self.lecture.id}/watch/").json["videos"]
        self.expires_at = datetime.fromisoformat(shown["expires_at"])
        url = urlsplit(shown["playback_url"])
        self.path = f"{url.path}?{url.query}"
        self.token = parse_qs(url.query)["token"][0]
