"""Changing the fields of an object, and finding what something is to be added to."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select

from edutrack.core.caller import Caller
from edutrack.core.database import Base
from edutrack.core.errors import invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Topic, Video
from edutrack.courses.queries.scope import own_courses


def change(target: Base, values: Mapping[str, Any]) -> list[str]:
    """Give `target` new values by the names of its columns; return the names of those that are different now."""
    changed = [name for name, value in values.items() if getattr(target, name) != value]
    for name in changed:
        setattr(target, name, values[name])
    return changed


def usable_course(caller: Caller, course_id: int) -> Course:
    """Return one of the caller's courses to add something to, locked; raises Invalid under `course`."""
    course = db.session.scalar(
        select(Course).where(Course.id == course_id, own_courses(caller)).with_for_update(key_share=True, of=Course)
    )
    if course is None:
        raise invalid_pk("course", course_id)
    return course


def usable_topic(caller: Caller, topic_id: int) -> Topic:
    """Return a topic of the caller's courses to put a lecture into, locked; raises Invalid under `topic`."""
    topic = db.session.scalar(
        select(Topic)
        .join(Topic.course)
        .where(Topic.id == topic_id, own_courses(caller))
        .with_for_update(key_share=True, of=(Course, Topic))
    )
    if topic is None:
        raise invalid_pk("topic", topic_id)
    return topic


def usable_lecture(caller: Caller, lecture_id: int) -> Lecture:
    """Return a lecture of the caller's courses to add something to, locked; raises Invalid under `lecture`."""
    lecture = db.session.scalar(
        select(Lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .where(Lecture.id == lecture_id, own_courses(caller))
        .with_for_update(key_share=True, of=(Course, Lecture))
    )
    if lecture is None:
        raise invalid_pk("lecture", lecture_id)
    return lecture


def last_place(model: type[Topic] | type[Lecture] | type[Video], siblings: ColumnElement[bool]) -> int:
    """Return the order that puts something behind its siblings; their parent must be locked."""
    return db.session.scalar(select(func.coalesce(func.max(model.order), 0) + 1).where(siblings)) or 1
