"""How far videos have been watched: what heartbeats keep, and who sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import VideoProgress
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
    create_video,
)

FORBIDDEN = {"detail": "You do not have permission to perform this action."}


@pytest.fixture
def video(app):
    return create_video(create_lecture())


@pytest.fixture
def student(video):
    person = create_student()
    create_purchase(person, video.lecture)
    return person


def stored():
    db.session.expire_all()
    return db.session.scalars(select(VideoProgress)).one()


def recorded(progress, **changes):
    """The documented body of a heartbeat's answer, as the database has it."""
    return {
        "id": progress.id,
        "student": progress.student_id,
        "video": progress.video_id,
        "progress_seconds": progress.progress_seconds,
        "duration_seconds": progress.duration_seconds,
        "progress_percentage": f"{progress.progress_percentage:.2f}",
        "is_completed": progress.is_completed,
        "watch_count": progress.watch_count,
        "last_watched_at": iso_z(progress.last_watched_at),
        "platform_data": progress.platform_data,
    } | changes


def listed(progress):
    """The documented body of progress in a list."""
    return recorded(progress) | {
        "student_name": progress.student.name_ar,
        "student_code": progress.student.student_code,
        "video_name": progress.video.name,
        "lecture_name": progress.video.lecture.name,
        "course_name": progress.video.lecture.topic.course.name,
    }


def test_a_first_heartbeat_is_kept(api, student, video):
    client = api.as_(student)

    with counted_statements() as statements:
        response = client.post(
            "/api/progress/",
            {"video": video.id, "progress_seconds": 200, "duration_seconds": 10, "platform_data": {"quality": "hd"}},
        )

    assert response.status_code == 200
    # The video's own duration counts, whatever the player says.
    assert response.json == recorded(
        stored(),
        progress_seconds=200,
        duration_seconds=600,
        progress_percentage="33.33",
        is_completed=False,
        watch_count=1,
        platform_data={"quality": "hd"},
    )
    assert len(statements) == 2


def test_progress_never_goes_back_but_every_heartbeat_counts(api, student, video):
    client = api.as_(student)
    client.post("/api/progress/", {"video": video.id, "progress_seconds": 300, "platform_data": {"a": 1}})

    with counted_statements() as statements:
        response = client.post("/api/progress/", {"video": video.id, "progress_seconds": 10})

    assert response.json == recorded(
        stored(), progress_seconds=300, progress_percentage="50.00", watch_count=2, platform_data={"a": 1}
    )
    assert len(statements) == 2


def test_platform_data_is_replaced_whole(api, student, video):
    client = api.as_(student)
    client.post("/api/progress/", {"video": video.id, "progress_seconds": 1, "platform_data": {"a": 1}})

    body = client.post(
        "/api/progress/", {"video": video.id, "progress_seconds": 2, "platform_data": {"b": [None, "ع"]}}
    ).json

    assert body["platform_data"] == {"b": [None, "ع"]}


@pytest.mark.parametrize(
    ("seconds", "percentage", "is_completed"),
    [(0, "0.00", False), (539, "89.83", False), (540, "90.00", True), (600, "100.00", True), (9999, "100.00", True)],
)
def test_ninety_percent_is_completed_and_more_than_all_is_all(api, student, video, seconds, percentage, is_completed):
    body = api.as_(student).post("/api/progress/", {"video": video.id, "progress_seconds": seconds}).json

    assert (body["progress_percentage"], body["is_completed"]) == (percentage, is_completed)
    assert body["progress_seconds"] == min(seconds, 600)


def test_completed_stays_completed_when_the_video_turns_out_longer(api, student, video):
    client = api.as_(student)
    client.post("/api/progress/", {"video": video.id, "progress_seconds": 600})
    video.duration_seconds = 1200
    db.session.commit()

    body = client.post("/api/progress/", {"video": video.id, "progress_seconds": 601}).json

    assert (body["progress_seconds"], body["progress_percentage"], body["is_completed"]) == (601, "50.08", True)


def test_progress_stays_when_the_video_turns_out_shorter(api, student, video):
    client = api.as_(student)
    client.post("/api/progress/", {"video": video.id, "progress_seconds": 600})
    video.duration_seconds = 300
    db.session.commit()

    body = client.post("/api/progress/", {"video": video.id, "progress_seconds": 100}).json

    assert (body["progress_seconds"], body["duration_seconds"], body["progress_percentage"]) == (600, 300, "100.00")


