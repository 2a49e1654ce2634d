"""Playback links: where they lead, and when they stop."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.signing import sign
from tests.api import counted_statements
from tests.factories import create_enrollment, create_lecture, create_video
from tests.watched import Watched

NO_LONGER_VALID = {"detail": "This link is no longer valid."}
NOT_NOW = {"detail": "This video cannot be played at the moment."}


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


CONTENT = b"0123456789"


@pytest.fixture
def recording(api):
    """A link to a stored file of ten bytes."""
    name = "videos/lesson.mp4"
    path = Path(api.app.config["MEDIA_DIR"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    return Watched(api, platform="file", source=name)


def test_a_stored_file_is_served_whole_and_shown_in_place(api, recording):
    with counted_statements() as statements, api.get(recording.path) as response:
        assert (response.status_code, response.data, response.mimetype) == (200, CONTENT, "video/mp4")

    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Length"] == "10"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert response.headers.get("Content-Disposition", "inline").startswith("inline")
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("asked", "data", "range_"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-5", b"2345", "bytes 2-5/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=0-", CONTENT, "bytes 0-9/10"),
    ],
)
def test_a_part_of_a_stored_file_is_served(api, recording, asked, data, range_):
    with api.get(recording.path, headers={"Range": asked}) as response:
        assert (response.status_code, response.data) == (206, data)

    assert (response.headers["Content-Range"], response.headers["Content-Length"]) == (range_, str(len(data)))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=5-2", "bytes=x-y", "bytes=-"])
def test_a_part_that_a_stored_file_does_not_have_is_refused(api, recording, asked):
    response = api.get(recording.path, headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */10"


def test_a_part_is_served_only_of_the_file_that_was_begun(api, recording):
    with api.get(recording.path) as whole:
        etag, changed = whole.headers["ETag"], whole.headers["Last-Modified"]

    answers = []
    for begun in (etag, changed, '"another"', "Thu, 01 Jan 2015 00:00:00 GMT"):
        with api.get(recording.path, headers={"Range": "bytes=2-5", "If-Range": begun}) as response:
            answers.append((response.status_code, response.data))

    assert answers == [(206, b"2345"), (206, b"2345"), (200, CONTENT), (200, CONTENT)]


def test_a_file_that_the_player_has_already_is_not_sent_again(api, recording):
    with api.get(recording.path) as whole:
        etag = whole.headers["ETag"]

    with api.get(recording.path, headers={"If-None-Match": etag}) as response:
        assert (response.status_code, response.data) == (304, b"")


def test_players_may_ask_for_the_headers_alone(api, recording):
    with api.request("HEAD", recording.path) as response:
        assert (response.status_code, response.data) == (200, b"")

    assert (response.headers["Content-Length"], response.headers["Accept-Ranges"]) == ("10", "bytes")


def test_a_stored_file_that_is_gone_cannot_be_played_and_the_log_says_so(api, capsys):
    watched = Watched(api, platform="file", source="videos/gone.mp4")

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NOT_NOW)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["level"], line["video"]) for line in lines if line["event"] == "recording_is_gone"] == [
        ("error", watched.video.id)
    ]


@pytest.mark.parametrize(
    ("platform", "source"),
    [("youtube", "dQw4w9WgXcQ"), ("vimeo", "76979871?h=8272103f6e"), ("file", "videos/lesson.mp4")],
)
def test_no_body_of_a_student_names_a_source(api, platform, source):
    watched = Watched(api, platform=platform, source=source)
    student = api.as_(watched.student)
    lecture = watched.video.lecture
    create_enrollment(watched.student, lecture.topic.course)
    student.post("/api/progress/", {"video": watched.video.id, "progress_seconds": 5})

    bodies = {
        path: student.get(path)
        for path in (
            f"/api/lectures/{lecture.id}/watch/",
            f"/api/courses/{lecture.topic.course_id}/lectures/",
            "/api/progress/",
            f"/api/progress/{watched.video.id}/",
            "/api/purchases/mine/",
        )
    }

    assert {path: body.status_code for path, body in bodies.items()} == dict.fromkeys(bodies, 200)
    assert [path for path, body in bodies.items() if source.partition("?")[0] in body.get_data(as_text=True)] == []


def test_a_platform_without_its_keys_plays_nothing(api):
    watched = Watched(api, platform="bunny", source="abc")

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NOT_NOW)


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


def _suspend_for_good(watched):
    watched.student.status = "suspended_permanent"


def _send_back(watched):
    watched.student.status = "pending"


def _decline(watched):
    watched.student.status = "declined"


def _deactivate(watched):
    watched.student.user.is_active = False


def _switch_off(watched):
    watched.video.is_active = False


def _delete(watched):
    db.session.delete(watched.video)


def _take_back(watched):
    db.session.delete(watched.purchase)


def _expire(watched):
    watched.purchase.purchased_at = clock.now() - timedelta(days=9)
    watched.purchase.expires_at = watched.purchase.effective_expiry = clock.now() - timedelta(seconds=1)


def _move(watched):
    watched.video.lecture = create_lecture()


@pytest.mark.parametrize(
    "change",
    [_suspend, _suspend_for_good, _send_back, _decline, _deactivate, _switch_off, _delete, _take_back, _expire, _move],
)
def test_a_link_dies_with_what_it_stands_on(api, change):
    watched = Watched(api)
    assert api.get(watched.path).status_code == 302
    change(watched)
    db.session.commit()

    response = api.get(watched.path)

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


@pytest.mark.parametrize(("length", "hours"), [(None, 6), (600, 6), (4 * 3600, 8)])
def test_a_link_dies_after_its_time(api, length, hours):
    made_at = clock.now().replace(microsecond=0)
    with clock.stopped_at(made_at):
        watched = Watched(api, duration_seconds=length)

    answers = []
    for late in (-1, 0):
        with clock.stopped_at(made_at + timedelta(hours=hours, seconds=late)):
            answers.append(api.get(watched.path))

    assert answers[0].status_code == 302
    assert (answers[1].status_code, answers[1].json) == (403, NO_LONGER_VALID)


def test_a_link_ends_with_the_window_and_a_reopening_brings_another_but_not_the_old_one_back(api):
    ends_at = clock.now().replace(microsecond=0)
    with clock.stopped_at(ends_at - timedelta(minutes=10)):
        watched = Watched(api, purchase={"purchased_at": ends_at - timedelta(days=7)})
    old_link = watched.path
    assert watched.expires_at == ends_at
    with clock.stopped_at(ends_at):
        expired = api.get(old_link)
        teacher = api.as_(watched.lecture.topic.course.teacher)
        teacher.post(f"/api/purchases/{watched.purchase.id}/reopen/", {"extra_days": 1})
        reopened = api.get(old_link)
        watched.watch_again(api)
        played = api.get(watched.path)

    assert [(answer.status_code, answer.json) for answer in (expired, reopened)] == [(403, NO_LONGER_VALID)] * 2
    assert played.status_code == 302


def test_what_was_bought_plays_although_everything_above_is_switched_off(api):
    watched = Watched(api)
    lecture = watched.video.lecture
    lecture.is_active = lecture.topic.is_active = lecture.topic.course.is_active = False
    lecture.topic.course.teacher.user.is_active = False
    db.session.commit()

    assert api.get(watched.path).status_code == 302
