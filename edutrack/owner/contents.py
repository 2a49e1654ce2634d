"""A course from its topics down to the last file, as the console shows it: five statements, however much is in it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DateTime, Row, Select, literal, null, select, union_all

from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Topic
from edutrack.courses.queries import catalogue
from edutrack.courses.queries.materials import list_materials
from edutrack.quizzes.models import Homework, Quiz


@dataclass(frozen=True)
class LectureContents:
    """A lecture with its videos, study materials, and homework and quizzes; each as its room's list shows it."""

    lecture: Row[Any]
    videos: list[Row[Any]]
    materials: list[Row[Any]]
    exercises: list[Row[Any]]


@dataclass(frozen=True)
class TopicContents:
    """A topic with its lectures, in their order."""

    topic: Row[Any]
    lectures: list[LectureContents]


def contents_of(caller: Caller, course: Course) -> list[TopicContents]:
    """Return the topics of one of the caller's courses, in their order, with all that is in them."""
    in_course = Lecture.course_id == course.id
    videos = _grouped(catalogue.list_videos(caller).where(in_course))
    materials = _grouped(list_materials(caller).where(in_course))
    exercises = _grouped(_exercises(course))
    lectures: dict[int, list[LectureContents]] = defaultdict(list)
    for row in db.session.execute(catalogue.list_lectures(caller, course=course.id)):
        lectures[row.topic].append(LectureContents(row, videos[row.id], materials[row.id], exercises[row.id]))
    topics: Iterable[Row[Any]] = db.session.execute(catalogue.list_topics(caller, course=course.id))
    return [TopicContents(row, lectures[row.id]) for row in topics]


def topic_choices(course_id: int) -> list[tuple[int, str]]:
    """Return ids and names of a course's topics, in their order."""
    rows = select(Topic.id, Topic.name).where(Topic.course_id == course_id).order_by(Topic.order, Topic.id)
    return [(number, name) for number, name in db.session.execute(rows)]


def _grouped(rows: Any) -> dict[int, list[Row[Any]]]:
    groups: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in db.session.execute(rows):
        groups[row.lecture].append(row)
    return groups


def _exercises(course: Course) -> Any:
    """Return the select of a course's homework and quizzes by lecture: what kind, which name, and in what state."""
    always = null().cast(DateTime(timezone=True))
    both: Any = union_all(
        _exercise("homework", Homework, course, always, always),
        _exercise("quiz", Quiz, course, Quiz.opens_at, Quiz.closes_at),
    )
    return both.order_by("lecture", "kind", "id")


def _exercise(kind: str, model: Any, course: Course, opens_at: Any, closes_at: Any) -> Select[Any]:
    return (
        select(
            literal(kind).label("kind"),
            model.id,
            model.lecture_id.label("lecture"),
            model.title,
            model.is_active,
            opens_at.label("opens_at"),
            closes_at.label("closes_at"),
        )
        .join(model.lecture)
        .where(Lecture.course_id == course.id)
    )
