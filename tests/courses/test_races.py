"""Enrolments, access windows and progress under many clients at once, on real commits; and without each guard.

Every race has a broken twin: the guarded statement is replaced by the read-then-write that it must not be, and the test
demands that the race then does happen. A twin that stays clean would mean that the race test proves nothing.
"""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, func, select, text, update

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import Enrollment, Purchase, Reopening, VideoProgress
from edutrack.courses.service import enrollments, progress, purchases
from tests.api import Api
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_video,
)
from tests.racing import answers, race

pytestmark = pytest.mark.concurrency
CLIENTS = 30
#: Long enough for every other client to have read what this one is about to change.
PAUSE = 0.3


@pytest.fixture
def api(committing_app):
    return Api(committing_app)


def now_stored(statement):
    """Return what the statement finds in a transaction that begins now."""
    db.session.rollback()
    return db.session.scalars(statement.execution_options(populate_existing=True)).all()


class TestOnePlace:
    def enroll(self, api, student, course):
        client = api.as_(student)
        return race([lambda: client.post("/api/enrollments/", {"course": course.id})] * CLIENTS)

    @pytest.mark.parametrize("before", [None, "rejected"])
    def test_a_student_who_asks_thirty_times_at_once_has_one_enrollment(self, api, before):
        student, course = create_student(), create_course()
        if before:
            create_enrollment(student, course, before)

        responses = self.enroll(api, student, course)

        assert answers(responses) == {
            (201, None): 1,
            (400, "You are already enrolled or have a pending request for this course."): CLIENTS - 1,
        }
        (enrollment,) = now_stored(select(Enrollment))
        assert enrollment.status == "pending"

    def test_without_the_upsert_there_is_more_than_one(self, api, monkeypatch):
        def read_then_write(student_id, course_id):
            standing = select(Enrollment.id).filter_by(student_id=student_id, course_id=course_id)
            if db.session.scalar(standing) is not None:
                return None
            time.sleep(PAUSE)
            enrollment = Enrollment(student_id=student_id, course_id=course_id)
            db.session.add(enrollment)
            db.session.flush()
            return enrollment.id

        monkeypatch.setattr(enrollments, "request_place", read_then_write)
        db.session.execute(text("ALTER TABLE enrollments DROP CONSTRAINT uq_enrollments_student_id_course_id"))
        db.session.commit()

        self.enroll(api, create_student(), create_course())

        assert len(now_stored(select(Enrollment))) > 1


class TestAnswerAgainstCancelling:
    PAIRS = 10

    def answer_and_cancel(self, api):
        """Race one approval against one cancelling for each of ten requests; return both statuses of each."""
        course = create_course()
        waiting = [create_enrollment(create_student(), course, "pending") for _ in range(self.PAIRS)]
        teacher = api.as_(course.teacher)
        calls = []
        for enrollment in waiting:
            student, path = api.as_(enrollment.student), f"/api/enrollments/{enrollment.id}/"
            calls += [
                lambda path=path: teacher.post(f"{path}approve/"),
                lambda path=path, student=student: student.delete(path),
            ]
        statuses = [response.status_code for response in race(calls)]
        return list(zip(statuses[::2], statuses[1::2], strict=True))

    def test_exactly_one_of_both_happens(self, api):
        outcomes = self.answer_and_cancel(api)

        assert set(outcomes) <= {(200, 400), (404, 200)}
        left = now_stored(select(Enrollment.status))
        assert left == ["approved"] * outcomes.count((200, 400))

    def test_without_the_conditional_delete_an_approved_student_is_gone(self, api, monkeypatch):
        def read_then_write(student_id, enrollment_id):
            standing = select(Enrollment.status).filter_by(id=enrollment_id, student_id=student_id)
            if db.session.scalar(standing) != "pending":
                return False
            time.sleep(PAUSE)
            db.session.execute(delete(Enrollment).where(Enrollment.id == enrollment_id))
            return True

        monkeypatch.setattr(enrollments, "delete_pending", read_then_write)

        assert (200, 200) in self.answer_and_cancel(api)


