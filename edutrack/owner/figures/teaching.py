"""How a teacher's courses are doing (rules.md, "Teaching figures"). Assistants see everything but money."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Subquery, func, select

from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.core.tallies import ALL_TEACHERS, Tally, counted, learners
from edutrack.courses.models import Course, Lecture, Topic, Video
from edutrack.courses.queries.scope import own_courses
from edutrack.owner.figures import sums
from edutrack.quizzes.models import Homework, Quiz, QuizSubmission

_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)


def teaching_dashboard(caller: Caller) -> dict[str, Any]:
    """Return the figures of all the caller's courses; money is None for assistants. One statement."""
    first_of_month = clock.today().replace(day=1)
    days = sums.by_day()
    month = days.c.day >= first_of_month

    def sold(figure: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
        total = select(func.coalesce(func.sum(figure), 0)).select_from(days)
        return (
            total.join(Course, Course.id == days.c.course_id).where(own_courses(caller), *conditions).scalar_subquery()
        )

    pending = counted("enrollments", status="pending")
    waiting = (
        select(func.coalesce(func.sum(pending.c.count), 0))
        .join(Course, Course.id == pending.c.subject_id)
        .where(own_courses(caller))
        .scalar_subquery()
    )
    to_grade = (
        select(func.count())
        .select_from(QuizSubmission)
        .join(QuizSubmission.quiz)
        .join(Quiz.lecture)
        .join(Course, Course.id == Lecture.course_id)
        .where(own_courses(caller), QuizSubmission.status == "submitted")
        .scalar_subquery()
    )
    row = db.session.execute(
        select(
            select(func.count())
            .select_from(Course)
            .where(own_courses(caller))
            .scalar_subquery()
            .label("total_courses"),
            learners(_teacher_of(caller)).scalar_subquery().label("total_students"),
            waiting.label("pending_enrollments"),
            to_grade.label("quizzes_to_grade"),
            sold(days.c.purchases).label("total_purchases"),
            sold(days.c.revenue).label("total_revenue"),
            sold(days.c.purchases, month).label("purchases_this_month"),
            sold(days.c.revenue, month).label("revenue_this_month"),
        )
    ).one()
    return _without_money(caller, dict(row._mapping), "total_revenue", "revenue_this_month")


def course_analytics(caller: Caller, course: Course) -> dict[str, Any]:
    """Return how a course is bought, watched and answered, by lecture; money is None for assistants. Two statements."""
    enrolled = db.session.execute(
        select(*(_enrolled(course.id, status).label(status) for status in ("approved", "pending")))
    ).one()
    lectures = db.session.execute(_lectures(course.id)).all()
    figures = {
        "course_id": course.id,
        "course_name": course.name,
        "enrolled_count": enrolled.approved,
        "pending_count": enrolled.pending,
        "purchase_count": sum(row.purchase_count for row in lectures),
        "revenue": sum((row.revenue for row in lectures), _NOTHING),
        "completion_percentage": _percentage(
            sum(row.completed for row in lectures), sum(row.to_complete for row in lectures)
        ),
        "topics": _topics(lectures),
    }
    return _without_money(caller, figures, "revenue")


def _teacher_of(caller: Caller) -> int:
    return caller.teacher_id or ALL_TEACHERS


def _enrolled(course_id: int, status: str) -> ColumnElement[int]:
    enrolled = counted("enrollments", Tally.subject_id == course_id, status=status)
    return func.coalesce(select(enrolled.c.count).scalar_subquery(), 0)


def _lectures(course_id: int) -> Any:
    sold = sums.by_lecture(course_id)
    videos = _active_videos(course_id)
    completed = _completed_videos(course_id)
    homework = _average("homework_scores", Homework, course_id)
    quizzes = _average("quiz_scores", Quiz, course_id)
    passes = _average("quiz_passes", Quiz, course_id)
    purchases = func.coalesce(sold.c.purchases, 0)
    return (
        select(
            Topic.id.label("topic_id"),
            Topic.name.label("topic_name"),
            Lecture.id.label("lecture_id"),
            Lecture.name.label("lecture_name"),
            purchases.label("purchase_count"),
            func.coalesce(sold.c.revenue, _NOTHING).label("revenue"),
            func.coalesce(completed.c.completed, 0).label("completed"),
            (purchases * func.coalesce(videos.c.videos, 0)).label("to_complete"),
            homework.c.average.label("homework_average"),
            quizzes.c.average.label("quiz_average"),
            (passes.c.average * 100).label("quiz_pass_rate"),
        )
        .select_from(Topic)
        .outerjoin(Lecture, Lecture.topic_id == Topic.id)
        .outerjoin(sold, sold.c.lecture_id == Lecture.id)
        .outerjoin(videos, videos.c.lecture_id == Lecture.id)
        .outerjoin(completed, completed.c.lecture_id == Lecture.id)
        .outerjoin(homework, homework.c.lecture_id == Lecture.id)
        .outerjoin(quizzes, quizzes.c.lecture_id == Lecture.id)
        .outerjoin(passes, passes.c.lecture_id == Lecture.id)
        .where(Topic.course_id == course_id)
        .order_by(Topic.order, Topic.id, Lecture.order, Lecture.id)
    )


def _active_videos(course_id: int) -> Subquery:
    return (
        select(Video.lecture_id, func.count().label("videos"))
        .join(Video.lecture)
        .where(Lecture.course_id == course_id, Video.is_active)
        .group_by(Video.lecture_id)
        .subquery()
    )


def _completed_videos(course_id: int) -> Subquery:
    videos = select(Video.id).join(Video.lecture).where(Lecture.course_id == course_id)
    completed = counted("completed_videos", Tally.subject_id.in_(videos))
    return (
        select(Video.lecture_id, func.sum(completed.c.count).label("completed"))
        .join(completed, completed.c.subject_id == Video.id)
        .where(Video.is_active)
        .group_by(Video.lecture_id)
        .subquery()
    )


def _average(measure: str, model: type[Homework] | type[Quiz], course_id: int) -> Subquery:
    """Return `lecture_id` and the `average` of what a measure's rows are counted with."""
    papers = select(model.id).join(model.lecture).where(Lecture.course_id == course_id)
    scores = counted(measure, Tally.subject_id.in_(papers))
    average = func.sum(scores.c.total) / func.nullif(func.sum(scores.c.count), 0)
    return (
        select(model.lecture_id, average.label("average"))
        .join(scores, scores.c.subject_id == model.id)
        .group_by(model.lecture_id)
        .subquery()
    )


def _topics(lectures: Sequence[Row[*tuple[Any, ...]]]) -> list[dict[str, Any]]:
    topics: dict[int, dict[str, Any]] = {}
    for row in lectures:
        topic = topics.setdefault(
            row.topic_id, {"topic_id": row.topic_id, "topic_name": row.topic_name, "lectures": []}
        )
        if row.lecture_id is not None:
            share = _percentage(row.completed, row.to_complete)
            topic["lectures"].append({**row._mapping, "completion_percentage": share})
    return list(topics.values())


def _percentage(part: int, whole: int) -> Decimal | None:
    return _HUNDRED * part / whole if whole else None


def _without_money(caller: Caller, figures: dict[str, Any], *money: str) -> dict[str, Any]:
    return figures | dict.fromkeys(money) if caller.role is Role.ASSISTANT else figures
