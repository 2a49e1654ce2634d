"""Topics: listing, adding, changing and deleting them."""

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import Lecture, StudyMaterial, Topic, Video, VideoProgress
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_course,
    create_lecture,
    create_material,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
    create_video,
)

NOT_FOUND = {"detail": "Not found."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}


@pytest.fixture
def course(app):
    return create_course()


@pytest.fixture
def teacher(api, course):
    return api.as_(course.teacher)


def shown(topic, **values):
    return {
        "id": topic.id,
        "course": topic.course_id,
        "name": topic.name,
        "description": topic.description,
        "order": topic.order,
        "is_active": topic.is_active,
        "lecture_count": 0,
        "created_at": iso_z(topic.created_at),
    } | values


def test_a_teacher_adds_a_topic_as_the_last_one(teacher, course):
    create_topic(course, order=4)

    response = teacher.post("/api/topics/", {"course": course.id, "name": " الباب الأول "})

    topic = db.session.get(Topic, response.json["id"])
    assert (response.status_code, response.json) == (201, shown(topic))
    assert (topic.name, topic.description, topic.order, topic.is_active) == ("الباب الأول", None, 5, True)


def test_the_first_topic_of_a_course_is_number_one(teacher, course):
    create_topic()

    assert teacher.post("/api/topics/", {"course": course.id, "name": "أ"}).json["order"] == 1


def test_a_topic_is_added_with_all_its_values(api, course):
    owner = api.as_(create_site_owner())

    response = owner.post(
        "/api/topics/", {"course": course.id, "name": "أ", "description": "ب", "order": 9, "is_active": False}
    )

    topic = db.session.get(Topic, response.json["id"])
    assert (response.status_code, response.json) == (201, shown(topic))
    assert (topic.description, topic.order, topic.is_active) == ("ب", 9, False)


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": "x" * 256}, {"name": ["Ensure this field has no more than 255 characters."]}),
        ({"course": None}, {"course": ["This field may not be null."]}),
        ({"course": "x"}, {"course": ["A valid integer is required."]}),
        ({"course": 987654}, {"course": ['Invalid pk "987654" - object does not exist.']}),
        ({"course": 2**63}, {"course": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"order": -1}, {"order": ["Ensure this value is greater than or equal to 0."]}),
        ({"order": "1" * 999}, {"order": ["Ensure this value is less than or equal to 1000000."]}),
        ({"order": 2**31}, {"order": ["Ensure this value is less than or equal to 1000000."]}),
        ({"order": 1.5}, {"order": ["A valid integer is required."]}),
        ({"description": {}}, {"description": ["Not a valid string."]}),
        ({"is_active": None}, {"is_active": ["This field may not be null."]}),
    ],
)
def test_bad_values_are_refused_and_nothing_is_written(teacher, course, values, messages):
    response = teacher.post("/api/topics/", {"course": course.id, "name": "أ"} | values)

    assert (response.status_code, response.json) == (400, messages)
    assert db.session.scalar(select(func.count()).select_from(Topic)) == 0


def test_course_and_name_are_required(teacher):
    response = teacher.post("/api/topics/", {})

    required = ["This field is required."]
    assert (response.status_code, response.json) == (400, {"course": required, "name": required})


def test_a_topic_cannot_be_added_to_another_teachers_course(teacher):
    other = create_course()

    response = teacher.post("/api/topics/", {"course": other.id, "name": "أ"})

    assert response.status_code == 400
    assert response.json == {"course": [f'Invalid pk "{other.id}" - object does not exist.']}


def test_the_list_shows_own_topics_in_their_order(api, course):
    second, first = create_topic(course, order=2), create_topic(course, order=1, is_active=False)
    create_lecture(topic=second, is_active=False)
    other = create_topic(create_course(course.teacher))
    create_topic()

    for person in (course.teacher, create_assistant(course.teacher)):
        response = api.as_(person).get("/api/topics/")

        assert response.status_code == 200
        assert response.json == {
            "count": 3,
            "next": None,
            "previous": None,
            "results": [shown(first), shown(second, lecture_count=1), shown(other)],
        }


def test_the_list_is_narrowed_to_a_course(teacher, course):
    topic = create_topic(course)
    create_topic(create_course(course.teacher))
    foreign = create_topic()

    assert teacher.get(f"/api/topics/?course={course.id}").json["results"] == [shown(topic)]
    assert teacher.get(f"/api/topics/?course={foreign.course_id}").json["results"] == []


def test_a_course_that_is_no_number_is_a_bad_query(teacher):
    response = teacher.get("/api/topics/?course=x")

    assert (response.status_code, response.json) == (400, {"course": ["A valid integer is required."]})