class TestReopening:
    def reopen(self, api):
        """Reopen one purchase thirty times at once by a day each; return it as it is before that."""
        purchase = create_purchase(create_student(), create_lecture())
        before = (purchase.id, purchase.expires_at)
        owner = api.as_(create_site_owner())
        path = f"/api/purchases/{purchase.id}/reopen/"
        responses = race([lambda: owner.post(path, {"extra_days": 1})] * CLIENTS)
        assert answers(responses) == {(200, None): CLIENTS}
        return before

    def test_all_of_them_add_up(self, api):
        purchase_id, expires_at = self.reopen(api)

        (purchase,) = now_stored(select(Purchase).where(Purchase.id == purchase_id))
        assert purchase.extra_days == CLIENTS
        assert purchase.effective_expiry == expires_at + timedelta(days=CLIENTS)
        ends = now_stored(select(Reopening.new_expiry).order_by(Reopening.new_expiry))
        assert ends == [expires_at + timedelta(days=number) for number in range(1, CLIENTS + 1)]

    def test_without_the_one_update_days_are_lost(self, api, monkeypatch):
        def read_then_write(purchase_id, extra_days):
            columns = select(Purchase.effective_expiry, Purchase.extra_days).where(Purchase.id == purchase_id)
            end, days = db.session.execute(columns).one()
            time.sleep(PAUSE)
            return db.session.scalar(
                update(Purchase)
                .where(Purchase.id == purchase_id)
                .values(effective_expiry=end + clock.days(extra_days), extra_days=days + extra_days)
                .returning(Purchase)
            )

        monkeypatch.setattr(purchases, "extend_window", read_then_write)

        purchase_id, _ = self.reopen(api)

        (purchase,) = now_stored(select(Purchase).where(Purchase.id == purchase_id))
        assert purchase.extra_days < CLIENTS
        assert db.session.scalar(select(func.count(Reopening.id))) == CLIENTS


class TestHeartbeats:
    def beat(self, api):
        """Send thirty heartbeats at once, the furthest of them first; return what then stands."""
        video, student = create_video(create_lecture()), create_student()
        create_purchase(student, video.lecture)
        client = api.as_(student)
        client.post("/api/progress/", {"video": video.id, "progress_seconds": 0})
        bodies = [{"video": video.id, "progress_seconds": 500 - 10 * number} for number in range(CLIENTS)]
        responses = race([lambda body=body: client.post("/api/progress/", body) for body in bodies])
        assert answers(responses) == {(200, None): CLIENTS}
        (stored,) = now_stored(select(VideoProgress))
        return stored

    def test_the_furthest_stands_and_each_is_counted(self, api):
        stored = self.beat(api)

        assert (stored.progress_seconds, stored.watch_count) == (500, CLIENTS + 1)

    def test_the_first_ones_of_a_video_do_not_collide(self, api):
        video, student = create_video(create_lecture()), create_student()
        create_purchase(student, video.lecture)
        client = api.as_(student)
        body = {"video": video.id, "progress_seconds": 7}

        responses = race([lambda: client.post("/api/progress/", body)] * CLIENTS)

        assert answers(responses) == {(200, None): CLIENTS}
        (stored,) = now_stored(select(VideoProgress))
        assert (stored.progress_seconds, stored.watch_count) == (7, CLIENTS)

    def test_without_the_upsert_heartbeats_are_lost(self, api, monkeypatch):
        write_progress = progress.write_progress

        def read_then_write(student_id, video_id, progress_seconds, duration, platform_data):
            columns = select(VideoProgress).filter_by(student_id=student_id, video_id=video_id)
            standing = db.session.scalar(columns)
            if standing is None:
                return write_progress(student_id, video_id, progress_seconds, duration, platform_data)
            time.sleep(PAUSE)
            standing.progress_seconds = max(standing.progress_seconds, progress_seconds)
            standing.watch_count = standing.watch_count + 1
            db.session.flush()
            names = VideoProgress.__table__.columns.keys()
            values = {name.removesuffix("_id"): getattr(standing, name) for name in names}
            return SimpleNamespace(**values)

        monkeypatch.setattr(progress, "write_progress", read_then_write)

        stored = self.beat(api)

        assert stored.watch_count < CLIENTS + 1
