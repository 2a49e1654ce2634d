"""Lectures: what they cost, where they stand, and when they may go."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import Lecture, StudyMaterial, Video
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
DISCOUNT_TOO_HIGH = {"discount": ["The discount cannot be higher than the price."]}


@pytest.fixture
def topic(app):
    return create_topic()


@pytest.fixture
def teacher(api, topic):
    return api.as_(topic.course.teacher)


def body(topic, **values):
    return {"topic": topic.id, "name": "المحاضرة", "price": "150.00", "available_days": 7} | values


def shown(lecture, **values):
    topic = lecture.topic
    return {
        "id": lecture.id,
        "topic": topic.id,
        "topic_name": topic.name,
        "course": topic.course_id,
        "course_name": topic.course.name,
        "name": lecture.name,
        "description": lecture.description,
        "price": f"{lecture.price:.2f}",
        "discount": f"{lecture.discount:.2f}",
        "final_price": f"{lecture.price - lecture.discount:.2f}",
        "available_days": lecture.available_days,
        "order": lecture.order,
        "is_active": lecture.is_active,
        "video_count": 0,
        "created_at": iso_z(lecture.created_at),
    } | values


def test_a_teacher_adds_a_lecture_as_the_last_one(teacher, topic):
    create_lecture(topic=topic, order=3)

    response = teacher.post("/api/lectures/", body(topic))

    lecture = db.session.get(Lecture, response.json["id"])
    assert (response.status_code, response.json) == (201, shown(lecture))
    assert (lecture.price, lecture.discount, lecture.order, lecture.is_active) == (Decimal(150), Decimal(0), 4, True)
    assert lecture.course_id == topic.course_id


def test_a_lecture_is_added_with_all_its_values(api, topic):
    owner = api.as_(create_site_owner())

    response = owner.post(
        "/api/lectures/",
        body(topic, price=150, discount="٥٠.٥", description="و", order=8, is_active=False)
        | {"final_price": "1.00", "course": 1},
    )

    lecture = db.session.get(Lecture, response.json["id"])
    assert (response.status_code, response.json) == (201, shown(lecture, final_price="99.50", discount="50.50"))
    assert (lecture.description, lecture.order, lecture.is_active) == ("و", 8, False)


def test_a_lecture_may_be_free(teacher, topic):
    response = teacher.post("/api/lectures/", body(topic, price="100", discount="100"))

    assert (response.status_code, response.json["final_price"]) == (201, "0.00")


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"topic": 987654}, {"topic": ['Invalid pk "987654" - object does not exist.']}),
        ({"topic": 2**63}, {"topic": [f'Invalid pk "{2**63}" - object does not exist.']}),
        ({"name": "a\0"}, {"name": ["Null characters are not allowed."]}),
        ({"price": "x"}, {"price": ["A valid number is required."]}),
        ({"price": "NaN"}, {"price": ["A valid number is required."]}),
        ({"price": -1}, {"price": ["Ensure this value is greater than or equal to 0."]}),
        ({"price": "1.005"}, {"price": ["Ensure that there are no more than 2 decimal places."]}),
        (
            {"price": "12345678901"},
            {"price": ["Ensure that there are no more than 10 digits before the decimal point."]},
        ),
        ({"discount": "150.01"}, DISCOUNT_TOO_HIGH),
        ({"discount": -1}, {"discount": ["Ensure this value is greater than or equal to 0."]}),
        ({"available_days": 0}, {"available_days": ["Ensure this value is greater than or equal to 1."]}),
        ({"available_days": 3661}, {"available_days": ["Ensure this value is less than or equal to 3660."]}),
        ({"available_days": None}, {"available_days": ["This field may not be null."]}),
        ({"order": "x"}, {"order": ["A valid integer is required."]}),
    ],
)
def test_bad_values_are_refused_and_nothing_is_written(teacher, topic, values, messages):
    response = teacher.post("/api/lectures/", body(topic) | values)

    assert (response.status_code, response.json) == (400, messages)
    assert db.session.scalar(select(func.count()).select_from(Lecture)) == 0


def test_topic_name_price_and_days_are_required(teacher):
    response = teacher.post("/api/lectures/", {})

    required = ["This field is required."]
    assert response.status_code == 400
    assert response.json == {"topic": required, "name": required, "price": required, "available_days": required}


def test_a_lecture_cannot_be_added_to_another_teachers_topic(teacher):
    other = create_topic()

    response = teacher.post("/api/lectures/", body(other))

    assert response.status_code == 400
    assert response.json == {"topic": [f'Invalid pk "{other.id}" - object does not exist.']}


def test_the_list_shows_own_lectures_by_topic_in_their_order(api, topic):
    later_topic = create_topic(topic.course, order=2)
    third = create_lecture(topic=later_topic)
    second, first = create_lecture(topic=topic, order=2), create_lecture(topic=topic, order=1, is_active=False)
    create_video(first, is_active=False)
    create_lecture()

    for person in (topic.course.teacher, create_assistant(topic.course.teacher)):
        response = api.as_(person).get("/api/lectures/")

        assert response.status_code == 200
        assert response.json == {
            "count": 3,
            "next": None,
            "previous": None,
            "results": [shown(first, video_count=1), shown(second), shown(third)],
        }


def test_the_list_is_narrowed_to_a_course_or_a_topic(teacher, topic):
    lecture = create_lecture(topic=topic)
    sibling = create_lecture(topic=create_topic(topic.course, order=2))
    create_lecture(create_course(topic.course.teacher))

    of_topic = teacher.get(f"/api/lectures/?topic={topic.id}").json["results"]
    of_course = teacher.get(f"/api/lectures/?course={topic.course_id}").json["results"]

    assert of_topic == [shown(lecture)]
    assert of_course == [shown(lecture), shown(sibling)]


def test_the_list_takes_two_statements_however_many_lectures_there_are(teacher, topic):
    counts = []
    for _ in range(2):
        create_video(create_lecture(topic=topic))
        create_lecture(topic=topic)
        with counted_statements() as statements:
            teacher.get("/api/lectures/")
        counts.append(len(statements))

    assert counts == [2, 2]


def test_a_lecture_takes_two_statements(teacher, topic):
    lecture = create_lecture(topic=topic)

    with counted_statements() as statements:
        response = teacher.get(f"/api/lectures/{lecture.id}/")

    assert (response.status_code, response.json) == (200, shown(lecture))
    assert len(statements) == 2


def test_a_lecture_is_changed(teacher, topic):
    lecture = create_lecture(topic=topic)

    response = teacher.patch(
        f"/api/lectures/{lecture.id}/",
        {"name": "ج", "price": "80", "discount": "30", "available_days": 30, "order": 5, "is_active": False},
    )

    db.session.expire_all()
    assert (response.status_code, response.json) == (200, shown(lecture))
    assert (lecture.name, lecture.final_price, lecture.available_days) == ("ج", Decimal("50.00"), 30)


def test_lowering_the_price_below_the_discount_is_refused(teacher, topic):
    lecture = create_lecture(topic=topic, price=Decimal(100), discount=Decimal(40))

    response = teacher.patch(f"/api/lectures/{lecture.id}/", {"price": "39.99"})

    assert (response.status_code, response.json) == (400, DISCOUNT_TOO_HIGH)
    db.session.expire_all()
    assert lecture.price == Decimal(100)


def test_a_change_of_price_or_days_leaves_purchases_as_they_were(teacher, topic):
    lecture = create_lecture(topic=topic, available_days=7)
    purchase = create_purchase(create_student(), lecture, amount_paid=Decimal("100.00"))
    promised = purchase.purchased_at + timedelta(days=7)

    teacher.patch(f"/api/lectures/{lecture.id}/", {"price": "500", "available_days": 1})

    db.session.expire_all()
    assert (purchase.amount_paid, purchase.effective_expiry) == (Decimal("100.00"), promised)


def test_a_lecture_moves_to_another_topic_of_its_course_as_the_last_one(teacher, topic):
    lecture = create_lecture(topic=topic)
    other = create_topic(topic.course)
    create_lecture(topic=other, order=6)

    response = teacher.patch(f"/api/lectures/{lecture.id}/", {"topic": other.id})

    db.session.expire_all()
    assert (response.status_code, response.json) == (200, shown(lecture, topic=other.id, topic_name=other.name))
    assert lecture.order == 7


def test_a_lecture_does_not_move_to_another_course(teacher, topic):
    lecture = create_lecture(topic=topic)
    other = create_topic(create_course(topic.course.teacher))

    response = teacher.patch(f"/api/lectures/{lecture.id}/", {"topic": other.id})

    assert response.status_code == 400
    assert response.json == {"topic": [f'Invalid pk "{other.id}" - object does not exist.']}


def test_an_unused_lecture_goes_with_its_videos_and_materials(teacher, topic):
    lecture = create_lecture(topic=topic)
    create_video(lecture)
    create_material(lecture)
    kept = create_lecture(topic=topic)

    response = teacher.delete(f"/api/lectures/{lecture.id}/")

    assert (response.status_code, response.data) == (204, b"")
    assert db.session.scalars(select(Lecture.id)).all() == [kept.id]
    assert [db.session.scalar(select(func.count()).select_from(model)) for model in (Video, StudyMaterial)] == [0, 0]


def test_a_bought_lecture_stays_also_when_the_purchase_is_over(teacher, topic):
    lecture = create_lecture(topic=topic)
    create_material(lecture)
    create_purchase(create_student(), lecture, purchased_at=clock.now() - timedelta(days=90))

    response = teacher.delete(f"/api/lectures/{lecture.id}/")

    assert (response.status_code, response.json) == (400, {"detail": "Cannot delete a lecture that has purchases."})
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 1


def test_other_teachers_lectures_are_not_found(api, topic):
    lecture = create_lecture(topic=topic)
    stranger = api.as_(create_teacher())

    responses = [
        stranger.get(f"/api/lectures/{lecture.id}/"),
        stranger.patch(f"/api/lectures/{lecture.id}/", {"name": None}),
        stranger.delete(f"/api/lectures/{lecture.id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(404, NOT_FOUND)] * 3


def test_assistants_only_read_lectures(api, topic):
    lecture = create_lecture(topic=topic)
    assistant = api.as_(create_assistant(topic.course.teacher))

    assert assistant.get(f"/api/lectures/{lecture.id}/").json == shown(lecture)
    refused = [
        assistant.post("/api/lectures/", body(topic)),
        assistant.patch(f"/api/lectures/{lecture.id}/", {"name": "x"}),
        assistant.delete(f"/api/lectures/{lecture.id}/"),
    ]
    assert [(response.status_code, response.json) for response in refused] == [(403, FORBIDDEN)] * 3


def test_students_see_no_lectures_here(api, topic):
    lecture = create_lecture(topic=topic)
    student = api.as_(create_student())

    responses = [student.get("/api/lectures/"), student.get(f"/api/lectures/{lecture.id}/")]

    assert [(response.status_code, response.json) for response in responses] == [(403, FORBIDDEN)] * 2


@pytest.mark.parametrize("query", ["course", "topic"])
def test_a_filter_that_is_no_number_is_a_bad_query(teacher, query):
    response = teacher.get(f"/api/lectures/?{query}=x")

    assert (response.status_code, response.json) == (400, {query: ["A valid integer is required."]})


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"price": "-0.01"}, {"price": ["Ensure this value is greater than or equal to 0."]}),
        ({"price": None}, {"price": ["This field may not be null."]}),
        ({"discount": "100.01"}, DISCOUNT_TOO_HIGH),
        ({"available_days": 0}, {"available_days": ["Ensure this value is greater than or equal to 1."]}),
        ({"order": 1.5}, {"order": ["A valid integer is required."]}),
        ({"topic": None}, {"topic": ["This field may not be null."]}),
        ({"is_active": 7}, {"is_active": ["Must be a valid boolean."]}),
    ],
)
def test_a_bad_change_is_refused_whole(teacher, topic, values, messages):
    lecture = create_lecture(topic=topic)
    before = teacher.get(f"/api/lectures/{lecture.id}/").json

    response = teacher.patch(f"/api/lectures/{lecture.id}/", {"description": "جديد"} | values)

    assert (response.status_code, response.json) == (400, messages)
    assert teacher.get(f"/api/lectures/{lecture.id}/").json == before