def test_the_list_takes_two_statements_however_many_topics_there_are(teacher, course):
    counts = []
    for _ in range(2):
        create_lecture(topic=create_topic(course))
        create_topic(course)
        with counted_statements() as statements:
            teacher.get("/api/topics/")
        counts.append(len(statements))

    assert counts == [2, 2]


def test_a_topic_takes_two_statements(teacher, course):
    topic = create_topic(course)

    with counted_statements() as statements:
        response = teacher.get(f"/api/topics/{topic.id}/")

    assert (response.status_code, response.json) == (200, shown(topic))
    assert len(statements) == 2


def test_a_topic_is_changed(teacher, course):
    topic = create_topic(course)

    response = teacher.patch(
        f"/api/topics/{topic.id}/",
        {"course": course.id, "name": "ج", "description": "د", "order": 7, "is_active": False, "id": 1},
    )

    db.session.expire_all()
    assert (response.status_code, response.json) == (200, shown(topic))
    assert (topic.name, topic.description, topic.order, topic.is_active) == ("ج", "د", 7, False)


def test_a_topic_stays_in_its_course(teacher, course):
    topic = create_topic(course)
    other = create_course(course.teacher)

    response = teacher.patch(f"/api/topics/{topic.id}/", {"name": "ج", "course": other.id})

    assert response.status_code == 400
    assert response.json == {"course": [f'Invalid pk "{other.id}" - object does not exist.']}


def test_an_unused_topic_goes_with_its_lectures_videos_and_materials(teacher, course):
    kept = create_video(create_lecture(course))
    video = create_video(create_lecture(course))
    create_material(video.lecture)

    response = teacher.delete(f"/api/topics/{video.lecture.topic_id}/")

    assert (response.status_code, response.data) == (204, b"")
    assert db.session.scalars(select(Video.id)).all() == [kept.id]
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (Topic, Lecture, StudyMaterial)]
    assert counts == [1, 1, 0]


def test_a_topic_with_a_bought_lecture_stays(teacher, course):
    lecture = create_lecture(course)
    create_video(lecture)
    create_purchase(create_student(), lecture)

    response = teacher.delete(f"/api/topics/{lecture.topic_id}/")

    assert (response.status_code, response.json) == (400, {"detail": "Cannot delete a topic that has purchases."})
    assert db.session.scalar(select(func.count()).select_from(Video)) == 1


def test_a_topic_with_a_watched_video_stays(teacher, course):
    video = create_video(create_lecture(course))
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

    response = teacher.delete(f"/api/topics/{video.lecture.topic_id}/")

    assert (response.status_code, response.json) == (400, {"detail": "Cannot delete a topic that has watch progress."})


def test_other_teachers_topics_are_not_found(api, course):
    topic = create_topic(course)
    stranger = api.as_(create_teacher())

    responses = [
        stranger.get(f"/api/topics/{topic.id}/"),
        stranger.patch(f"/api/topics/{topic.id}/", {"name": None}),
        stranger.delete(f"/api/topics/{topic.id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(404, NOT_FOUND)] * 3


def test_assistants_only_read_topics(api, course):
    topic = create_topic(course)
    assistant = api.as_(create_assistant(course.teacher))

    assert assistant.get(f"/api/topics/{topic.id}/").json == shown(topic)
    refused = [
        assistant.post("/api/topics/", {"course": course.id, "name": "x"}),
        assistant.patch(f"/api/topics/{topic.id}/", {"name": "x"}),
        assistant.delete(f"/api/topics/{topic.id}/"),
    ]
    assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3


def test_students_see_no_topics(api, course):
    topic = create_topic(course)
    student = api.as_(create_student())

    responses = [student.get("/api/topics/"), student.get(f"/api/topics/{topic.id}/")]

    assert [(response.status_code, response.json) for response in responses] == [(403, FORBIDDEN)] * 2


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"order": -1}, {"order": ["Ensure this value is greater than or equal to 0."]}),
        ({"is_active": "perhaps"}, {"is_active": ["Must be a valid boolean."]}),
        ({"course": None}, {"course": ["This field may not be null."]}),
        ({"course": "x"}, {"course": ["A valid integer is required."]}),
    ],
)
def test_a_bad_change_is_refused_whole(teacher, course, values, messages):
    topic = create_topic(course)
    before = teacher.get(f"/api/topics/{topic.id}/").json

    response = teacher.patch(f"/api/topics/{topic.id}/", {"description": "جديد"} | values)

    assert (response.status_code, response.json) == (400, messages)
    assert teacher.get(f"/api/topics/{topic.id}/").json == before
