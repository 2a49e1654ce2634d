"""Playback links: where they lead, and when they stop."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.signing import sign
from edutrack.courses.models import Video
from tests.api import counted_statements
from tests.factories import create_lecture, create_purchase, create_student, create_video

NO_LONGER_VALID = {"detail": "This link is no longer valid."}


class Watched:
    """A student with an open purchase of a lecture with one video, and the link that plays it."""

    def __init__(self, api, **video):
        self.student = create_student()
        self.video: Video = create_video(create_lecture(), **video)
        self.purchase = create_purchase(self.student, self.video.lecture)
        body = api.as_(self.student).get(f"/api/lectures/{self.video.lecture_id}/watch/").json
        url = urlsplit(body["videos"][0]["playback_url"])
        self.path = f"{url.path}?{url.query}"
        self.token = parse_qs(url.query)["token"][0]


@pytest.mark.parametrize(
    ("platform", "source", "address"),
    [
        ("youtube", "dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("vimeo", "76979871", "https://player.vimeo.com/video/76979871"),
        ("vimeo", "76979871?h=8272103f6e", "https://player.vimeo.com/video/76979871?h=8272103f6e"),
    ],
)
def test_a_link_leads_to_the_platforms_player_without_signing_in(api, platform, source, address):
    watched = Watched(api, platform=platform, source=source)

    with counted_statements() as statements:
        response = api.get(watched.path, headers={"Authorization": "Bearer stale"})

    assert (response.status_code, response.headers["Location"]) == (302, address)
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert len(statements) == 1


def test_a_stored_file_is_served_with_ranges(api):
    name = "videos/lesson.mp4"
    path = Path(api.app.config["MEDIA_DIR"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"0123456789")
    watched = Watched(api, platform="file", source=name)

    whole = api.get(watched.path)
    part = api.get(watched.path, headers={"Range": "bytes=2-5"})

    assert (whole.status_code, whole.data, whole.mimetype) == (200, b"0123456789", "video/mp4")
    assert (part.status_code, part.data) == (206, b"2345")
    assert part.headers["Content-Range"] == "bytes 2-5/10"
    assert whole.headers["Cache-Control"] == "private, no-store"
    assert whole.headers.get("Content-Disposition", "inline").startswith("inline")
    whole.close()
    part.close()


def test_a_platform_without_its_keys_plays_nothing(api):
    watched = Watched(api, platform="bunny", source="abc")

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, {"detail": "This video cannot be played at the moment."})


@pytest.mark.parametrize("token", ["", "x", "a.b", "\0", "ü", "e30.AAAA", "\ud800"])
def test_what_was_not_signed_here_plays_nothing(api, token):
    watched = Watched(api)

    response = api.get(
        f"/api/videos/{watched.video.id}/play/", query_string={"token": token.encode("utf-8", "surrogatepass")}
    )

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_missing_token_plays_nothing(api):
    response = api.get(f"/api/videos/{Watched(api).video.id}/play/")

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_token_plays_its_own_video_alone(api):
    watched = Watched(api)
    other = create_video(watched.video.lecture)

    response = api.get(f"/api/videos/{other.id}/play/?token={watched.token}")

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_token_signed_for_something_else_plays_nothing(api, app):
    watched = Watched(api)
    payload = {"video": watched.video.id, "student": watched.student.id, "purchase": watched.purchase.id}
    with app.test_request_context():
        until = clock.now() + timedelta(hours=1)
        file_token, playback_token = sign(payload, "file", until), sign(payload, "playback", until)

    assert api.get(f"/api/videos/{watched.video.id}/play/?token={file_token}").json == NO_LONGER_VALID
    assert api.get(f"/api/videos/{watched.video.id}/play/?token={playback_token}").status_code == 302


def _suspend(watched):
    watched.student.status = "suspended_temporary"


def _deactivate(watched):
    watched.student.user.is_active = False


def _switch_off(watched):
    watched.video.is_active = False


def _expire(watched):
    watched.purchase.purchased_at = clock.now() - timedelta(days=9)
    watched.purchase.expires_at = watched.purchase.effective_expiry = clock.now() - timedelta(seconds=1)


def _move(watched):
    watched.video.lecture = create_lecture()


@pytest.mark.parametrize("change", [_suspend, _deactivate, _switch_off, _expire, _move])
def test_a_link_dies_with_what_it_stands_on(api, change):
    watched = Watched(api)
    assert api.get(watched.path).status_code == 302
    change(watched)
    db.session.commit()

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_link_dies_after_its_time(api, monkeypatch):
    watched = Watched(api)
    later = clock.now() + timedelta(hours=6, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_what_was_bought_plays_although_everything_above_is_switched_off(api):
    watched = Watched(api)
    lecture = watched.video.lecture
    lecture.is_active = lecture.topic.is_active = lecture.topic.course.is_active = False
    db.session.commit()

    assert api.get(watched.path).status_code == 302
