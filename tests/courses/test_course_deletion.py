"""Deleting courses: what nobody uses goes with all that is in it, everything else stays."""

import pytest
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, StudyMaterial, Topic, Video
from edutrack.wallet.models import CourseBalance, RechargeBatch
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_material,
    create_purchase,
    create_site_owner,
    create_student,
    create_video,
)


@pytest.fixture
def owner(api):
    return api.as_(create_site_owner())


def test_an_unused_course_is_deleted_with_all_that_is_in_it(owner):
    kept = create_video()
    video = create_video()
    create_material(video.lecture)

    response = owner.delete(f"/api/courses/{video.lecture.course_id}/")

    assert (response.status_code, response.data) == (204, b"")
    left = {model: db.session.scalar(select(func.count()).select_from(model)) for model in (Course, Topic, Lecture)}
    assert left == {Course: 1, Topic: 1, Lecture: 1}
    assert db.session.scalars(select(Video.id)).all() == [kept.id]
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 0


def create_batch(course, owner):
    db.session.add(RechargeBatch(course=course, value=10, quantity=1, created_by_id=owner.user.id))
    db.session.commit()


@pytest.mark.parametrize("status", ["pending", "approved", "rejected"])
def test_a_course_with_students_stays(owner, status):
    video = create_video()
    course = video.lecture.topic.course
    create_enrollment(create_student(), course, status)

    response = owner.delete(f"/api/courses/{course.id}/")

    assert response.status_code == 400
    assert response.json == {"detail": "Cannot delete a course that has students enrolled in it."}
    assert db.session.scalar(select(func.count()).select_from(Video)) == 1


def test_students_are_the_reason_that_is_named_where_there_are_several(owner):
    lecture = create_lecture()
    course, student = lecture.topic.course, create_student()
    create_enrollment(student, course)
    create_purchase(student, lecture)
    create_batch(course, owner)

    response = owner.delete(f"/api/courses/{course.id}/")

    assert response.json == {"detail": "Cannot delete a course that has students enrolled in it."}


def test_a_course_with_recharge_codes_stays(owner):
    course = create_course()
    create_batch(course, owner)

    response = owner.delete(f"/api/courses/{course.id}/")

    assert response.status_code == 400
    assert response.json == {"detail": "Cannot delete a course that has recharge codes."}


def test_a_course_with_purchases_stays(owner):
    lecture = create_lecture()
    create_purchase(create_student(), lecture)

    response = owner.delete(f"/api/courses/{lecture.course_id}/")

    assert response.status_code == 400
    assert response.json == {"detail": "Cannot delete a course that has purchases."}


def test_a_course_in_which_a_student_holds_money_stays(owner):
    course = create_course()
    db.session.add(CourseBalance(student=create_student(), course=course, balance=0, updated_at=clock.now()))
    db.session.commit()

    response = owner.delete(f"/api/courses/{course.id}/")

    assert response.status_code == 400
    assert response.json == {"detail": "Cannot delete a course that has balances."}


def test_a_deletion_is_audited_and_a_refused_one_is_not(owner):
    gone, kept = create_course(), create_course()
    create_batch(kept, owner)
    gone_id, name = gone.id, gone.name

    for course_id in (gone_id, kept.id):
        owner.delete(f"/api/courses/{course_id}/")

    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.target_type == "courses")).one()
    assert (entry.verb, entry.target_id, entry.actor_id) == ("course.deleted", gone_id, owner.user.id)
    assert entry.details == {"name": name}
