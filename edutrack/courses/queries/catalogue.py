"""Reading the catalogue: courses with their topics, lectures and videos, as flat rows named like the answers' keys."""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, bindparam, select
from sqlalchemy.orm import joinedload

from edutrack.accounts.models import Teacher, User
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.pagination import FilledList, PreparedList, matching, ordered
from edutrack.core.statements import run
from edutrack.courses.models import Course, Lecture, Topic, Video
from edutrack.courses.queries import outline
from edutrack.courses.queries.fit import fits_student
from edutrack.courses.queries.scope import link_holder, own_courses
from edutrack.structure.models import Grade, Subject

_ORDERINGS = {"created_at": Course.created_at, "name": Course.name}
#: What each kind of answer shows, named like its keys.
_COURSE_COLUMNS: list[Any] = [
    Course.id,
    Course.name,
    Course.teacher_id.label("teacher"),
    Teacher.name.label("teacher_name"),
    Course.grade_id.label("grade"),
    Grade.name.label("grade_name"),
    Course.subject_id.label("subject"),
    Subject.name.label("subject_name"),
    Course.description,
    Course.cover_picture,
    Course.is_active,
    Course.created_at,
]
_TOPIC_COLUMNS: list[Any] = [
    Topic.id,
    Topic.course_id.label("course"),
    Topic.name,
    Topic.description,
    Topic.order,
    Topic.is_active,
    outline.lecture_count().label("lecture_count"),
    Topic.created_at,
]
_LECTURE_COLUMNS: list[Any] = [
    Lecture.id,
    Lecture.topic_id.label("topic"),
    Topic.name.label("topic_name"),
    Lecture.course_id.label("course"),
    Course.name.label("course_name"),
    Lecture.name,
    Lecture.description,
    Lecture.price,
    Lecture.discount,
    Lecture.final_price,
    Lecture.available_days,
    Lecture.order,
    Lecture.is_active,
    outline.video_count().label("video_count"),
    Lecture.created_at,
]
_VIDEO_COLUMNS: list[Any] = [
    Video.id,
    Video.lecture_id.label("lecture"),
    Video.name,
    Video.platform,
    Video.source,
    Video.duration_seconds,
    Video.order,
    Video.is_active,
    Video.created_at,
]
_SUBJECT = select(Subject.id).where(Subject.id == bindparam("subject"))


def find_subject_id(_caller: Caller, subject_id: int) -> int:
    """Return the id of a subject that there is, whoever asks; raises NotFound."""
    if run(_SUBJECT, subject=subject_id).scalar() is None:
        raise NotFound()
    return subject_id


def list_courses(caller: Caller, *, ordering: str, search: str = "", **filters: Any) -> Select[Any]:
    """Return the select of the caller's courses as CourseSchema shows them, topics and counts included.

    `filters` are columns by their names in the query: teacher, grade, subject, is_active.
    """
    columns = {
        "teacher": Course.teacher_id,
        "grade": Course.grade_id,
        "subject": Course.subject_id,
        "is_active": Course.is_active,
    }
    rows = _courses_whole().where(own_courses(caller), _found_by(search))
    for name, value in filters.items():
        rows = rows.where(columns[name] == value)
    return ordered(rows, ordering, _ORDERINGS, Course.id)


def course_item(course: Course) -> Row[Any]:
    """Return one course as CourseSchema shows it."""
    return db.session.execute(_courses_whole().where(Course.id == course.id)).one()


def courses_of_subject(
    caller: Caller, subject_id: int, *, ordering: str, search: str = "", teacher: int | None = None
) -> FilledList:
    """Return the list of a subject's active courses as CourseSummarySchema shows them.

    Students get only those that are meant for them and that a teacher with an active account gives (rules.md,
    "Browsing courses").
    """
    values = {"subject": subject_id}
    if caller.role is Role.STUDENT:
        values["student"] = caller.student_id
    if teacher is not None:
        values["teacher"] = teacher
    courses = _courses_of_subject(ordering, "student" in values, "teacher" in values)
    if search:
        courses = PreparedList(courses.rows.where(_found_by(search)))
    return courses.filled(**values)


@cache
def _courses_of_subject(ordering: str, for_student: bool, by_teacher: bool) -> PreparedList:
    rows = _courses_summed_up(only_active=True).where(Course.subject_id == bindparam("subject"), Course.is_active)
    if for_student:
        fits = fits_student(bindparam("student", type_=BigInteger))
        rows = rows.join(User, User.id == Teacher.user_id).where(User.is_active, fits)
    if by_teacher:
        rows = rows.where(Course.teacher_id == bindparam("teacher"))
    return PreparedList(ordered(rows, ordering, _ORDERINGS, Course.id))


