"""The console's pages of videos and study materials."""

import re
from io import BytesIO

import pytest

from edutrack.courses.models import StudyMaterial, Video
from tests.factories import create_lecture, create_video
from tests.owner.contents import address, count, errors_in, fresh, last_verb, the_only

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def send_video(console, path, **values):
    form = {"name": "فيديو", "source": "", "duration_seconds": "", "is_active": "true"} | values
    return console.post(path, form, content_type="multipart/form-data")


def recording(content=b"\0\0\0\x18ftypisom" + b"\0" * 80):
    return BytesIO(content), "film.mp4"


class TestVideos:
    @pytest.mark.parametrize(
        ("platform", "source", "stored"),
        [
            ("youtube", "https://youtu.be/dQw4w9WgXcQ?t=3", "dQw4w9WgXcQ"),
            ("vimeo", "https://vimeo.com/76979871/abcdef1234", "76979871?h=abcdef1234"),
        ],
    )
    def test_an_address_on_a_platform_is_added(self, console, platform, source, stored):
        lecture = create_lecture()

        sent = send_video(console, f"{address(lecture)}videos/new/", platform=platform, source=source)

        video = the_only(Video)
        assert (sent.status_code, sent.location.split("#")[1]) == (303, f"lecture-{lecture.id}")
        assert (video.platform, video.source, video.duration_seconds, video.order) == (platform, stored, None, 1)

    def test_a_recording_is_stored_here(self, console):
        lecture = create_lecture()
        values = {"platform": "file", "file": recording(), "duration_seconds": "90"}

        sent = send_video(console, f"{address(lecture)}videos/new/", **values)

        video = the_only(Video)
        assert sent.status_code == 303
        assert re.fullmatch(r"videos/[\w-]+\.mp4", video.source)
        assert video.source not in console.get(address(video)).text

    @pytest.mark.parametrize(
        ("values", "errors"),
        [
            ({}, {"platform": "This field is required."}),
            ({"platform": "betamax"}, {"platform": '"betamax" is not a valid choice.'}),
            ({"platform": "youtube"}, {"source": "This field is required."}),
            (
                {"platform": "youtube", "source": "https://example.org/x"},
                {"source": "Enter the id or the https address of a YouTube video."},
            ),
            (
                {"platform": "bunny", "source": "x"},
                {"platform": "The keys of bunny are not set. Whoever runs the server can set them."},
            ),
            ({"platform": "file"}, {"file": "This field is required."}),
            (
                {"platform": "file", "file": (BytesIO(b"GIF89a"), "a.mp4")},
                {"file": "Upload a video in MP4, MOV or WebM format."},
            ),
            (
                {"platform": "youtube", "source": "dQw4w9WgXcQ", "duration_seconds": "0"},
                {"duration_seconds": "Ensure this value is greater than or equal to 1."},
            ),
        ],
    )
    def test_what_a_video_cannot_be_is_said_at_its_field(self, console, values, errors):
        sent = send_video(console, f"{address(create_lecture())}videos/new/", **values)

        assert (sent.status_code, errors_in(sent)) == (400, errors)
        assert count(Video) == 0

    def test_a_platform_without_keys_is_offered_as_what_it_is(self, console):
        assert "Bunny Stream (not set up)" in console.get(f"{address(create_lecture())}videos/new/").text

    @pytest.mark.parametrize(
        ("platform", "source"), [("bunny", "f3a6c1f4-0d6c-4a4e-8d55-0d9b6c1f4a11"), ("vimeo", "76979871?h=abcdef1234")]
    )
    def test_a_video_is_renamed_and_its_place_not_judged_again(self, console, platform, source):
        video = create_video(platform=platform, source=source)

        sent = send_video(console, address(video), name="Other", platform=platform, source=source)

        assert sent.status_code == 303
        assert (fresh(video).name, fresh(video).source) == ("Other", source)

    def test_a_recording_takes_the_place_of_an_address_and_the_other_way_round(self, console):
        video = create_video()

        send_video(console, address(video), platform="file", source=video.source, file=recording())
        assert fresh(video).source.startswith("videos/")
        send_video(console, address(video), platform="youtube", source="aqz-KE-bpKQ")

        assert (fresh(video).platform, fresh(video).source) == ("youtube", "aqz-KE-bpKQ")

    def test_a_video_is_deleted(self, console):
        video = create_video()

        sent = console.post(f"{address(video)}delete/")

        assert (sent.status_code, count(Video), last_verb()) == (303, 0, "video.deleted")


def send_material(console, path, title="ملزمة", **values):
    form = {"title": title, "is_active": "true"} | values
    return console.post(path, form, content_type="multipart/form-data")


class TestMaterials:
    def test_a_file_is_uploaded_renamed_and_deleted(self, console):
        lecture = create_lecture()

        added = send_material(console, f"{address(lecture)}materials/new/", file=(BytesIO(PDF), "درس.pdf"))
        material = the_only(StudyMaterial)
        assert (added.status_code, material.title, material.file_name) == (303, "ملزمة", "درس.pdf")

        changed = send_material(console, address(material), title="أخرى", is_active="false")
        assert changed.status_code == 303
        assert (fresh(material).title, fresh(material).is_active) == ("أخرى", False)
        assert "درس.pdf" in console.get(address(material)).text

        assert console.post(f"{address(material)}delete/").status_code == 303
        assert count(StudyMaterial) == 0

    def test_a_kind_of_file_that_is_not_taken_is_refused(self, console):
        file = (BytesIO(b"MZ\x90\0\x03"), "a.pdf")

        sent = send_material(console, f"{address(create_lecture())}materials/new/", file=file)

        assert (sent.status_code, list(errors_in(sent))) == (400, ["file"])

    def test_without_a_file_there_is_nothing_to_add(self, console):
        sent = send_material(console, f"{address(create_lecture())}materials/new/")

        assert errors_in(sent) == {"file": "This field is required."}
