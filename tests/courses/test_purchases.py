"""Purchases as access rights: who sees them, and how they are reopened."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import LONGEST_WINDOW_DAYS, Reopening
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_course,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
)

FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NOT_FOUND = {"detail": "Not found."}


def shown(purchase, **changes):
    """The documented body of a purchase that was never reopened, as the database has it."""
    db.session.refresh(purchase)
    lecture = purchase.lecture
    return {
        "id": purchase.id,
        "student": purchase.student_id,
        "lecture": lecture.id,
        "lecture_name": lecture.name,
        "topic_name": lecture.topic.name,
        "course_name": lecture.topic.course.name,
        "teacher_name": lecture.topic.course.teacher.name,
        "purchased_at": iso_z(purchase.purchased_at),
        "expires_at": iso_z(purchase.expires_at),
        "effective_expiry": iso_z(purchase.effective_expiry),
        "amount_paid": f"{purchase.amount_paid:.2f}",
        "extra_days": purchase.extra_days,
        "is_expired": False,
        "reopened_by": None,
        "reopened_by_name": None,
        "reopened_at": None,
        "reopen_logs": [],
    } | changes


def expired(student, lecture, days_ago=30):
    return create_purchase(student, lecture, purchased_at=clock.now() - timedelta(days=days_ago))


def test_a_student_sees_own_purchases_newest_first(api):
    student = create_student()
    old = expired(student, create_lecture())
    new = create_purchase(student, create_lecture(), amount_paid=Decimal("70.5"))
    create_purchase(create_student(), new.lecture)
    client = api.as_(student)

    with counted_statements() as statements:
        response = client.get("/api/purchases/mine/")

    assert response.status_code == 200
    assert response.json == [shown(new, amount_paid="70.50"), shown(old, is_expired=True)]
    assert len(statements) == 2


def test_the_last_reopening_is_named_and_all_are_logged(api):
    owner, purchase = create_site_owner(), create_purchase(create_student(), create_lecture())
    teacher = purchase.lecture.topic.course.teacher
    first = api.as_(teacher).post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 2, "note": "مرض"})
    second = api.as_(owner).post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 3})

    assert (first.status_code, second.status_code) == (200, 200)
    assert api.as_(purchase.student).get("/api/purchases/mine/").json == [second.json]
    logs = second.json["reopen_logs"]
    moments = [iso_z(moment) for moment in db.session.scalars(select(Reopening.reopened_at).order_by(Reopening.id))]
    assert second.json == shown(
        purchase,
        extra_days=5,
        reopened_by=owner.id,
        reopened_by_name=owner.username,
        reopened_at=moments[1],
        reopen_logs=[
            {"extra_days": 2, "reopened_by": teacher.name, "reopened_at": moments[0], "note": "مرض"},
            {"extra_days": 3, "reopened_by": owner.username, "reopened_at": moments[1], "note": ""},
        ],
    )
    assert purchase.effective_expiry == purchase.expires_at + timedelta(days=5)
    assert [log["extra_days"] for log in logs] == [2, 3]


def test_a_reopening_that_is_sent_twice_with_its_key_happens_once(api):
    purchase = create_purchase(create_student(), create_lecture())
    client, path = api.as_(create_site_owner()), f"/api/purchases/{purchase.id}/reopen/"

    first, again = (client.post(path, {"extra_days": 2}, headers={"Idempotency-Key": "one"}) for _ in range(2))

    assert (again.status_code, again.json, again.headers["Idempotency-Replayed"]) == (200, first.json, "true")
    assert db.session.scalars(select(Reopening.extra_days)).all() == [2]


def test_an_open_purchase_is_extended_from_its_end(api):
    purchase = create_purchase(create_student(), create_lecture())
    client = api.as_(create_site_owner())

    with counted_statements() as statements:
        response = client.post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 1})

    assert response.json["effective_expiry"] == iso_z(purchase.expires_at + timedelta(days=1))
    reopening = db.session.scalars(select(Reopening)).one()
    assert reopening.new_expiry == purchase.expires_at + timedelta(days=1)
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.target_id) == ("purchase.reopened", purchase.id)
    assert entry.details == {"extra_days": 1, "effective_expiry": response.json["effective_expiry"]}
    # In scope, the window, its log, the notification, and the answer with its relations.
    assert len(statements) == 5


def test_an_expired_purchase_counts_its_days_from_now(api):
    purchase = expired(create_student(), create_lecture())
    before = clock.now()

    response = api.as_(create_site_owner()).post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 2})

    assert response.status_code == 200
    db.session.refresh(purchase)
    assert before + timedelta(days=2) <= purchase.effective_expiry <= clock.now() + timedelta(days=2)
    assert response.json["is_expired"] is False
    assert response.json["expires_at"] == iso_z(purchase.expires_at)


def test_days_are_24_hours_whatever_the_clocks_of_the_database_do(api):
    winter = datetime(2100, 1, 15, tzinfo=UTC)
    purchase = create_purchase(create_student(), create_lecture(), expires_at=winter)
    db.session.execute(select(func.set_config("TimeZone", "Africa/Cairo", False)))
    db.session.commit()

    api.as_(create_site_owner()).post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 180})

    db.session.refresh(purchase)
    assert purchase.effective_expiry - winter == timedelta(days=180)


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, {"extra_days": ["This field is required."]}),
        ({"extra_days": 0}, {"extra_days": ["Ensure this value is greater than or equal to 1."]}),
        ({"extra_days": -5}, {"extra_days": ["Ensure this value is greater than or equal to 1."]}),
        ({"extra_days": "x"}, {"extra_days": ["A valid integer is required."]}),
        ({"extra_days": 1.5}, {"extra_days": ["A valid integer is required."]}),
        ({"extra_days": None}, {"extra_days": ["This field may not be null."]}),
        ({"extra_days": 3661}, {"extra_days": ["Ensure this value is less than or equal to 3660."]}),
        ({"extra_days": 10**30}, {"extra_days": ["Ensure this value is less than or equal to 3660."]}),
        ({"extra_days": 1, "note": "a\0"}, {"note": ["Null characters are not allowed."]}),
        ({"extra_days": 1, "note": None}, {"note": ["This field may not be null."]}),
        ({"extra_days": 1, "note": "x" * 1001}, {"note": ["Ensure this field has no more than 1000 characters."]}),
    ],
)
def test_a_bad_reopening_is_refused(api, body, messages):
    purchase = create_purchase(create_student(), create_lecture())

    response = api.as_(create_site_owner()).post(f"/api/purchases/{purchase.id}/reopen/", body)

    assert (response.status_code, response.json) == (400, messages)
    assert shown(purchase)["extra_days"] == 0


def test_all_reopenings_together_have_a_bound(api):
    purchase = create_purchase(create_student(), create_lecture())
    client, path = api.as_(create_site_owner()), f"/api/purchases/{purchase.id}/reopen/"

    assert client.post(path, {"extra_days": LONGEST_WINDOW_DAYS}).status_code == 200
    response = client.post(path, {"extra_days": 1})

    assert response.status_code == 400
    assert response.json == {"extra_days": ["A purchase can be reopened by no more than 3660 days altogether."]}
    assert shown(purchase)["extra_days"] == LONGEST_WINDOW_DAYS


def test_only_teachers_and_owners_reopen_and_only_what_is_theirs(api):
    purchase = create_purchase(create_student(), create_lecture())
    path, body = f"/api/purchases/{purchase.id}/reopen/", {"extra_days": "x"}
    teacher = purchase.lecture.topic.course.teacher

    for person in (purchase.student, create_assistant(teacher)):
        response = api.as_(person).post(path, body)
        assert (response.status_code, response.json) == (403, FORBIDDEN)
    response = api.as_(create_teacher()).post(path, body)
    assert (response.status_code, response.json) == (404, NOT_FOUND)
    response = api.as_(create_site_owner()).post(f"/api/purchases/{2**63}/reopen/", body)
    assert (response.status_code, response.json) == (404, NOT_FOUND)
    assert api.post(path, body).status_code == 401
    assert shown(purchase)["extra_days"] == 0


def test_staff_list_the_purchases_of_their_courses_in_three_statements(api):
    course = create_course()
    first, second = (create_purchase(create_student(), create_lecture(course)) for _ in range(2))
    create_purchase(create_student(), create_lecture())

    for person in (course.teacher, create_assistant(course.teacher)):
        client = api.as_(person)
        with counted_statements() as statements:
            response = client.get("/api/purchases/")
        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [shown(second), shown(first)],
        }
        assert len(statements) == 3
    owner = api.as_(create_site_owner())
    assert owner.get("/api/purchases/?all=true").json["results"][1:] == [shown(second), shown(first)]
    for purchase in (first, first, second):
        owner.post(f"/api/purchases/{purchase.id}/reopen/", {"extra_days": 1})
    with counted_statements() as statements:
        results = owner.get("/api/purchases/").json["results"]
    assert [len(result["reopen_logs"]) for result in results] == [0, 1, 2]
    assert len(statements) == 3
    response = api.as_(first.student).get("/api/purchases/")
    assert (response.status_code, response.json) == (403, FORBIDDEN)


def test_the_list_narrows_by_course_lecture_student_and_expiry(api):
    student, lecture = create_student(), create_lecture()
    open_one = create_purchase(student, lecture)
    over = expired(create_student(), lecture)
    elsewhere = create_purchase(student, create_lecture())
    client = api.as_(create_site_owner())

    def ids(**query):
        return {each["id"] for each in client.get("/api/purchases/", query_string=query).json["results"]}

    assert ids(course=lecture.course_id) == {open_one.id, over.id}
    assert ids(lecture=elsewhere.lecture_id) == {elsewhere.id}
    assert ids(student=student.id) == {open_one.id, elsewhere.id}
    assert ids(expired="true") == {over.id}
    assert ids(expired="false") == {open_one.id, elsewhere.id}
    assert ids(student=2**40) == set()


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"course": "x"}, {"course": ["A valid integer is required."]}),
        ({"lecture": "1.5"}, {"lecture": ["A valid integer is required."]}),
        ({"student": "a\0"}, {"student": ["A valid integer is required."]}),
        ({"expired": "maybe"}, {"expired": ["Must be a valid boolean."]}),
    ],
)
def test_a_bad_filter_is_refused(api, query, messages):
    response = api.as_(create_teacher()).get("/api/purchases/", query_string=query)

    assert (response.status_code, response.json) == (400, messages)
