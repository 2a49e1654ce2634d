"""Reading what a student may buy and watch, and how far it has been watched."""

from collections.abc import Sequence
from typing import Any

from marshmallow import missing
from sqlalchemy import (
    BigInteger,
    CursorResult,
    DateTime,
    Numeric,
    Row,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import outerjoin

from edutrack.accounts.models import Student, User
from edutrack.core import clock
from edutrack.core.errors import Forbidden, NotFound
from edutrack.core.extensions import db
from edutrack.core.statements import run
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, Topic, Video, VideoProgress


def lectures_for_student(student_id: int, course_id: int) -> dict[str, Any]:
    """Return a course and its topics with the lectures that are on offer or that the student has bought.

    Two statements. Raises NotFound where there is no such course, Forbidden where the student is not approved in it
    (rules.md, "What a student sees of a course").
    """
    named = {"student": student_id, "course": course_id}
    course = run(_COURSE_OF_STUDENT, **named).one_or_none()
    if course is None:
        raise NotFound("Course not found", key="error")
    if course.status != "approved":
        raise Forbidden("You are not enrolled in this course", key="error")
    return {"course": course, "topics": _topics(run(_OFFERED_LECTURES, **named, now=clock.now()))}


def _offered_lectures() -> Select[*tuple[Any, ...]]:
    owned = outerjoin(Lecture, Purchase, and_(Purchase.lecture_id == Lecture.id, Purchase.student_id == _STUDENT))
    on_offer = or_(and_(Topic.is_active, Lecture.is_active), Purchase.id.is_not(None))
    return (
        select(
            Topic.id.label("topic_id"),
            Topic.name.label("topic_name"),
            Topic.order.label("topic_order"),
            Lecture.id,
            Lecture.name,
            Lecture.description,
            Lecture.price,
            Lecture.final_price,
            Lecture.discount,
            Lecture.available_days,
            Lecture.order,
            _active_videos_of_lecture().label("video_count"),
            Purchase.id.label("purchase_id"),
            Purchase.purchased_at,
            Purchase.expires_at,
            Purchase.effective_expiry,
            (Purchase.effective_expiry <= _NOW).label("is_expired"),
            Purchase.extra_days,
            Purchase.amount_paid,
        )
        .select_from(outerjoin(Topic, owned, and_(Lecture.topic_id == Topic.id, on_offer)))
        .where(Topic.course_id == _COURSE, or_(Topic.is_active, Lecture.id.is_not(None)))
        .order_by(Topic.order, Topic.id, Lecture.order, Lecture.id)
    )


def _active_videos_of_lecture() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(Video)
        .where(Video.lecture_id == Lecture.id, Video.is_active)
        .correlate(Lecture)
        .scalar_subquery()
    )