def test_where_the_video_has_no_duration_the_players_counts(api):
    student, video = create_student(), create_video(create_lecture(), duration_seconds=None)
    create_purchase(student, video.lecture)
    client = api.as_(student)

    def beat(seconds, **more):
        body = client.post("/api/progress/", {"video": video.id, "progress_seconds": seconds} | more).json
        return body["progress_seconds"], body["duration_seconds"], body["progress_percentage"], body["is_completed"]

    assert beat(500) == (500, None, "0.00", False)
    assert beat(500, duration_seconds=0) == (500, None, "0.00", False)
    assert beat(500, duration_seconds=1000) == (500, 1000, "50.00", False)
    assert beat(2000) == (1000, 1000, "100.00", True)


def test_a_lecture_that_was_not_bought_keeps_no_progress(api, video):
    response = api.as_(create_student()).post("/api/progress/", {"video": video.id, "progress_seconds": 1})

    assert response.status_code == 403
    assert response.json == {"detail": "You must purchase this lecture to track progress."}
    assert db.session.scalar(select(func.count(VideoProgress.id))) == 0


def test_a_lecture_whose_time_is_over_keeps_no_progress(api, video):
    student = create_student()
    create_purchase(student, video.lecture, purchased_at=clock.now() - timedelta(days=8))

    response = api.as_(student).post("/api/progress/", {"video": video.id, "progress_seconds": 1})

    assert (response.status_code, response.json) == (403, {"detail": "Your access to this lecture has expired."})
    assert db.session.scalar(select(func.count(VideoProgress.id))) == 0


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_platform_data_comes_back_as_it_was_said(api, student, video):
    said = {"a": [2**63 - 1, -(2**63 - 1), 0.5, 1e-300, True, None, "ملاحظة \U0001f600"], "b": _nested(98)}

    response = api.as_(student).post(
        "/api/progress/", {"video": video.id, "progress_seconds": 1, "platform_data": said}
    )

    assert (response.status_code, response.json["platform_data"]) == (200, said)
    assert api.as_(student).get(f"/api/progress/{video.id}/").json["platform_data"] == said


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"video": ...}, {"video": ["This field is required."]}),
        ({"video": "x"}, {"video": ["A valid integer is required."]}),
        ({"video": 2**40}, {"video": [f'Invalid pk "{2**40}" - object does not exist.']}),
        ({"video": 2**63}, {"video": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"progress_seconds": ...}, {"progress_seconds": ["This field is required."]}),
        ({"progress_seconds": -1}, {"progress_seconds": ["Ensure this value is greater than or equal to 0."]}),
        ({"progress_seconds": 2**31}, {"progress_seconds": ["Ensure this value is less than or equal to 2147483647."]}),
        ({"progress_seconds": 1.5}, {"progress_seconds": ["A valid integer is required."]}),
        ({"duration_seconds": -1}, {"duration_seconds": ["Ensure this value is greater than or equal to 0."]}),
        ({"duration_seconds": True}, {"duration_seconds": ["A valid integer is required."]}),
        ({"platform_data": []}, {"platform_data": ['Expected a dictionary of items but got type "list".']}),
        ({"platform_data": {"a": "\0"}}, {"platform_data": ["Null characters are not allowed."]}),
        ({"platform_data": {"a": 1e308}}, {"platform_data": ["Value must be valid JSON."]}),
        ({"platform_data": {"a": [-(2**64)]}}, {"platform_data": ["Value must be valid JSON."]}),
        ({"platform_data": {"a": _nested(99)}}, {"platform_data": ["Value must be valid JSON."]}),
        ({"platform_data": {"a": "x" * 5000}}, {"platform_data": ["Ensure this field has no more than 4096 bytes."]}),
    ],
)
def test_a_bad_heartbeat_is_refused(api, student, video, change, messages):
    body = {"video": video.id, "progress_seconds": 1} | change
    body = {name: value for name, value in body.items() if value is not ...}

    response = api.as_(student).post("/api/progress/", body)

    assert (response.status_code, response.json) == (400, messages)
    assert db.session.scalar(select(func.count(VideoProgress.id))) == 0


def test_the_largest_numbers_are_kept(api):
    student, video = create_student(), create_video(create_lecture(), duration_seconds=None)
    create_purchase(student, video.lecture)
    body = {"video": video.id, "progress_seconds": 2**31 - 1, "duration_seconds": 2**31 - 1}

    response = api.as_(student).post("/api/progress/", body)

    assert response.status_code == 200
    assert response.json == recorded(stored(), progress_percentage="100.00", is_completed=True)


def test_a_student_lists_own_progress_last_watched_first(api, student, video):
    other = create_video(video.lecture)
    client = api.as_(student)
    for each in (other, video):
        client.post("/api/progress/", {"video": each.id, "progress_seconds": 5})
    stranger = create_student()
    create_purchase(stranger, video.lecture)
    api.as_(stranger).post("/api/progress/", {"video": video.id, "progress_seconds": 6})

    with counted_statements() as statements:
        response = client.get("/api/progress/")

    assert client.get("/api/progress/?all=true").json == {"count": 2, "results": response.json["results"]}
    rows = db.session.scalars(
        select(VideoProgress).where(VideoProgress.student_id == student.id).order_by(VideoProgress.id.desc())
    ).all()
    assert response.status_code == 200
    assert response.json == {"count": 2, "next": None, "previous": None, "results": [listed(row) for row in rows]}
    assert len(statements) == 2


