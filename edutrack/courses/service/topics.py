"""Topics: the chapters of a course."""

from typing import Any

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.errors import invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture, Topic
from edutrack.courses.queries.scope import lock_topic
from edutrack.courses.service.changes import change, last_place, usable_course
from edutrack.courses.service.deletion import delete_lectures, delete_rows, deleting


def create_topic(
    caller: Caller,
    *,
    course: int,
    name: str,
    description: str | None = None,
    order: int | None = None,
    is_active: bool = True,
) -> Topic:
    """Add a topic to one of the caller's courses, as the last one unless `order` says otherwise.

    Raises Invalid for a course that is not the caller's.
    """
    parent = usable_course(caller, course)
    topic = Topic(
        course=parent,
        name=name,
        description=description,
        order=last_place(Topic, Topic.course_id == course) if order is None else order,
        is_active=is_active,
    )
    db.session.add(topic)
    audit.record(caller, "topic.created", topic, course=course, name=name)
    db.session.flush()
    return topic


def change_topic(caller: Caller, topic: Topic, **values: Any) -> Topic:
    """Change a topic; it stays in its course. Raises Invalid where another course is asked for."""
    topic = lock_topic(caller, topic.id)
    asked = values.pop("course", topic.course_id)
    if asked != topic.course_id:
        raise invalid_pk("course", asked)
    audit.record(caller, "topic.changed", topic, changed=change(topic, values))
    db.session.flush()
    return topic


def delete_topic(caller: Caller, topic: Topic) -> None:
    """Delete a topic with its lectures.

    Raises Rejected where one of them was bought or watched (rules.md, "Deleting content").
    """
    topic = lock_topic(caller, topic.id)
    audit.record(caller, "topic.deleted", topic, course=topic.course_id, name=topic.name)
    with deleting("topic"):
        delete_lectures(Lecture.topic_id == topic.id)
        delete_rows(Topic, Topic.id == topic.id)