def own_course_list(caller: Caller, *, ordering: str, search: str = "", teacher: int | None = None) -> Select[Any]:
    """Return the select of the caller's courses, inactive ones too, as CourseSummarySchema shows them."""
    rows = _courses_summed_up(only_active=False).where(own_courses(caller), _found_by(search))
    if teacher is not None:
        rows = rows.where(Course.teacher_id == teacher)
    return ordered(rows, ordering, _ORDERINGS, Course.id)


def preview_course(caller: Caller, course_id: int) -> dict[str, Any]:
    """Return what CoursePreviewSchema shows of a course: its active topics and lectures, with prices.

    Raises NotFound for a course that is not active, unless it is one of the caller's own (rules.md, "Browsing
    courses").
    """
    row = db.session.execute(
        select(Course, outline.topics_outline(only_active=True).label("topics"))
        .options(joinedload(Course.teacher), joinedload(Course.grade), joinedload(Course.subject))
        .where(Course.id == course_id, Course.is_active | own_courses(caller))
    ).one_or_none()
    if row is None:
        raise NotFound("Course not found", key="error")
    course, topics = row
    return {
        "course": course,
        "topics": topics,
        "topic_count": len(topics),
        "total_lectures": sum(topic["lecture_count"] for topic in topics),
    }


def list_topics(caller: Caller, *, course: int | None = None) -> Select[Any]:
    """Return the select of the topics in the caller's courses as TopicSchema shows them, in their order."""
    rows = _topics().where(own_courses(caller))
    if course is not None:
        rows = rows.where(Topic.course_id == course)
    return rows.order_by(Topic.course_id, Topic.order, Topic.id)


def topic_item(topic: Topic) -> Row[Any]:
    """Return one topic as TopicSchema shows it."""
    return db.session.execute(_topics().where(Topic.id == topic.id)).one()


def list_lectures(caller: Caller, *, course: int | None = None, topic: int | None = None) -> Select[Any]:
    """Return the select of the lectures in the caller's courses as LectureSchema shows them, in their order."""
    rows = _lectures().where(own_courses(caller))
    if course is not None:
        rows = rows.where(Lecture.course_id == course)
    if topic is not None:
        rows = rows.where(Lecture.topic_id == topic)
    return rows.order_by(Lecture.course_id, Topic.order, Topic.id, Lecture.order, Lecture.id)


def lecture_item(lecture: Lecture) -> Row[Any]:
    """Return one lecture as LectureSchema shows it."""
    return db.session.execute(_lectures().where(Lecture.id == lecture.id)).one()


def list_videos(caller: Caller, *, lecture: int | None = None) -> Select[Any]:
    """Return the select of the videos in the caller's courses as VideoSchema shows them, in their order."""
    columns = (*_VIDEO_COLUMNS, *link_holder(caller))
    rows = select(*columns).join(Video.lecture).join(Lecture.topic).join(Topic.course).where(own_courses(caller))
    if lecture is not None:
        rows = rows.where(Video.lecture_id == lecture)
    return rows.order_by(Video.lecture_id, Video.order, Video.id)


def video_item(caller: Caller, video: Video) -> Row[Any]:
    """Return one of the caller's videos as VideoSchema shows it."""
    return db.session.execute(list_videos(caller).where(Video.id == video.id)).one()


def _joined(rows: Select[Any]) -> Select[Any]:
    return rows.join(Course.teacher).join(Course.grade).join(Course.subject)


def _courses_whole() -> Select[Any]:
    return _joined(
        select(
            *_COURSE_COLUMNS,
            Course.teacher_id.label("teacher_id"),
            Course.updated_at,
            outline.topics_outline().label("topics"),
            outline.topic_count().label("topic_count"),
            outline.course_lecture_count().label("total_lectures"),
            outline.course_video_count().label("total_videos"),
        )
    )


def _courses_summed_up(*, only_active: bool) -> Select[Any]:
    count = outline.topic_count(only_active=only_active)
    return _joined(select(*_COURSE_COLUMNS, count.label("topic_count")))


def _found_by(search: str) -> ColumnElement[bool]:
    return matching(search, Course.search_folded, Teacher.name_folded)


def _topics() -> Select[Any]:
    return select(*_TOPIC_COLUMNS).join(Topic.course)


def _lectures() -> Select[Any]:
    return select(*_LECTURE_COLUMNS).join(Lecture.topic).join(Topic.course)