def _topics(lectures: CursorResult[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = tuple(lectures.keys())
    topics: dict[int, dict[str, Any]] = {}
    for row in lectures:
        topic = topics.get(row.topic_id)
        if topic is None:
            topic = {"id": row.topic_id, "name": row.topic_name, "order": row.topic_order, "lectures": []}
            topics[row.topic_id] = topic
        if row.id is not None:
            lecture = dict(zip(names, row, strict=True))
            lecture["is_purchased"] = row.purchase_id is not None
            lecture["purchase"] = row if lecture["is_purchased"] else missing
            topic["lectures"].append(lecture)
    return list(topics.values())


def lecture_of_student(student_id: int, lecture_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return a lecture with the id and end of the student's purchase of it, both None where there is none."""
    return db.session.execute(
        select(Lecture.id, Lecture.name, Purchase.id.label("purchase_id"), Purchase.effective_expiry)
        .outerjoin(Purchase, and_(Purchase.lecture_id == Lecture.id, Purchase.student_id == student_id))
        .where(Lecture.id == lecture_id)
    ).one_or_none()


def videos_of_lecture(student_id: int, lecture_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the active videos of a lecture in their order, with how far the student has watched each."""
    return db.session.execute(
        select(
            Video.id,
            Video.name,
            Video.order,
            Video.duration_seconds,
            Video.platform,
            func.coalesce(VideoProgress.progress_seconds, 0).label("progress_seconds"),
            func.coalesce(VideoProgress.is_completed, False).label("is_completed"),
        )
        .outerjoin(VideoProgress, and_(VideoProgress.video_id == Video.id, VideoProgress.student_id == student_id))
        .where(Video.lecture_id == lecture_id, Video.is_active)
        .order_by(Video.order, Video.id)
    ).all()


def playable_video(video_id: int, student_id: int, purchase_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return where a video lies that the student may play now by that purchase, with its end and the student's name.

    None where the purchase is not open or the student's account not in order at this moment, whatever held when the
    link was made (rules.md, "Watching").
    """
    return db.session.execute(
        select(Video.platform, Video.source, Purchase.effective_expiry, Student.name_ar, Student.student_code)
        .join(Purchase, Purchase.lecture_id == Video.lecture_id)
        .join(Purchase.student)
        .join(Student.user)
        .where(
            Video.id == video_id,
            Video.is_active,
            Purchase.id == purchase_id,
            Purchase.student_id == student_id,
            Purchase.effective_expiry > clock.now(),
            Student.status == "verified",
            User.is_active,
        )
    ).one_or_none()


def video_of_student(student_id: int, video_id: int) -> Row[*tuple[Any, ...]] | None:
    """Return a video's duration and the end of the student's purchase of its lecture, None where there is none."""
    return run(_VIDEO_OF_STUDENT, student=student_id, video=video_id).one_or_none()


def progress_of_student(student_id: int) -> Select[*tuple[Any, ...]]:
    """Return the select of a student's progress with what ProgressSchema shows, last watched first."""
    return (
        select(
            VideoProgress.id,
            VideoProgress.student_id.label("student"),
            Student.name_ar.label("student_name"),
            Student.student_code,
            VideoProgress.video_id.label("video"),
            Video.name.label("video_name"),
            Lecture.name.label("lecture_name"),
            Course.name.label("course_name"),
            VideoProgress.progress_seconds,
            VideoProgress.duration_seconds,
            VideoProgress.progress_percentage,
            VideoProgress.is_completed,
            VideoProgress.watch_count,
            VideoProgress.last_watched_at,
            VideoProgress.platform_data,
        )
        .join(VideoProgress.student)
        .join(VideoProgress.video)
        .join(Video.lecture)
        .join(Course, Course.id == Lecture.course_id)
        .where(VideoProgress.student_id == student_id)
        .order_by(VideoProgress.last_watched_at.desc(), VideoProgress.id.desc())
    )


def progress_of_video(student_id: int, video_id: int) -> Row[*tuple[Any, ...]]:
    """Return a student's progress in one video; raises NotFound where nothing has been watched."""
    found = db.session.execute(progress_of_student(student_id).where(VideoProgress.video_id == video_id)).one_or_none()
    if found is None:
        raise NotFound()
    return found


def progress_of_lectures(student_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return every lecture that a student has bought with how far it has been watched, by course and place in it.

    One statement. All active videos of a lecture count, watched or not (rules.md, "Progress").
    """
    total = func.count(Video.id)
    watched = and_(VideoProgress.video_id == Video.id, VideoProgress.student_id == Purchase.student_id)
    return db.session.execute(
        select(
            Lecture.id,
            Lecture.name.label("lecture_name"),
            Topic.name.label("topic_name"),
            Course.name.label("course_name"),
            Purchase.effective_expiry,
            (Purchase.effective_expiry <= clock.now()).label("is_expired"),
            total.label("videos_total"),
            func.count().filter(VideoProgress.is_completed).label("videos_completed"),
            (func.coalesce(func.sum(VideoProgress.progress_percentage), 0) / func.nullif(total, 0)).label(
                "progress_percentage"
            ),
            func.max(VideoProgress.last_watched_at).label("last_watched_at"),
        )
        .select_from(Purchase)
        .join(Purchase.lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .outerjoin(Video, and_(Video.lecture_id == Lecture.id, Video.is_active))
        .outerjoin(VideoProgress, watched)
        .where(Purchase.student_id == student_id)
        .group_by(Purchase.id, Lecture.id, Topic.id, Course.id)
        .order_by(Course.name, Course.id, Topic.order, Topic.id, Lecture.order, Lecture.id)
    ).all()


def progress_of_course(course_id: int) -> Select[*tuple[Any, ...]]:
    """Return the select of the approved students of a course with how far they have come, by name.

    All active videos count, watched or not, bought or not; the percentage is their average (rules.md, "Progress").
    """
    total = select(func.count()).select_from(_course_videos(course_id)).scalar_subquery()
    percentages = _of_course_student(course_id, func.sum(VideoProgress.progress_percentage))
    return (
        select(
            Enrollment.student_id.label("student"),
            Student.name_ar.label("student_name"),
            Student.student_code,
            _of_course_student(course_id, func.count().filter(VideoProgress.is_completed)).label("videos_completed"),
            total.label("videos_total"),
            func.coalesce(cast(percentages, Numeric) / func.nullif(total, 0), 0).label("progress_percentage"),
            _of_course_student(course_id, func.max(VideoProgress.last_watched_at)).label("last_watched_at"),
        )
        .join(Enrollment.student)
        .where(Enrollment.course_id == course_id, Enrollment.status == "approved")
        .order_by(Student.name_ar, Enrollment.student_id)
    )


def _course_videos(course_id: int) -> Any:
    return (
        select(Video.id)
        .join(Video.lecture)
        .join(Lecture.topic)
        .where(Lecture.course_id == course_id, Video.is_active, Lecture.is_active, Topic.is_active)
        .subquery()
    )


def _of_course_student(course_id: int, figure: Any) -> ScalarSelect[Any]:
    # A subquery in the row, not a join: the database works it out for the rows of the page alone.
    videos = _course_videos(course_id)
    return (
        select(figure)
        .select_from(VideoProgress)
        .join(videos, videos.c.id == VideoProgress.video_id)
        .where(VideoProgress.student_id == Enrollment.student_id)
        .correlate(Enrollment)
        .scalar_subquery()
    )


# The busiest requests of a course: their statements are built once.
_STUDENT = bindparam("student", type_=BigInteger)
_COURSE = bindparam("course", type_=BigInteger)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_COURSE_OF_STUDENT = (
    select(Course.id, Course.name, Enrollment.status)
    .outerjoin(Enrollment, and_(Enrollment.course_id == Course.id, Enrollment.student_id == _STUDENT))
    .where(Course.id == _COURSE)
)
_OFFERED_LECTURES = _offered_lectures()
_VIDEO_OF_STUDENT = (
    select(Video.duration_seconds, Purchase.effective_expiry)
    .outerjoin(Purchase, and_(Purchase.lecture_id == Video.lecture_id, Purchase.student_id == _STUDENT))
    .where(Video.id == bindparam("video", type_=BigInteger))
)
