"""The lectures of a course as its students see them, and opening a bought one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import StudyMaterial, VideoProgress
from tests.api import counted_statements
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_student,
    create_teacher,
    create_topic,
    create_video,
)

FORBIDDEN = {"detail": "You do not have permission to perform this action."}


def enrolled(course, status="approved"):
    student = create_student()
    create_enrollment(student, course, status)
    return student


def on_offer(lecture, **changes):
    """The documented body of a lecture that was not bought."""
    return {
        "id": lecture.id,
        "name": lecture.name,
        "description": lecture.description,
        "price": f"{lecture.price:.2f}",
        "final_price": f"{lecture.price - lecture.discount:.2f}",
        "discount": f"{lecture.discount:.2f}",
        "available_days": lecture.available_days,
        "order": lecture.order,
        "video_count": 0,
        "is_purchased": False,
    } | changes


def bought(lecture, purchase, **changes):
    """The documented body of a lecture with its purchase."""
    access = {
        "id": purchase.id,
        "purchased_at": iso_z(purchase.purchased_at),
        "expires_at": iso_z(purchase.expires_at),
        "effective_expiry": iso_z(purchase.effective_expiry),
        "is_expired": False,
        "extra_days": 0,
        "amount_paid": f"{purchase.amount_paid:.2f}",
    }
    return on_offer(lecture, is_purchased=True, purchase=access | changes)


def test_a_course_shows_its_lectures_in_order_with_what_was_bought(api):
    course = create_course()
    second = create_topic(course, order=2)
    first = create_topic(course, order=1)
    late = create_lecture(topic=first, order=2, description="مراجعة", discount=Decimal("30.00"))
    early = create_lecture(topic=first, order=1)
    old = create_lecture(topic=second)
    create_video(early)
    create_video(early, is_active=False)
    student = enrolled(course)
    purchase = create_purchase(student, early, amount_paid=Decimal("70.00"))
    over = create_purchase(student, old, purchased_at=clock.now() - timedelta(days=30))
    create_purchase(enrolled(course), late)
    client = api.as_(student)

    with counted_statements() as statements:
        response = client.get(f"/api/courses/{course.id}/lectures/")

    assert response.status_code == 200
    assert response.json == {
        "course": {"id": course.id, "name": course.name},
        "topics": [
            {
                "id": first.id,
                "name": first.name,
                "order": 1,
                "lectures": [bought(early, purchase) | {"video_count": 1}, on_offer(late)],
            },
            {"id": second.id, "name": second.name, "order": 2, "lectures": [bought(old, over, is_expired=True)]},
        ],
    }
    assert len(statements) == 2


def test_what_is_off_is_left_out_unless_it_was_bought(api):
    course = create_course()
    empty = create_topic(course, order=1)
    off = create_topic(course, order=2, is_active=False)
    off_with_nothing_bought = create_topic(course, order=3, is_active=False)
    in_off = create_lecture(topic=off)
    create_lecture(topic=off)
    create_lecture(topic=off_with_nothing_bought)
    create_lecture(topic=empty, is_active=False)
    student = enrolled(course)
    create_purchase(student, in_off)

    topics = api.as_(student).get(f"/api/courses/{course.id}/lectures/").json["topics"]

    assert [(topic["id"], [lecture["id"] for lecture in topic["lectures"]]) for topic in topics] == [
        (empty.id, []),
        (off.id, [in_off.id]),
    ]


@pytest.mark.parametrize("status", ["pending", "rejected", None])
def test_only_approved_students_see_the_lectures(api, status):
    course = create_course()
    student = create_student()
    if status:
        create_enrollment(student, course, status)

    response = api.as_(student).get(f"/api/courses/{course.id}/lectures/")

    assert (response.status_code, response.json) == (403, {"error": "You are not enrolled in this course"})


@pytest.mark.parametrize("number", [2**40, 2**63])
def test_the_lectures_of_no_course_are_not_found(api, number):
    response = api.as_(create_student()).get(f"/api/courses/{number}/lectures/")

    assert (response.status_code, response.json) == (404, {"error": "Course not found"})


def test_a_bought_lecture_opens_with_links_progress_and_materials(api):
    lecture, student = create_lecture(), create_student()
    purchase = create_purchase(student, lecture, expires_at=datetime(2090, 1, 1, tzinfo=UTC))
    second = create_video(lecture, order=2, duration_seconds=None, platform="vimeo", source="76979871")
    first = create_video(lecture, order=1)
    create_video(lecture, is_active=False)
    db.session.add(
        VideoProgress(
            student=student,
            video=first,
            progress_seconds=590,
            progress_percentage=98,
            is_completed=True,
            watch_count=1,
            last_watched_at=clock.now(),
        )
    )
    material = StudyMaterial(lecture=lecture, title="ملزمة", file="materials/a.pdf", file_name="a.pdf")
    db.session.add(material)
    db.session.commit()
    client = api.as_(student)

    with counted_statements() as statements:
        response = client.get(f"/api/lectures/{lecture.id}/watch/")

    assert response.status_code == 200
    body = response.json
    urls = [video.pop("playback_url") for video in body["videos"]]
    ends = [video.pop("expires_at") for video in body["videos"]]
    material_url = body["materials"][0].pop("file_url")
    assert body == {
        "id": lecture.id,
        "name": lecture.name,
        "effective_expiry": iso_z(purchase.effective_expiry),
        "videos": [
            {
                "id": first.id,
                "name": first.name,
                "order": 1,
                "duration_seconds": 600,
                "platform": "youtube",
                "progress_seconds": 590,
                "is_completed": True,
            },
            {
                "id": second.id,
                "name": second.name,
                "order": 2,
                "duration_seconds": None,
                "platform": "vimeo",
                "progress_seconds": 0,
                "is_completed": False,
            },
        ],
        "materials": [
            {
                "id": material.id,
                "lecture": lecture.id,
                "lecture_name": lecture.name,
                "title": "ملزمة",
                "is_active": True,
                "created_at": iso_z(material.created_at),
            }
        ],
    }
    for video, url in zip((first, second), urls, strict=True):
        assert url.startswith(f"http://localhost/api/videos/{video.id}/play/?token=")
        assert video.source not in url
    assert material_url.startswith("http://localhost/api/materials/")
    for end in ends:
        left = datetime.fromisoformat(end) - clock.now()
        assert timedelta(hours=5, minutes=59) < left <= timedelta(hours=6)
    assert len(statements) == 3


def test_links_live_twice_as_long_as_a_long_video(api):
    student, lecture = create_student(), create_lecture()
    create_purchase(student, lecture)
    create_video(lecture, duration_seconds=5 * 3600)

    (video,) = api.as_(student).get(f"/api/lectures/{lecture.id}/watch/").json["videos"]

    left = datetime.fromisoformat(video["expires_at"]) - clock.now()
    assert timedelta(hours=9, minutes=59) < left <= timedelta(hours=10)


def test_links_never_outlive_the_purchase(api):
    student, lecture = create_student(), create_lecture()
    purchase = create_purchase(student, lecture, expires_at=clock.now() + timedelta(hours=1))
    create_video(lecture)

    (video,) = api.as_(student).get(f"/api/lectures/{lecture.id}/watch/").json["videos"]

    assert video["expires_at"] == iso_z(purchase.effective_expiry)


def test_what_was_bought_stays_watchable_when_everything_is_switched_off(api):
    course = create_course(create_teacher(is_active=False), is_active=False)
    lecture = create_lecture(topic=create_topic(course, is_active=False), is_active=False)
    video, student = create_video(lecture), create_student()
    create_purchase(student, lecture)

    response = api.as_(student).get(f"/api/lectures/{lecture.id}/watch/")

    assert response.status_code == 200
    assert [each["id"] for each in response.json["videos"]] == [video.id]


def test_a_lecture_that_was_not_bought_stays_shut(api):
    lecture = create_lecture()
    create_purchase(create_student(), lecture)

    response = api.as_(enrolled(lecture.topic.course)).get(f"/api/lectures/{lecture.id}/watch/")

    assert (response.status_code, response.json) == (403, {"detail": "You must purchase this lecture."})


def test_a_lecture_whose_time_is_over_stays_shut(api):
    student, lecture = create_student(), create_lecture()
    create_purchase(student, lecture, purchased_at=clock.now() - timedelta(days=8))

    response = api.as_(student).get(f"/api/lectures/{lecture.id}/watch/")

    assert (response.status_code, response.json) == (403, {"detail": "Your access to this lecture has expired."})


@pytest.mark.parametrize("number", [2**40, 2**63])
def test_watching_no_lecture_is_not_found(api, number):
    response = api.as_(create_student()).get(f"/api/lectures/{number}/watch/")

    assert (response.status_code, response.json) == (404, {"detail": "Not found."})


def test_only_students_watch(api):
    lecture = create_lecture()
    teacher = api.as_(lecture.topic.course.teacher)

    for path in (f"/api/courses/{lecture.course_id}/lectures/", f"/api/lectures/{lecture.id}/watch/"):
        assert (teacher.get(path).status_code, teacher.get(path).json) == (403, FORBIDDEN)
        assert api.get(path).status_code == 401
