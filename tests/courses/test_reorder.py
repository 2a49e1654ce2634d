"""Putting a course in order."""

import pytest

from edutrack.core.extensions import db
from edutrack.courses.models import Lecture, Topic, Video
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_course,
    create_lecture,
    create_site_owner,
    create_teacher,
    create_topic,
    create_video,
)


@pytest.fixture
def course(app):
    return create_course()


@pytest.fixture
def teacher(api, course):
    return api.as_(course.teacher)


def path(course):
    return f"/api/courses/{course.id}/reorder/"


def unknown(number):
    return [f'Invalid pk "{number}" - object does not exist.']


def order_of(model, parent):
    """The ids below a parent, in the order in which lists show them, and the numbers they have."""
    db.session.expire_all()
    rows = db.session.query(model).filter(parent).order_by(model.order, model.id).all()
    return [row.id for row in rows], [row.order for row in rows]


def test_topics_lectures_and_videos_take_the_order_in_which_they_are_named(teacher, course):
    first, second = create_topic(course, order=1), create_topic(course, order=2)
    one, two, three = (create_lecture(topic=second, order=order) for order in (1, 2, 3))
    left, right = create_video(two, order=1), create_video(two, order=2)

    response = teacher.post(
        path(course),
        {
            "topics": [
                {
                    "id": second.id,
                    "lectures": [{"id": three.id}, {"id": two.id, "videos": [right.id, left.id]}, {"id": one.id}],
                },
                {"id": first.id},
            ]
        },
    )

    assert (response.status_code, response.json) == (200, {"message": "Course reordered successfully."})
    assert order_of(Topic, Topic.course_id == course.id) == ([second.id, first.id], [1, 2])
    assert order_of(Lecture, Lecture.topic_id == second.id) == ([three.id, two.id, one.id], [1, 2, 3])
    assert order_of(Video, Video.lecture_id == two.id) == ([right.id, left.id], [1, 2])


def test_what_is_not_named_follows_in_the_order_it_had(teacher, course):
    topics = [create_topic(course, order=order) for order in (1, 2, 3)]
    lecture = create_lecture(topic=topics[0], order=9)

    teacher.post(path(course), {"topics": [{"id": topics[2].id}]})

    assert order_of(Topic, Topic.course_id == course.id)[0] == [topics[2].id, topics[0].id, topics[1].id]
    assert order_of(Lecture, Lecture.id == lecture.id) == ([lecture.id], [9])


@pytest.mark.parametrize("body", [{}, {"topics": []}])
def test_naming_nothing_changes_nothing(teacher, course, body):
    create_topic(course, order=5)

    response = teacher.post(path(course), body)

    assert response.status_code == 200
    assert order_of(Topic, Topic.course_id == course.id)[1] == [5]


def test_what_is_not_where_the_body_says_is_refused_and_nothing_changes(teacher, course):
    first, second = create_topic(course, order=1), create_topic(course, order=2)
    lecture, elsewhere = create_lecture(topic=first), create_lecture(topic=second)
    video = create_video(elsewhere)
    foreign = create_topic()

    response = teacher.post(
        path(course),
        {
            "topics": [
                {"id": second.id},
                {
                    "id": first.id,
                    "lectures": [{"id": lecture.id, "videos": [video.id]}, {"id": elsewhere.id}],
                },
                {"id": foreign.id},
                {"id": second.id},
            ]
        },
    )

    assert response.status_code == 400
    assert response.json == {
        "topics": [
            {},
            {"lectures": [{"videos": unknown(video.id)}, {"id": unknown(elsewhere.id)}]},
            {"id": unknown(foreign.id)},
            {"id": ["This item is named more than once."]},
        ]
    }
    assert order_of(Topic, Topic.course_id == course.id)[0] == [first.id, second.id]


@pytest.mark.parametrize(
    ("topics", "messages"),
    [
        ("x", ['Expected a list of items but got type "str".']),
        ([{}], [{"id": ["This field is required."]}]),
        ([{"id": "x"}], [{"id": ["A valid integer is required."]}]),
        ([{"id": 2**63}], [{"id": unknown(2**63)}]),
        ([{"id": 1, "lectures": 5}], [{"lectures": ['Expected a list of items but got type "int".']}]),
        (
            [{"id": 1, "lectures": [{"id": 1, "videos": ["x"]}]}],
            [{"lectures": [{"videos": ["A valid integer is required."]}]}],
        ),
        ([5], [{"non_field_errors": ["Invalid data. Expected a dictionary."]}]),
    ],
)
def test_a_malformed_order_is_refused(teacher, course, topics, messages):
    response = teacher.post(path(course), {"topics": topics})

    assert (response.status_code, response.json) == (400, {"topics": messages})


def test_the_statements_do_not_grow_with_what_is_put_in_order(teacher, course):
    counts = []
    body = {"topics": []}
    for _ in range(2):
        video = create_video(create_lecture(course))
        body["topics"].append(
            {"id": video.lecture.topic_id, "lectures": [{"id": video.lecture_id, "videos": [video.id]}]}
        )
        with counted_statements() as statements:
            assert teacher.post(path(course), body).status_code == 200
        counts.append(len(statements))

    # The course, its lock, three reads to check places, three updates.
    assert counts == [8, 8]


def test_teacher_and_owner_reorder_and_nobody_else(api, course):
    people = [course.teacher, create_site_owner(), create_assistant(course.teacher), create_teacher()]

    statuses = [api.as_(person).post(path(course), {}).status_code for person in people]

    assert statuses == [200, 200, 403, 404]
