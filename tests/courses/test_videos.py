"""Videos: where they may lie, what names them there, and who sees that."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import Video, VideoProgress
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_lecture,
    create_site_owner,
    create_student,
    create_teacher,
    create_video,
)

NOT_FOUND = {"detail": "Not found."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NO_VIDEO = {"file": ["Upload a video in MP4, MOV or WebM format."]}
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 64
MOV = b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  " + b"\x00" * 64
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + b"\x00" * 64
MATROSKA = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska" + b"\x00" * 64
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64


@pytest.fixture
def lecture(app):
    return create_lecture()


@pytest.fixture
def teacher(api, lecture):
    return api.as_(lecture.topic.course.teacher)


def shown(video, **values):
    return {
        "id": video.id,
        "lecture": video.lecture_id,
        "name": video.name,
        "platform": video.platform,
        "source": video.source,
        "duration_seconds": video.duration_seconds,
        "order": video.order,
        "is_active": video.is_active,
        "created_at": iso_z(video.created_at),
    } | values


def body(lecture):
    return {"lecture": lecture.id, "name": "فيديو", "platform": "youtube", "source": "dQw4w9WgXcQ"}


def form(lecture, content, **values):
    return {
        "lecture": str(lecture.id),
        "name": "تسجيل",
        "platform": "file",
        "file": (BytesIO(content), "lesson.exe"),
    } | values


def stored(app, name):
    return Path(app.config["MEDIA_DIR"]) / name


def test_a_teacher_adds_a_video_as_the_last_one(teacher, lecture):
    create_video(lecture, order=2)

    response = teacher.post("/api/videos/", body(lecture))

    video = db.session.get(Video, response.json["id"])
    assert (response.status_code, response.json) == (201, shown(video))
    assert (video.source, video.duration_seconds, video.order, video.is_active) == ("dQw4w9WgXcQ", None, 3, True)


def test_a_video_is_added_with_all_its_values(api, lecture):
    owner = api.as_(create_site_owner())

    response = owner.post(
        "/api/videos/", body(lecture) | {"duration_seconds": 90, "order": 4, "is_active": False, "created_at": "x"}
    )

    video = db.session.get(Video, response.json["id"])
    assert (response.status_code, response.json) == (201, shown(video))
    assert (video.duration_seconds, video.order, video.is_active) == (90, 4, False)


@pytest.mark.parametrize(
    ("platform", "source", "kept"),
    [
        ("youtube", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s", "dQw4w9WgXcQ"),
        ("youtube", "https://youtu.be/dQw4w9WgXcQ?si=abc", "dQw4w9WgXcQ"),
        ("youtube", "https://m.youtube.com/shorts/dQw4w9WgXcQ", "dQw4w9WgXcQ"),
        ("youtube", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", "dQw4w9WgXcQ"),
        ("youtube", " https://YouTube.com/live/dQw4w9WgXcQ ", "dQw4w9WgXcQ"),
        ("vimeo", "76979871", "76979871"),
        ("vimeo", "https://vimeo.com/76979871", "76979871"),
        ("vimeo", "https://vimeo.com/76979871/8272103f6e", "76979871?h=8272103f6e"),
        ("vimeo", "https://player.vimeo.com/video/76979871?h=8272103f6e&title=0", "76979871?h=8272103f6e"),
    ],
)
def test_an_address_is_kept_as_the_platforms_id(teacher, lecture, platform, source, kept):
    response = teacher.post("/api/videos/", body(lecture) | {"platform": platform, "source": source})

    assert (response.status_code, response.json["source"]) == (201, kept)


@pytest.mark.parametrize(
    "source",
    [
        "short",
        "dQw4w9WgXcQ\u0661",
        "http://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "javascript:alert(1)//youtu.be/dQw4w9WgXcQ",
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "https://youtube.com@evil.example/watch?v=dQw4w9WgXcQ",
        "https://youtube.com:8443/watch?v=dQw4w9WgXcQ",
        "https://evil.example/dQw4w9WgXcQ",
        "https://www.youtube.com/watch?v=../../../etc",
        "https://www.youtube.com/",
        "https://vimeo.com/76979871",
        "https://[::1/watch?v=dQw4w9WgXcQ",
    ],
)
def test_a_source_that_names_no_youtube_video_is_refused(teacher, lecture, source):
    response = teacher.post("/api/videos/", body(lecture) | {"source": source})

    assert response.status_code == 400
    assert response.json == {"source": ["Enter the id or the https address of a YouTube video."]}


@pytest.mark.parametrize(
    "source",
    [
        "dQw4w9WgXcQ",
        "https://vimeo.com/channels/staffpicks",
        "https://vimeo.com/76979871/zz",
        "https://vimeo.com/76979871/8272103f6e/more",
        "https://vimeo.com/",
        "https://youtu.be/76979871",
    ],
)
def test_a_source_that_names_no_vimeo_video_is_refused(teacher, lecture, source):
    response = teacher.post("/api/videos/", body(lecture) | {"platform": "vimeo", "source": source})

    assert response.status_code == 400
    assert response.json == {"source": ["Enter the id or the https address of a Vimeo video."]}


@pytest.mark.parametrize("platform", ["bunny", "vdocipher"])
def test_a_platform_without_keys_is_refused(teacher, lecture, platform):
    refusal = {"platform": [f'The platform "{platform}" is not configured.']}
    video = create_video(lecture)

    created = teacher.post("/api/videos/", body(lecture) | {"platform": platform})
    changed = teacher.patch(f"/api/videos/{video.id}/", {"platform": platform, "source": "abc"})

    assert [(response.status_code, response.json) for response in (created, changed)] == [(400, refusal)] * 2


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"lecture": 987654}, {"lecture": ['Invalid pk "987654" - object does not exist.']}),
        ({"lecture": 2**63}, {"lecture": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"platform": "dailymotion"}, {"platform": ['"dailymotion" is not a valid choice.']}),
        ({"platform": []}, {"platform": ['"list" is not a valid choice.']}),
        ({"source": 5.5}, {"source": ["Enter the id or the https address of a YouTube video."]}),
        ({"source": {}}, {"source": ["Not a valid string."]}),
        ({"source": "x" * 501}, {"source": ["Ensure this field has no more than 500 characters."]}),
        ({"duration_seconds": 0}, {"duration_seconds": ["Ensure this value is greater than or equal to 1."]}),
        ({"order": -1}, {"order": ["Ensure this value is greater than or equal to 0."]}),
        ({"platform": "file"}, {"file": ["This field is required."]}),
    ],
)
def test_bad_values_are_refused_and_nothing_is_written(teacher, lecture, values, messages):
    response = teacher.post("/api/videos/", body(lecture) | values)

    assert (response.status_code, response.json) == (400, messages)
    assert db.session.scalar(select(func.count()).select_from(Video)) == 0


def test_lecture_name_and_platform_are_required(teacher):
    response = teacher.post("/api/videos/", {})

    required = ["This field is required."]
    assert (response.status_code, response.json) == (400, {"lecture": required, "name": required, "platform": required})


def test_a_platform_needs_a_source_and_takes_no_file(teacher, lecture):
    without = teacher.post("/api/videos/", {"lecture": lecture.id, "name": "x", "platform": "youtube"})
    with_file = teacher.post("/api/videos/", data=form(lecture, MP4, platform="youtube", source="dQw4w9WgXcQ"))

    assert (without.status_code, without.json) == (400, {"source": ["This field is required."]})
    assert (with_file.status_code, with_file.json) == (400, {"file": ['Only the platform "file" takes a file.']})


def test_a_video_cannot_be_added_to_another_teachers_lecture(teacher):
    other = create_lecture()

    response = teacher.post("/api/videos/", body(other))

    assert response.status_code == 400
    assert response.json == {"lecture": [f'Invalid pk "{other.id}" - object does not exist.']}


@pytest.mark.parametrize(("content", "extension"), [(MP4, "mp4"), (MOV, "mov"), (WEBM, "webm")])
def test_a_recording_is_stored_under_a_name_of_the_servers_own(app, teacher, lecture, content, extension):
    response = teacher.post("/api/videos/", data=form(lecture, content))

    video = db.session.get(Video, response.json["id"])
    address = response.json["source"]
    assert (response.status_code, response.json) == (201, shown(video, source=address))
    assert video.source.startswith("videos/")
    assert video.source.endswith(f".{extension}")
    assert stored(app, video.source).read_bytes() == content
    assert address.startswith("http://localhost/files/")
    with teacher.get(address.removeprefix("http://localhost")) as download:
        assert download.data == content
    assert teacher.get(f"/media/{video.source}").status_code == 404


@pytest.mark.parametrize("content", [MATROSKA, HEIC, b"MZ\x90\x00", b"<html></html>", b"x", MP4[:6]])
def test_a_file_that_is_no_recording_is_refused(teacher, lecture, content):
    response = teacher.post("/api/videos/", data=form(lecture, content))

    assert (response.status_code, response.json) == (400, NO_VIDEO)


def test_an_empty_file_is_refused(teacher, lecture):
    response = teacher.post("/api/videos/", data=form(lecture, b""))

    assert (response.status_code, response.json) == (400, {"file": ["The submitted file is empty."]})


def test_the_list_shows_own_videos_in_their_order(api, lecture):
    second, first = create_video(lecture, order=2), create_video(lecture, order=1, is_active=False)
    create_video()

    for person in (lecture.topic.course.teacher, create_assistant(lecture.topic.course.teacher)):
        response = api.as_(person).get("/api/videos/")

        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [shown(first), shown(second)],
        }


def test_the_list_is_narrowed_to_a_lecture(teacher, lecture):
    video = create_video(lecture)
    create_video(create_lecture(topic=lecture.topic))

    assert teacher.get(f"/api/videos/?lecture={lecture.id}").json["results"] == [shown(video)]


def test_the_list_takes_two_statements_however_many_videos_there_are(teacher, lecture):
    counts = []
    for _ in range(2):
        create_video(lecture)
        create_video(create_lecture(topic=lecture.topic))
        with counted_statements() as statements:
            teacher.get("/api/videos/")
        counts.append(len(statements))

    assert counts == [2, 2]


def test_a_video_takes_two_statements(teacher, lecture):
    video = create_video(lecture)

    with counted_statements() as statements:
        response = teacher.get(f"/api/videos/{video.id}/")

    assert (response.status_code, response.json) == (200, shown(video))
    assert len(statements) == 2


def test_a_video_is_changed(teacher, lecture):
    video = create_video(lecture)

    response = teacher.patch(
        f"/api/videos/{video.id}/",
        {
            "lecture": lecture.id,
            "name": "ج",
            "platform": "vimeo",
            "source": "https://vimeo.com/5",
            "duration_seconds": None,
            "order": 5,
            "is_active": False,
        },
    )

    db.session.expire_all()
    assert (response.status_code, response.json) == (200, shown(video))
    assert (video.name, video.platform, video.source, video.duration_seconds) == ("ج", "vimeo", "5", None)


def test_another_platform_needs_its_own_source(teacher, lecture):
    video = create_video(lecture)

    response = teacher.patch(f"/api/videos/{video.id}/", {"platform": "vimeo"})

    assert (response.status_code, response.json) == (400, {"source": ["This field is required."]})


def test_a_video_stays_in_its_lecture(teacher, lecture):
    video = create_video(lecture)
    other = create_lecture(topic=lecture.topic)

    response = teacher.patch(f"/api/videos/{video.id}/", {"lecture": other.id})

    assert response.status_code == 400
    assert response.json == {"lecture": [f'Invalid pk "{other.id}" - object does not exist.']}


def test_a_replaced_recording_is_removed(app, teacher, lecture):
    created = teacher.post("/api/videos/", data=form(lecture, MP4)).json
    first = db.session.get(Video, created["id"]).source

    response = teacher.patch(f"/api/videos/{created['id']}/", data={"file": (BytesIO(WEBM), "b")})

    db.session.expire_all()
    second = db.session.get(Video, created["id"]).source
    assert response.status_code == 200
    assert second.endswith(".webm")
    assert [stored(app, name).exists() for name in (first, second)] == [False, True]


def test_a_refused_recording_leaves_the_one_before(app, teacher, lecture):
    created = teacher.post("/api/videos/", data=form(lecture, MP4)).json

    response = teacher.patch(f"/api/videos/{created['id']}/", data={"file": (BytesIO(HEIC), "b")})

    assert (response.status_code, response.json) == (400, NO_VIDEO)
    assert stored(app, db.session.get(Video, created["id"]).source).exists()


def test_sending_back_what_was_shown_of_a_recording_changes_nothing(app, teacher, lecture):
    created = teacher.post("/api/videos/", data=form(lecture, MP4)).json
    name = db.session.get(Video, created["id"]).source

    response = teacher.patch(f"/api/videos/{created['id']}/", created)

    db.session.expire_all()
    assert response.status_code == 200
    assert db.session.get(Video, created["id"]).source == name
    assert stored(app, name).exists()


def test_a_recording_that_moves_to_a_platform_is_removed(app, teacher, lecture):
    created = teacher.post("/api/videos/", data=form(lecture, MP4)).json
    name = db.session.get(Video, created["id"]).source

    response = teacher.patch(f"/api/videos/{created['id']}/", {"platform": "vimeo", "source": "5"})

    assert (response.status_code, response.json["source"]) == (200, "5")
    assert not stored(app, name).exists()


def test_a_deleted_video_takes_its_recording_along(app, teacher, lecture):
    created = teacher.post("/api/videos/", data=form(lecture, MP4)).json
    name = db.session.get(Video, created["id"]).source

    response = teacher.delete(f"/api/videos/{created['id']}/")

    assert (response.status_code, response.data) == (204, b"")
    assert db.session.scalar(select(func.count()).select_from(Video)) == 0
    assert not stored(app, name).exists()


def test_a_watched_video_stays_and_so_does_its_recording(app, teacher, lecture):
    created = teacher.post("/api/videos/", data=form(lecture, MP4)).json
    video = db.session.get(Video, created["id"])
    db.session.add(
        VideoProgress(
            student=create_student(),
            video=video,
            progress_seconds=5,
            progress_percentage=1,
            is_completed=False,
            watch_count=1,
            last_watched_at=clock.now(),
        )
    )
    db.session.commit()

    response = teacher.delete(f"/api/videos/{video.id}/")

    assert (response.status_code, response.json) == (400, {"detail": "Cannot delete a video that has watch progress."})
    assert stored(app, video.source).exists()


def test_other_teachers_videos_are_not_found(api, lecture):
    video = create_video(lecture)
    stranger = api.as_(create_teacher())

    responses = [
        stranger.get(f"/api/videos/{video.id}/"),
        stranger.patch(f"/api/videos/{video.id}/", {"name": None}),
        stranger.delete(f"/api/videos/{video.id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(404, NOT_FOUND)] * 3


def test_assistants_only_read_videos(api, lecture):
    video = create_video(lecture)
    assistant = api.as_(create_assistant(lecture.topic.course.teacher))

    assert assistant.get(f"/api/videos/{video.id}/").json == shown(video)
    refused = [
        assistant.post("/api/videos/", body(lecture)),
        assistant.patch(f"/api/videos/{video.id}/", {"name": "x"}),
        assistant.delete(f"/api/videos/{video.id}/"),
    ]
    assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3


def test_students_never_see_a_source(api, lecture):
    video = create_video(lecture)
    student = api.as_(create_student())

    responses = [student.get("/api/videos/"), student.get(f"/api/videos/{video.id}/")]

    assert [(response.status_code, response.json) for response in responses] == [(403, FORBIDDEN)] * 2


@pytest.mark.parametrize("query", ["lecture"])
def test_a_filter_that_is_no_number_is_a_bad_query(teacher, query):
    response = teacher.get(f"/api/videos/?{query}=x")

    assert (response.status_code, response.json) == (400, {query: ["A valid integer is required."]})


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"platform": "dailymotion"}, {"platform": ['"dailymotion" is not a valid choice.']}),
        ({"source": "short"}, {"source": ["Enter the id or the https address of a YouTube video."]}),
        ({"duration_seconds": 0}, {"duration_seconds": ["Ensure this value is greater than or equal to 1."]}),
        ({"order": -1}, {"order": ["Ensure this value is greater than or equal to 0."]}),
        ({"is_active": None}, {"is_active": ["This field may not be null."]}),
        ({"platform": "file"}, {"file": ["This field is required."]}),
    ],
)
def test_a_bad_change_is_refused_whole(teacher, lecture, values, messages):
    video = create_video(lecture)
    before = teacher.get(f"/api/videos/{video.id}/").json

    response = teacher.patch(f"/api/videos/{video.id}/", {"name": "جديد"} | values)

    assert (response.status_code, response.json) == (400, messages)
    assert teacher.get(f"/api/videos/{video.id}/").json == before
