"""Lectures: what they cost, and for how long a purchase opens them."""

from decimal import Decimal
from typing import Any

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.database import when_violated
from edutrack.core.errors import Invalid, invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture
from edutrack.courses.queries.scope import lock_lecture
from edutrack.courses.service.changes import change, last_place, usable_topic
from edutrack.courses.service.deletion import delete_lectures, deleting
from edutrack.courses.service.telling import tell_of_lecture

when_violated(
    "ck_lectures_discount_within_price",
    lambda: Invalid({"discount": ["The discount cannot be higher than the price."]}),
)


def create_lecture(
    caller: Caller,
    *,
    topic: int,
    name: str,
    price: Decimal,
    available_days: int,
    discount: Decimal = Decimal(0),
    description: str | None = None,
    order: int | None = None,
    is_active: bool = True,
) -> Lecture:
    """Add a lecture to a topic of the caller's courses, as the last one unless `order` says otherwise.

    Raises Invalid for a topic that is not the caller's and for a discount above the price (rules.md, "Lectures").
    """
    parent = usable_topic(caller, topic)
    lecture = Lecture(
        topic=parent,
        course_id=parent.course_id,
        name=name,
        description=description,
        price=price,
        discount=discount,
        available_days=available_days,
        order=last_place(Lecture, Lecture.topic_id == topic) if order is None else order,
        is_active=is_active,
    )
    db.session.add(lecture)
    audit.record(caller, "lecture.created", lecture, topic=topic, price=str(price), discount=str(discount))
    db.session.flush()
    if is_active:
        tell_of_lecture(lecture.id)
    return lecture


def change_lecture(caller: Caller, lecture: Lecture, **values: Any) -> Lecture:
    """Change a lecture, or move it to another topic of its course, there as the last one unless `order` is given.

    What was bought keeps the price that was paid and the days that were promised (rules.md, "Lectures"). Students are
    told when it becomes active (rules.md, "Notifications"). Raises Invalid for a topic of another course and for a
    discount above the price.
    """
    lecture = lock_lecture(caller, lecture.id)
    asked = values.pop("topic", lecture.topic_id)
    if asked != lecture.topic_id:
        topic = usable_topic(caller, asked)
        if topic.course_id != lecture.course_id:
            raise invalid_pk("topic", asked)
        values = {"order": last_place(Lecture, Lecture.topic_id == asked), "topic_id": asked} | values
    changed = change(lecture, values)
    audit.record(
        caller,
        "lecture.changed",
        lecture,
        changed=changed,
        price=str(lecture.price),
        discount=str(lecture.discount),
        available_days=lecture.available_days,
    )
    db.session.flush()
    if lecture.is_active and "is_active" in changed:
        tell_of_lecture(lecture.id)
    return lecture


def delete_lecture(caller: Caller, lecture: Lecture) -> None:
    """Delete a lecture; raises Rejected where it was bought or watched (rules.md, "Deleting content")."""
    lecture = lock_lecture(caller, lecture.id)
    audit.record(caller, "lecture.deleted", lecture, topic=lecture.topic_id, name=lecture.name)
    with deleting("lecture"):
        delete_lectures(Lecture.id == lecture.id)
