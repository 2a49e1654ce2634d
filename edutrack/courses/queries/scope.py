"""What a caller's courses are. Whatever lies outside is not found, in the same words as what does not exist."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, literal, select, true
from sqlalchemy.orm import contains_eager

from edutrack.core.caller import Caller
from edutrack.core.database import Base
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
    return _found(_courses(caller).where(Course.id == course_id))


def find_topic(caller: Caller, topic_id: int) -> Topic:
    """Return a topic of the caller's courses, with its course; raises NotFound."""
    return _found(_topics(caller).where(Topic.id == topic_id))


def find_lecture(caller: Caller, lecture_id: int) -> Lecture:
    """Return a lecture of the caller's courses, with its topic and course; raises NotFound."""
    return _found(_lectures(caller).where(Lecture.id == lecture_id))


def find_video(caller: Caller, video_id: int) -> Video:
    """Return a video of the caller's courses, with its lecture, topic and course; raises NotFound."""
    return _found(_in_lectures(caller, Video).where(Video.id == video_id))


def find_material(caller: Caller, material_id: int) -> StudyMaterial:
    """Return a study material of the caller's courses, with its lecture, topic and course; raises NotFound."""
    return _found(_in_lectures(caller, StudyMaterial).where(StudyMaterial.id == material_id))


# Whoever changes something holds it and its course, the course first, until the transaction ends: two who change the
# same come one after the other, and what was deleted meanwhile is not found. Nobody who buys, enrols or watches waits.


def lock_course(caller: Caller, course_id: int, *, whole: bool = False) -> Course:
    """Return what `find_course` does, as it is now, locked; raises NotFound.

    `whole`: nothing may come to refer to it either, no enrolment and no code.
    """
    return _found(_locked(_courses(caller).where(Course.id == course_id), Course, key_share=not whole))


def lock_topic(caller: Caller, topic_id: int) -> Topic:
    """Return what `find_topic` does, as it is now, locked with its course; raises NotFound."""
    return _found(_locked(_topics(caller).where(Topic.id == topic_id), Course, Topic))


def lock_lecture(caller: Caller, lecture_id: int) -> Lecture:
    """Return what `find_lecture` does, as it is now, locked with its course; raises NotFound."""
    return _found(_locked(_lectures(caller).where(Lecture.id == lecture_id), Course, Lecture))


def lock_video(caller: Caller, video_id: int) -> Video:
    """Return what `find_video` does, as it is now, locked with its course; raises NotFound."""
    return _found(_locked(_in_lectures(caller, Video).where(Video.id == video_id), Course, Video))


def lock_material(caller: Caller, material_id: int) -> StudyMaterial:
    """Return what `find_material` does, as it is now, locked with its course; raises NotFound."""
    rows = _in_lectures(caller, StudyMaterial).where(StudyMaterial.id == material_id)
    return _found(_locked(rows, Course, StudyMaterial))


def _courses(caller: Caller) -> Select[Any]:
    return select(Course).where(own_courses(caller))


def _topics(caller: Caller) -> Select[Any]:
    return select(Topic).join(Topic.course).options(contains_eager(Topic.course)).where(own_courses(caller))


def _lectures(caller: Caller) -> Select[Any]:
    return (
        select(Lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .options(contains_eager(Lecture.topic).contains_eager(Topic.course))
        .where(own_courses(caller))
    )


def _in_lectures(caller: Caller, model: type[Video] | type[StudyMaterial]) -> Select[Any]:
    return (
        select(model)
        .join(model.lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .options(contains_eager(model.lecture).contains_eager(Lecture.topic).contains_eager(Topic.course))
        .where(own_courses(caller))
    )


def _locked(rows: Select[Any], *models: type[Base], key_share: bool = True) -> Select[Any]:
    return rows.with_for_update(key_share=key_share, of=models).execution_options(populate_existing=True)


def _found(statement: Select[Any]) -> Any:
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound()
    return found