def test_one_videos_progress_has_the_lists_shape(api, student, video):
    client = api.as_(student)
    client.post("/api/progress/", {"video": video.id, "progress_seconds": 5})

    with counted_statements() as statements:
        response = client.get(f"/api/progress/{video.id}/")

    assert response.status_code == 200
    assert response.json == listed(stored())
    assert len(statements) == 1


@pytest.mark.parametrize("number", [None, 2**40, 2**63])
def test_progress_that_is_not_there_is_not_found(api, student, video, number):
    response = api.as_(student).get(f"/api/progress/{video.id if number is None else number}/")

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


def test_only_students_keep_progress(api, video):
    teacher = api.as_(video.lecture.topic.course.teacher)

    for response in (
        teacher.get("/api/progress/"),
        teacher.post("/api/progress/", {}),
        teacher.get(f"/api/progress/{video.id}/"),
    ):
        assert (response.status_code, response.json) == (403, FORBIDDEN)
    assert api.post("/api/progress/", {}).status_code == 401


class Classroom:
    """A course of three counted videos with two approved students; only the first has watched anything."""

    def __init__(self, api):
        self.course = create_course()
        lecture = create_lecture(self.course)
        self.videos = [create_video(lecture) for _ in range(3)]
        create_video(lecture, is_active=False)
        create_video(create_lecture(topic=create_topic(self.course, is_active=False)))
        self.first = create_student(name_ar="أحمد")
        self.second = create_student(name_ar="ياسر")
        for student in (self.first, self.second):
            create_enrollment(student, self.course)
        create_enrollment(create_student(), self.course, "pending")
        create_purchase(self.first, lecture)
        client = api.as_(self.first)
        for video, seconds in zip(self.videos, (600, 150), strict=False):
            client.post("/api/progress/", {"video": video.id, "progress_seconds": seconds})


def test_staff_see_how_far_the_students_of_a_course_are(api):
    room = Classroom(api)
    last = db.session.scalar(select(func.max(VideoProgress.last_watched_at)))

    for person in (room.course.teacher, create_assistant(room.course.teacher), create_site_owner()):
        client = api.as_(person)
        with counted_statements() as statements:
            response = client.get(f"/api/courses/{room.course.id}/progress/")
        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [
                {
                    "student": room.first.id,
                    "student_name": "أحمد",
                    "student_code": room.first.student_code,
                    "videos_completed": 1,
                    "videos_total": 3,
                    "progress_percentage": "41.67",
                    "last_watched_at": iso_z(last),
                },
                {
                    "student": room.second.id,
                    "student_name": "ياسر",
                    "student_code": room.second.student_code,
                    "videos_completed": 0,
                    "videos_total": 3,
                    "progress_percentage": "0.00",
                    "last_watched_at": None,
                },
            ],
        }
        # The course, the count and the page, however many students and videos there are.
        assert len(statements) == 3


def test_the_progress_of_a_course_comes_in_pages_or_whole(api):
    room = Classroom(api)
    teacher = api.as_(room.course.teacher)
    path = f"/api/courses/{room.course.id}/progress/"

    first, second = (teacher.get(f"{path}?page_size=1&page={page}").json for page in (1, 2))

    results = first["results"] + second["results"]
    assert [row["student"] for row in results] == [room.first.id, room.second.id]
    assert (first["next"], second["next"]) == (f"http://localhost{path}?page_size=1&page=2", None)
    assert teacher.get(f"{path}?all=true").json == {"count": 2, "results": results}
    beyond = teacher.get(f"{path}?page=2")
    assert (beyond.status_code, beyond.json) == (404, {"detail": "Invalid page."})


def test_a_course_without_videos_has_no_progress(api):
    course = create_course()
    create_enrollment(create_student(), course)

    (row,) = api.as_(course.teacher).get(f"/api/courses/{course.id}/progress/").json["results"]

    assert (row["videos_total"], row["progress_percentage"]) == (0, "0.00")


def test_the_progress_of_another_teachers_course_is_not_found(api):
    course = create_course()

    for person in (create_teacher(), create_assistant()):
        response = api.as_(person).get(f"/api/courses/{course.id}/progress/")
        assert (response.status_code, response.json) == (404, {"detail": "Not found."})
    assert api.as_(create_student()).get(f"/api/courses/{course.id}/progress/").json == FORBIDDEN
