"""What lies in a course, built by the database as one JSON value: topics with their lectures, and how many of each."""

from typing import Any

from sqlalchemy import JSON, ColumnElement, ScalarSelect, Text, cast, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from edutrack.courses.models import Course, Lecture, Topic, Video

_EMPTY_LIST: ColumnElement[Any] = literal_column("'[]'::json")


def topic_count(*, only_active: bool = False) -> ScalarSelect[int]:
    """Return the subquery that counts the topics of the course in the row around it."""
    return (
        select(func.count())
        .select_from(Topic)
        .where(Topic.course_id == Course.id, _shown(Topic.is_active, only_active))
        .correlate(Course)
        .scalar_subquery()
    )


def course_lecture_count() -> ScalarSelect[int]:
    """Return the subquery that counts the lectures of the course in the row around it."""
    return (
        select(func.count()).select_from(Lecture).where(Lecture.course_id == Course.id).correlate(Course)
    ).scalar_subquery()


def course_video_count() -> ScalarSelect[int]:
    """Return the subquery that counts the videos of the course in the row around it."""
    return (
        select(func.count())
        .select_from(Video)
        .join(Video.lecture)
        .where(Lecture.course_id == Course.id)
        .correlate(Course)
        .scalar_subquery()
    )


def lecture_count(*, only_active: bool = False) -> ScalarSelect[int]:
    """Return the subquery that counts the lectures of the topic in the row around it."""
    return (
        select(func.count())
        .select_from(Lecture)
        .where(Lecture.topic_id == Topic.id, _shown(Lecture.is_active, only_active))
        .correlate(Topic)
        .scalar_subquery()
    )


def video_count(*, only_active: bool = False) -> ScalarSelect[int]:
    """Return the subquery that counts the videos of the lecture in the row around it."""
    return (
        select(func.count())
        .select_from(Video)
        .where(Video.lecture_id == Lecture.id, _shown(Video.is_active, only_active))
        .correlate(Lecture)
        .scalar_subquery()
    )


def topics_outline(*, only_active: bool = False) -> ScalarSelect[Any]:
    """Return the subquery that builds the topics of the course in the row around it, each with its lectures.

    Both are in their order. What only staff see is left out by the schema of the answer.
    """
    lectures = (
        select(
            _list_of(
                {
                    "id": Lecture.id,
                    "name": Lecture.name,
                    "description": Lecture.description,
                    "price": _amount(Lecture.price),
                    "final_price": _amount(Lecture.final_price),
                    "discount": _amount(Lecture.discount),
                    "available_days": Lecture.available_days,
                    "order": Lecture.order,
                    "is_active": Lecture.is_active,
                    "video_count": video_count(only_active=only_active),
                },
                Lecture,
            )
        )
        .where(Lecture.topic_id == Topic.id, _shown(Lecture.is_active, only_active))
        .correlate(Topic)
        .scalar_subquery()
    )
    return (
        select(
            _list_of(
                {
                    "id": Topic.id,
                    "name": Topic.name,
                    "description": Topic.description,
                    "order": Topic.order,
                    "is_active": Topic.is_active,
                    "lecture_count": lecture_count(only_active=only_active),
                    "lectures": lectures,
                },
                Topic,
            )
        )
        .where(Topic.course_id == Course.id, _shown(Topic.is_active, only_active))
        .correlate(Course)
        .scalar_subquery()
    )


def _list_of(values: dict[str, Any], model: type[Topic] | type[Lecture]) -> ColumnElement[Any]:
    pairs: list[Any] = []
    for name, value in values.items():
        pairs += [literal_column(f"'{name}'"), value]
    items = func.json_agg(aggregate_order_by(func.json_build_object(*pairs), model.order, model.id), type_=JSON)
    return func.coalesce(items, _EMPTY_LIST, type_=JSON)


def _amount(column: Any) -> ColumnElement[str]:
    # As text: a JSON number would be read as a float.
    return cast(column, Text)


def _shown(is_active: Any, only_active: bool) -> ColumnElement[bool]:
    return is_active if only_active else true()
