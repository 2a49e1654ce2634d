"""What a caller's courses are. Whatever lies outside is not found, in the same words as what does not exist."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, literal, select, true
from sqlalchemy.orm import contains_eager

from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, StudyMaterial, Topic, Video


def own_courses(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a course is the caller's: a teacher's own, an assistant's teacher's, any for owners.

    For students this is no course at all: what they may see is decided by enrolments and purchases.
    """
    return true() if caller.is_site_owner else Course.teacher_id == caller.teacher_id


def link_holder(caller: Caller) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return the columns `link_user_id` and `link_session_id`: on whose session links to files stand (`signed_url`)."""
    return (
        literal(caller.user_id, BigInteger).label("link_user_id"),
        literal(caller.session_id, BigInteger).label("link_session_id"),
    )


def find_course(caller: Caller, course_id: int) -> Course:
    """Return one of the caller's courses; raises NotFound."""
    return _found(select(Course).where(Course.id == course_id, own_courses(caller)))


def find_topic(caller: Caller, topic_id: int) -> Topic:
    """Return a topic of the caller's courses, with its course; raises NotFound."""
    return _found(
        select(Topic)
        .join(Topic.course)
        .options(contains_eager(Topic.course))
        .where(Topic.id == topic_id, own_courses(caller))
    )


def find_lecture(caller: Caller, lecture_id: int) -> Lecture:
    """Return a lecture of the caller's courses, with its topic and course; raises NotFound."""
    return _found(
        select(Lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .options(contains_eager(Lecture.topic).contains_eager(Topic.course))
        .where(Lecture.id == lecture_id, own_courses(caller))
    )


def find_video(caller: Caller, video_id: int) -> Video:
    """Return a video of the caller's courses, with its lecture, topic and course; raises NotFound."""
    return _found(
        select(Video)
        .join(Video.lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .options(contains_eager(Video.lecture).contains_eager(Lecture.topic).contains_eager(Topic.course))
        .where(Video.id == video_id, own_courses(caller))
    )


def find_material(caller: Caller, material_id: int) -> StudyMaterial:
    """Return a study material of the caller's courses, with its lecture; raises NotFound."""
    return _found(
        select(StudyMaterial)
        .join(StudyMaterial.lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .options(contains_eager(StudyMaterial.lecture))
        .where(StudyMaterial.id == material_id, own_courses(caller))
    )


def _found(statement: Select[Any]) -> Any:
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound()
    return found
