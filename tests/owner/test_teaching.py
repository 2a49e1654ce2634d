"""How a teacher's courses are doing: the dashboard and the analytics of a course."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import VideoProgress
from edutrack.owner.figures.closing import close_hours
from edutrack.quizzes.models import HomeworkSubmission, QuizSubmission
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_course,
    create_enrollment,
    create_homework,
    create_lecture,
    create_purchase,
    create_quiz,
    create_site_owner,
    create_student,
    create_teacher,
    create_topic,
    create_video,
)

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
#: The last moment of May in Cairo.
MAY = datetime(2026, 5, 31, 20, 59, 59, tzinfo=UTC)


def completed(student, video, *, is_completed=True):
    db.session.add(
        VideoProgress(
            student=student,
            video=video,
            progress_seconds=600,
            duration_seconds=600,
            progress_percentage=Decimal(100 if is_completed else 50),
            is_completed=is_completed,
            watch_count=1,
            last_watched_at=clock.now(),
        )
    )
    db.session.commit()


def handed_in(student, homework, score, most):
    db.session.add(
        HomeworkSubmission(homework=homework, student=student, score=Decimal(score), max_score=Decimal(most))
    )
    db.session.commit()


def sat(student, quiz, score, most, *, number=1, status="graded", passed=False):
    db.session.add(
        QuizSubmission(
            quiz=quiz,
            student=student,
            attempt_number=number,
            status=status,
            timer_minutes=30,
            passing_score=50,
            max_score=Decimal(most),
            started_at=NOW - timedelta(hours=1),
            deadline_at=NOW - timedelta(minutes=30),
            submitted_at=None if status == "in_progress" else NOW - timedelta(minutes=40),
            score=None if status == "in_progress" else Decimal(score),
            passed=passed,
        )
    )
    db.session.commit()


class School:
    """A course of two lectures that two students bought, and another teacher's, which must not count."""

    def __init__(self, api):
        self.course = create_course()
        self.topic, self.empty = create_topic(self.course, order=1), create_topic(self.course, order=2)
        self.lectures = [create_lecture(topic=self.topic, order=order) for order in (1, 2)]
        self.students = [create_student() for _ in range(3)]
        for student in self.students[:2]:
            create_enrollment(student, self.course)
            create_enrollment(student, create_course(self.course.teacher))
        create_enrollment(self.students[2], self.course, "pending")
        first, second = self.lectures
        self.buy(self.students[0], first, "70.00", MAY)
        self.buy(self.students[1], first, "60.00", NOW - timedelta(days=2))
        self.buy(self.students[0], second, "0.00", NOW)
        self.buy(self.students[0], create_lecture(), "500.00", NOW)
        videos = [create_video(first, order=order) for order in (1, 2)]
        create_video(first, is_active=False)
        completed(self.students[0], videos[0])
        completed(self.students[0], videos[1])
        completed(self.students[1], videos[0], is_completed=False)
        homework = create_homework(first)
        handed_in(self.students[0], homework, "2.00", "2.00")
        handed_in(self.students[1], homework, "1.00", "2.00")
        quiz = create_quiz(first, max_attempts=3)
        sat(self.students[0], quiz, "9.00", "10.00", passed=True)
        sat(self.students[1], quiz, "3.00", "10.00")
        sat(self.students[1], quiz, "1.00", "10.00", number=2, status="submitted")
        sat(self.students[1], quiz, None, "10.00", number=3, status="in_progress")
        self.teacher = api.as_(self.course.teacher)
        self.assistant = api.as_(create_assistant(self.course.teacher))
        self.owner = api.as_(create_site_owner())

    def buy(self, student, lecture, paid, moment):
        create_purchase(student, lecture, amount_paid=Decimal(paid), purchased_at=moment)


@pytest.fixture(params=["summed now", "rolled up"])
def school(request, api):
    with time_machine.travel(NOW, tick=False):
        school = School(api)
        while request.param == "rolled up" and close_hours():
            db.session.commit()
        yield school


DASHBOARD = {
    "total_courses": 3,
    "total_students": 2,
    "pending_enrollments": 1,
    "quizzes_to_grade": 1,
    "total_purchases": 3,
    "total_revenue": "130.00",
    "purchases_this_month": 2,
    "revenue_this_month": "60.00",
}


def test_a_teacher_sees_the_figures_of_all_own_courses(school):
    assert school.teacher.get("/api/teacher/dashboard/").json == DASHBOARD


def test_an_assistant_sees_them_without_money(school):
    response = school.assistant.get("/api/teacher/dashboard/")

    assert response.json == DASHBOARD | {"total_revenue": None, "revenue_this_month": None}


def test_a_site_owner_sees_those_of_all_teachers(school):
    response = school.owner.get("/api/teacher/dashboard/")

    assert response.json == DASHBOARD | {
        "total_courses": 4,
        "total_purchases": 4,
        "total_revenue": "630.00",
        "purchases_this_month": 3,
        "revenue_this_month": "560.00",
    }


def test_a_teacher_without_courses_sees_zeros(api):
    response = api.as_(create_teacher()).get("/api/teacher/dashboard/")

    assert response.json == dict.fromkeys(DASHBOARD, 0) | {"total_revenue": "0.00", "revenue_this_month": "0.00"}


def analytics(school):
    first, second = school.lectures
    return {
        "course_id": school.course.id,
        "course_name": school.course.name,
        "enrolled_count": 2,
        "pending_count": 1,
        "purchase_count": 3,
        "revenue": "130.00",
        # Two students bought two active videos each; one of them completed both.
        "completion_percentage": "50.00",
        "topics": [
            {
                "topic_id": school.topic.id,
                "topic_name": school.topic.name,
                "lectures": [
                    {
                        "lecture_id": first.id,
                        "lecture_name": first.name,
                        "purchase_count": 2,
                        "completion_percentage": "50.00",
                        "homework_average": "75.00",
                        "quiz_average": "60.00",
                        "quiz_pass_rate": "50.00",
                    },
                    {
                        "lecture_id": second.id,
                        "lecture_name": second.name,
                        "purchase_count": 1,
                        "completion_percentage": None,
                        "homework_average": None,
                        "quiz_average": None,
                        "quiz_pass_rate": None,
                    },
                ],
            },
            {"topic_id": school.empty.id, "topic_name": school.empty.name, "lectures": []},
        ],
    }


@pytest.mark.parametrize("who", ["teacher", "owner"])
def test_analytics_show_how_each_lecture_is_bought_watched_and_answered(school, who):
    response = getattr(school, who).get(f"/api/courses/{school.course.id}/analytics/")

    assert response.json == analytics(school)


def test_an_assistant_sees_analytics_without_money(school):
    response = school.assistant.get(f"/api/courses/{school.course.id}/analytics/")

    assert response.json == analytics(school) | {"revenue": None}


def test_they_run_a_fixed_number_of_statements(school):
    paths = {"teacher/dashboard/": 1, f"courses/{school.course.id}/analytics/": 3}

    def counts():
        found = {}
        for path in paths:
            with counted_statements() as statements:
                assert school.teacher.get(f"/api/{path}").status_code == 200
            found[path] = len(statements)
        return found

    assert counts() == paths
    for _ in range(2):
        lecture = create_lecture(topic=create_topic(school.course))
        create_quiz(lecture)
        create_homework(lecture)
        school.buy(create_student(), lecture, "10.00", NOW)
    assert counts() == paths
