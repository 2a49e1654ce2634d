"""Several people at the same courses in the same moment, on real commits."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.files import is_stored
from edutrack.courses.models import Course, Lecture, Purchase, Topic, Video
from edutrack.courses.service import enrollments
from tests.api import Api
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_material,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
    create_video,
)
from tests.racing import race

pytestmark = pytest.mark.concurrency

MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 64


@pytest.fixture
def owner(committing_app):
    return Api(committing_app, create_site_owner())


def count(model, *conditions):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


def test_of_eight_courses_of_one_name_one_is_made(owner):
    teacher = create_teacher()
    body = {"name": "جبر", "teacher": teacher.id, "grade": teacher.grades[0].id}

    responses = race([lambda: owner.post("/api/courses/", body)] * 8)

    assert sorted(response.status_code for response in responses) == [201] + [400] * 7
    refusal = {"non_field_errors": ["A course with this Teacher, Grade, and Name already exists."]}
    assert [response.json for response in responses if response.status_code == 400] == [refusal] * 7
    assert count(Course) == 1


def test_topics_added_at_once_get_a_place_each(owner):
    course_id = create_course().id

    responses = race([lambda: owner.post("/api/topics/", {"course": course_id, "name": "باب"})] * 8)

    assert sorted(response.json["order"] for response in responses) == list(range(1, 9))


def test_two_orders_of_a_course_at_once_leave_one_of_them(owner):
    course = create_course()
    ids = [create_topic(course, order=order).id for order in range(1, 7)]
    orders = [ids[::-1], ids[3:] + ids[:3]]
    path = f"/api/courses/{course.id}/reorder/"

    responses = race(
        [lambda order=order: owner.post(path, {"topics": [{"id": number} for number in order]}) for order in orders] * 3
    )

    assert [response.status_code for response in responses] == [200] * 6
    db.session.rollback()
    assert db.session.scalars(select(Topic.id).order_by(Topic.order, Topic.id)).all() in orders


def test_a_course_goes_with_what_is_added_at_that_moment_or_the_addition_finds_it_gone(owner):
    for _ in range(5):
        topic = create_topic()
        course_id, topic_id = topic.course_id, topic.id
        lecture = {"topic": topic_id, "name": "محاضرة", "price": "10", "available_days": 1}

        deleted, *added = race(
            [
                lambda course_id=course_id: owner.delete(f"/api/courses/{course_id}/"),
                lambda course_id=course_id: owner.post("/api/topics/", {"course": course_id, "name": "باب"}),
                lambda lecture=lecture: owner.post("/api/lectures/", lecture),
            ]
        )

        assert deleted.status_code == 204
        assert {response.status_code for response in added} <= {201, 400}
        assert [count(Course), count(Topic), count(Lecture)] == [0, 0, 0]


MAKERS = {
    "courses": create_course,
    "topics": create_topic,
    "lectures": create_lecture,
    "videos": create_video,
    "materials": create_material,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_deleted_and_changed_at_once_is_deleted_once_and_changed_before_or_not_found(owner, kind):
    change = {"title" if kind == "materials" else "name": "اسم آخر"}
    for number in range(1, 6):
        made = MAKERS[kind]()
        address, model = f"/api/{kind}/{made.id}/", type(made)

        deleted, again, *changed = race(
            [
                lambda address=address: owner.delete(address),
                lambda address=address: owner.delete(address),
                *[lambda address=address: owner.patch(address, change)] * 4,
            ]
        )

        assert sorted([deleted.status_code, again.status_code]) == [204, 404]
        assert {response.status_code for response in changed} <= {200, 404}
        assert count(model) == 0
        assert count(AuditEntry, AuditEntry.verb == f"{kind.removesuffix('s')}.deleted") == number


def test_of_a_file_and_an_address_at_once_one_is_the_videos_and_no_file_is_left_over(owner, committing_app):
    folder = Path(committing_app.config["MEDIA_DIR"])
    before = set(folder.glob("videos/*"))
    for _ in range(5):
        address = f"/api/videos/{create_video().id}/"

        answers = race(
            [
                lambda address=address: owner.patch(
                    address, data={"platform": "file", "file": (BytesIO(MP4), "a.mp4")}
                ),
                lambda address=address: owner.patch(address, {"platform": "youtube", "source": "aqz-KE-bpKQ"}),
            ]
        )

        assert [answer.status_code for answer in answers] == [200, 200]
    db.session.rollback()
    videos = db.session.scalars(select(Video)).all()
    assert all(is_stored(video.source) == (video.platform == "file") for video in videos)
    assert {folder / video.source for video in videos if video.platform == "file"} == (
        set(folder.glob("videos/*")) - before
    )


def test_a_lecture_is_bought_or_deleted_and_never_both(owner, committing_app):
    for _ in range(5):
        lecture, student = create_lecture(price=0), create_student()
        create_enrollment(student, lecture.topic.course)
        lecture_id, client = lecture.id, Api(committing_app, student.user)

        bought, deleted = race(
            [
                lambda client=client, number=lecture_id: client.post("/api/purchases/", {"lecture": number}),
                lambda number=lecture_id: owner.delete(f"/api/lectures/{number}/"),
            ]
        )

        assert bought.status_code in (201, 400)
        is_bought = bought.status_code == 201
        assert deleted.status_code == (400 if is_bought else 204)
        assert (
            count(Lecture, Lecture.id == lecture_id) == count(Purchase, Purchase.lecture_id == lecture_id) == is_bought
        )


def test_asking_for_a_course_that_is_deleted_meanwhile_is_asking_for_none(committing_app, monkeypatch):
    course_id, student = create_course().id, create_student()
    ask = enrollments.request_place

    def delete_first(student_id, asked):
        with db.engine.begin() as connection:
            connection.execute(delete(Course).where(Course.id == asked))
        return ask(student_id, asked)

    monkeypatch.setattr(enrollments, "request_place", delete_first)

    response = Api(committing_app).as_(student).post("/api/enrollments/", {"course": course_id})

    assert response.status_code == 400
    assert response.json == {"course": [f'Invalid pk "{course_id}" - object does not exist.']}
