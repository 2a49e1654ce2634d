"""The order of everything in a course, set at one stroke."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, Rejected, no_such_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Topic, Video
from edutrack.courses.queries.scope import lock_course

_TWICE = "This item is named more than once."
_NOT_SIDE_BY_SIDE = "These two no longer stand side by side. Look at the order once more."
#: The column that says beside which others something stands.
_PARENTS: dict[type[Topic] | type[Lecture] | type[Video], InstrumentedAttribute[int]] = {
    Topic: Topic.course_id,
    Lecture: Lecture.topic_id,
    Video: Video.lecture_id,
}


def reorder_course(caller: Caller, course: Course, topics: list[dict[str, Any]] | None = None) -> None:
    """Put topics, the lectures of topics and the videos of lectures into the order in which they are named.

    What is not named follows, in the order it had (rules.md, "Order"). Raises Invalid, in the shape of the body, for
    whatever is not where the body says it is, and for what is named twice; then nothing is changed.
    """
    topics = topics or []
    lectures = [lecture for topic in topics for lecture in topic.get("lectures", [])]
    videos = [video for lecture in lectures for video in lecture.get("videos", [])]
    # One at a time: two that put the same course in order must not end in a mixture.
    lock_course(caller, course.id)
    _require_places(course, topics)
    if topics:
        _put_in_order(Topic, Topic.course_id, [topic["id"] for topic in topics], [course.id])
    if lectures:
        parents = [topic["id"] for topic in topics if topic.get("lectures")]
        _put_in_order(Lecture, Lecture.topic_id, [lecture["id"] for lecture in lectures], parents)
    if videos:
        parents = [lecture["id"] for lecture in lectures if lecture.get("videos")]
        _put_in_order(Video, Video.lecture_id, videos, parents)
    audit.record(caller, "course.reordered", course, topics=[topic["id"] for topic in topics])
    db.session.flush()


def put_before(caller: Caller, item: Topic | Lecture | Video, follower_id: int) -> None:
    """Put a topic, lecture or video right before another one of the same parent (rules.md, "Order").

    Asked for twice it is done once. Raises Rejected where the two do not, or no longer, have the same parent.
    """
    course = lock_course(caller, _course_of(item).id)
    model = type(item)
    parent = _PARENTS[model]
    parent_id = getattr(item, parent.key)
    before = list(db.session.scalars(select(model.id).where(parent == parent_id).order_by(model.order, model.id)))
    if item.id == follower_id or not {item.id, follower_id} <= set(before):
        raise Rejected(_NOT_SIDE_BY_SIDE)
    after = [sibling for sibling in before if sibling != item.id]
    after.insert(after.index(follower_id), item.id)
    if after != before:
        _put_in_order(model, parent, after, [parent_id])
        audit.record(caller, "course.reordered", course, **{model.__name__.lower(): item.id, "before": follower_id})
        db.session.flush()


def _course_of(item: Topic | Lecture | Video) -> Course:
    if isinstance(item, Topic):
        return item.course
    return item.topic.course if isinstance(item, Lecture) else item.lecture.topic.course


def _put_in_order(
    model: type[Topic] | type[Lecture] | type[Video],
    parent: InstrumentedAttribute[int],
    ids: list[int],
    parents: list[int],
) -> None:
    named_place: ColumnElement[Any] = func.array_position(literal(ids, ARRAY(BigInteger)), model.id)
    place = func.row_number().over(partition_by=parent, order_by=(named_place.nulls_last(), model.order, model.id))
    new = select(model.id, place.label("place")).where(parent.in_(parents)).subquery()
    db.session.execute(
        update(model)
        .where(model.id == new.c.id)
        .values(order=new.c.place)
        # Nothing that was read before is looked at again.
        .execution_options(synchronize_session=False)
    )


def _require_places(course: Course, topics: list[dict[str, Any]]) -> None:
    """Raise Invalid where a topic is not of the course, a lecture not of its topic or a video not of its lecture."""
    topic_ids = set(db.session.scalars(select(Topic.id).where(Topic.course_id == course.id)))
    lecture_topics = _parents(select(Lecture.id, Lecture.topic_id).where(Lecture.course_id == course.id))
    video_lectures = _parents(
        select(Video.id, Video.lecture_id).join(Video.lecture).where(Lecture.course_id == course.id)
    )
    checked = _Checked()
    refusals = []
    for topic in topics:
        refusal = checked.refusal("topic", topic["id"], topic["id"] in topic_ids)
        lectures = []
        for lecture in topic.get("lectures", []):
            is_there = lecture_topics.get(lecture["id"]) == topic["id"]
            refused = checked.refusal("lecture", lecture["id"], is_there)
            videos = [
                message
                for video in lecture.get("videos", [])
                for message in checked.messages("video", video, video_lectures.get(video) == lecture["id"])
            ]
            lectures.append(refused | ({"videos": videos} if videos else {}))
        refusals.append(refusal | ({"lectures": lectures} if any(lectures) else {}))
    if any(refusals):
        raise Invalid({"topics": refusals})


def _parents(rows: Any) -> Mapping[int, int]:
    return dict(db.session.execute(rows).all())


class _Checked:
    """What has been named so far, and what is wrong with what is named next."""

    def __init__(self) -> None:
        self._named: set[tuple[str, int]] = set()

    def messages(self, kind: str, number: int, is_there: bool) -> Iterable[str]:
        if not is_there:
            return [no_such_pk(number)]
        if (kind, number) in self._named:
            return [_TWICE]
        self._named.add((kind, number))
        return []

    def refusal(self, kind: str, number: int, is_there: bool) -> dict[str, Any]:
        messages = self.messages(kind, number, is_there)
        return {"id": messages} if messages else {}
