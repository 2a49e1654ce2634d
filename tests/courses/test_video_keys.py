"""Videos on platforms that need keys of ours: what names one there, and when they are refused."""

import json
from base64 import b64encode

import pytest

from edutrack.core.extensions import db
from tests.factories import create_lecture, create_video

GUID = "eb1c4f77-0cda-46be-b47d-1118ad7c2ffe"
VDOCIPHER_ID = "3f29b5434a5c615cda18b16a6232fd75"


@pytest.fixture(autouse=True)
def keys(monkeypatch, app):
    """The keys of both platforms; nothing here may ask VdoCipher for anything, so its server is none."""
    monkeypatch.setitem(app.config, "BUNNY_LIBRARY_ID", "759")
    monkeypatch.setitem(app.config, "BUNNY_TOKEN_KEY", "the-key")
    monkeypatch.setitem(app.config, "VDOCIPHER_API_SECRET", "a1b2c3d4e5")
    monkeypatch.setitem(app.config, "VDOCIPHER_API_URL", "http://127.0.0.1:1/api")


def body(lecture, platform, source):
    return {"lecture": lecture.id, "name": "فيديو", "platform": platform, "source": source}


@pytest.mark.parametrize(
    "source",
    [
        GUID,
        GUID.upper(),
        f" {GUID} ",
        f"https://iframe.mediadelivery.net/embed/759/{GUID}?autoplay=true",
        f"https://iframe.mediadelivery.net/play/759/{GUID}",
        f"https://player.mediadelivery.net/embed/759/{GUID}",
        f"https://player.mediadelivery.net/play/759/{GUID}?t=30s",
        f"https://video.bunnycdn.com/play/759/{GUID}",
    ],
)
def test_a_bunny_video_is_kept_by_its_guid(api, source):
    lecture = create_lecture()

    response = api.as_(lecture.topic.course.teacher).post("/api/videos/", body(lecture, "bunny", source))

    assert (response.status_code, response.json["source"]) == (201, GUID)


@pytest.mark.parametrize(
    "source",
    [
        "759",
        GUID.replace("-", ""),
        f"{GUID}0",
        GUID[:-1] + "g",
        GUID[:-1] + "\u0661",
        f"https://iframe.mediadelivery.net/embed/760/{GUID}",
        f"https://iframe.mediadelivery.net/other/759/{GUID}",
        f"https://iframe.mediadelivery.net/embed/759/{GUID}/x",
        "https://iframe.mediadelivery.net/embed/759/x",
        "https://iframe.mediadelivery.net/",
        f"http://iframe.mediadelivery.net/embed/759/{GUID}",
        f"https://iframe.mediadelivery.net.evil.example/embed/759/{GUID}",
        f"https://evil.example/embed/759/{GUID}",
    ],
)
def test_a_source_that_names_no_bunny_video_of_our_library_is_refused(api, source):
    lecture = create_lecture()

    response = api.as_(lecture.topic.course.teacher).post("/api/videos/", body(lecture, "bunny", source))

    assert response.status_code == 400
    assert response.json == {"source": ["Enter the id or the https address of a Bunny Stream video."]}


def playback_info(value):
    return b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "source",
    [
        VDOCIPHER_ID,
        f"https://www.vdocipher.com/dashboard/video/{VDOCIPHER_ID}",
        f"https://dev.vdocipher.com/api/videos/{VDOCIPHER_ID}",
        f"https://player.vdocipher.com/v2/?otp=x&playbackInfo={playback_info({'videoId': VDOCIPHER_ID})}",
    ],
)
def test_a_vdocipher_video_is_kept_by_its_id(api, source):
    lecture = create_lecture()

    response = api.as_(lecture.topic.course.teacher).post("/api/videos/", body(lecture, "vdocipher", source))

    assert (response.status_code, response.json["source"]) == (201, VDOCIPHER_ID)


@pytest.mark.parametrize(
    "source",
    [
        "dQw4w9WgXcQ",
        "x" * 32,
        f"{VDOCIPHER_ID}0",
        f"../{VDOCIPHER_ID}",
        f"https://evil.example/{VDOCIPHER_ID}",
        f"https://evil.example/?playbackInfo={playback_info({'videoId': VDOCIPHER_ID})}",
        f"https://www.vdocipher.com/{VDOCIPHER_ID}/{VDOCIPHER_ID[::-1]}",
        "https://player.vdocipher.com/v2/",
        "https://player.vdocipher.com/v2/?playbackInfo=%C3%A9",
        "https://player.vdocipher.com/v2/?playbackInfo=abc",
        f"https://player.vdocipher.com/v2/?playbackInfo={playback_info([VDOCIPHER_ID])}",
        f"https://player.vdocipher.com/v2/?playbackInfo={playback_info({'videoId': 5})}",
        f"https://player.vdocipher.com/v2/?playbackInfo={playback_info({})}",
    ],
)
def test_a_source_that_names_no_vdocipher_video_is_refused(api, source):
    lecture = create_lecture()

    response = api.as_(lecture.topic.course.teacher).post("/api/videos/", body(lecture, "vdocipher", source))

    assert response.status_code == 400
    assert response.json == {"source": ["Enter the id or the https address of a VdoCipher video."]}


def test_a_video_moves_to_a_platform_whose_keys_are_set(api):
    video = create_video()

    response = api.as_(video.lecture.topic.course.teacher).patch(
        f"/api/videos/{video.id}/", {"platform": "bunny", "source": GUID}
    )

    db.session.expire_all()
    assert (response.status_code, response.json["platform"], response.json["source"]) == (200, "bunny", GUID)
    assert (video.platform, video.source) == ("bunny", GUID)


@pytest.mark.parametrize("missing", ["BUNNY_LIBRARY_ID", "BUNNY_TOKEN_KEY"])
def test_half_of_the_keys_are_none(api, app, monkeypatch, missing):
    monkeypatch.setitem(app.config, missing, "")
    video = create_video()
    teacher = api.as_(video.lecture.topic.course.teacher)

    responses = [
        teacher.post("/api/videos/", body(video.lecture, "bunny", GUID)),
        teacher.patch(f"/api/videos/{video.id}/", {"platform": "bunny", "source": GUID}),
    ]

    refusal = {"platform": ['The platform "bunny" is not configured.']}
    assert [(response.status_code, response.json) for response in responses] == [(400, refusal)] * 2


@pytest.mark.parametrize(("platform", "source"), [("bunny", GUID), ("vdocipher", VDOCIPHER_ID)])
def test_a_video_can_still_be_renamed_and_switched_off_once_its_keys_are_gone(api, app, monkeypatch, platform, source):
    monkeypatch.setitem(app.config, "BUNNY_TOKEN_KEY", "")
    monkeypatch.setitem(app.config, "VDOCIPHER_API_SECRET", "")
    video = create_video(platform=platform, source=source)

    response = api.as_(video.lecture.topic.course.teacher).patch(
        f"/api/videos/{video.id}/", {"name": "ج", "platform": platform, "is_active": False}
    )

    assert (response.status_code, response.json["name"], response.json["is_active"]) == (200, "ج", False)
    assert response.json["source"] == source
