"""Counts that triggers keep: true after every kind of change, among many at once, before and after folding."""

from decimal import Decimal

import pytest
from sqlalchemy import func, insert, select, text, update

from edutrack.accounts.models import Student, User
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.tallies import ALL_TEACHERS, Tally, fold, learners
from edutrack.courses.models import Enrollment, VideoProgress
from edutrack.owner.invariants import INVARIANTS, violations
from edutrack.quizzes.models import HomeworkSubmission, QuizSubmission
from tests.factories import (
    create_attempt,
    create_course,
    create_enrollment,
    create_homework,
    create_homework_submission,
    create_quiz,
    create_student,
    create_teacher,
    create_video,
)
from tests.racing import race

DAMAGE = {
    "tallies_are_what_there_is": "UPDATE tallies SET count = count + 1 WHERE measure = 'users'",
    "learners_are_who_is_approved": "UPDATE learners SET courses = courses + 1",
}


def tallied(measure, subject_id=0):
    """What a count is, with the sum that goes with it."""
    sums = select(func.coalesce(func.sum(Tally.count), 0), func.coalesce(func.sum(Tally.total), 0))
    return tuple(db.session.execute(sums.where(Tally.measure == measure, Tally.subject_id == subject_id)).one())


def learners_of(teacher_id):
    return db.session.scalar(learners(teacher_id))


def watch(student, video, *, is_completed):
    progress = VideoProgress(
        student=student,
        video=video,
        progress_seconds=1,
        progress_percentage=Decimal(0),
        is_completed=is_completed,
        watch_count=1,
        last_watched_at=clock.now(),
    )
    db.session.add(progress)
    db.session.commit()
    return progress


@pytest.mark.usefixtures("app")
class TestEveryKindOfChange:
    def test_users_and_students(self):
        student = create_student(status="pending")
        db.session.execute(update(Student).where(Student.id == student.id).values(status="verified"))
        db.session.execute(update(User).where(User.id == student.user_id).values(is_active=False))

        assert violations() == {}

    def test_a_student_of_two_courses_of_one_teacher_learns_once(self):
        student, teacher = create_student(), create_teacher()
        for course in (create_course(teacher=teacher), create_course(teacher=teacher), create_course()):
            create_enrollment(student, course)

        assert (learners_of(teacher.id), learners_of(ALL_TEACHERS)) == (1, 1)
        assert violations() == {}

    def test_an_enrolment_counts_while_it_is_approved(self):
        course = create_course()
        enrolment = create_enrollment(create_student(), course, status="pending")
        counts = [learners_of(course.teacher_id)]
        for status in ("approved", "rejected", "approved"):
            enrolment.status, enrolment.responded_at = status, clock.now()
            db.session.commit()
            counts.append(learners_of(course.teacher_id))
        db.session.delete(enrolment)
        db.session.commit()

        assert [*counts, learners_of(course.teacher_id)] == [0, 1, 0, 1, 0]
        assert violations() == {}

    def test_many_enrolments_in_one_statement(self):
        course = create_course()
        for _ in range(3):
            create_enrollment(create_student(), course, status="pending")

        db.session.execute(update(Enrollment).values(status="approved", responded_at=clock.now()))

        assert (learners_of(course.teacher_id), learners_of(ALL_TEACHERS)) == (3, 3)
        assert violations() == {}

    def test_a_video_counts_once_it_is_completed(self):
        video = create_video()
        first, _ = watch(create_student(), video, is_completed=False), watch(create_student(), video, is_completed=True)
        counts = [tallied("completed_videos", video.id)[0]]
        for is_completed in (True, False, True):
            first.is_completed = is_completed
            db.session.commit()
            counts.append(tallied("completed_videos", video.id)[0])
        db.session.delete(first)
        db.session.commit()

        assert [*counts, tallied("completed_videos", video.id)[0]] == [1, 2, 1, 2, 1]
        assert violations() == {}

    def test_scores_of_homework_and_quizzes(self):
        student, homework, quiz = create_student(), create_homework(), create_quiz()
        create_homework_submission(student, homework, score=Decimal(1))
        create_attempt(student, quiz, score=Decimal(0))
        assert violations() == {}

        db.session.execute(update(HomeworkSubmission).values(score=2))
        db.session.execute(update(QuizSubmission).values(score=QuizSubmission.max_score, passed=True))

        assert tallied("homework_scores", homework.id) == (1, 100)
        assert (tallied("quiz_scores", quiz.id), tallied("quiz_passes", quiz.id)) == ((1, 100), (1, 1))
        assert violations() == {}


@pytest.mark.usefixtures("app")
class TestFolding:
    def test_one_row_of_each_count_is_left_and_the_sums_stay(self):
        course = create_course()
        for _ in range(3):
            create_enrollment(create_student(), course)

        fold()

        rows = db.session.scalar(select(func.count()).where(Tally.measure == "learners", Tally.subject_id == 0))
        assert (rows, learners_of(ALL_TEACHERS)) == (1, 3)
        assert violations() == {}

    def test_folding_again_changes_no_row(self):
        create_student()
        fold()
        before = db.session.scalars(select(Tally.id).order_by(Tally.id)).all()

        fold()

        assert db.session.scalars(select(Tally.id).order_by(Tally.id)).all() == before


class TestAtOnce:
    def test_approvals_of_one_student_in_many_courses_beside_folding(self, committing_app):
        student, teacher = create_student().id, create_teacher()
        courses = [create_course(teacher=teacher).id for _ in range(12)]
        teacher_id = teacher.id

        def enrol(course):
            with committing_app.app_context():
                db.session.execute(
                    insert(Enrollment).values(
                        student_id=student, course_id=course, status="approved", responded_at=clock.now()
                    )
                )
                db.session.commit()

        def keep_folding():
            with committing_app.app_context():
                for _ in range(5):
                    fold()
                    db.session.commit()

        db.session.rollback()
        race([*((lambda course=course: enrol(course)) for course in courses), keep_folding, keep_folding])

        assert (learners_of(teacher_id), learners_of(ALL_TEACHERS)) == (1, 1)
        assert violations() == {}


def test_every_invariant_has_its_damage():
    assert set(DAMAGE) == set(INVARIANTS)


@pytest.mark.usefixtures("app")
class TestDamage:
    @pytest.mark.parametrize("name", DAMAGE)
    def test_it_is_caught_and_counting_anew_mends_it(self, name):
        create_enrollment(create_student(), create_course())
        db.session.execute(text(DAMAGE[name]))
        assert name in violations()

        db.session.execute(text("SELECT edutrack_recount()"))

        assert violations() == {}
