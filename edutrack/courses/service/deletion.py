"""Deleting what nobody has used: the foreign keys decide, and their names say what stands in the way."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from edutrack.core.database import violated_constraint
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.files import remove_file
from edutrack.courses.models import Course, Lecture, StudyMaterial, Topic, Video

#: What students and their money leave behind, by the foreign key that keeps it, in words that end the refusal.
_OBSTACLES = {
    "fk_enrollments_course_id_courses": "students enrolled in it",
    "fk_purchases_lecture_id_course_id_lectures": "purchases",
    "fk_video_progress_video_id_videos": "watch progress",
    "fk_recharge_batches_course_id_courses": "recharge codes",
    "fk_course_balances_course_id_courses": "balances",
    "fk_adjustments_course_id_courses": "balances",
    "fk_balance_transactions_course_id_courses": "balances",
    # Homework and quizzes go with their lecture, by the database; what students have handed in keeps them.
    "fk_homework_submissions_homework_id_homeworks": "submissions",
    "fk_homework_answers_homework_question_id_homework_questions": "submissions",
    "fk_quiz_submissions_quiz_id_quizzes": "submissions",
    "fk_quiz_answers_quiz_question_id_quiz_questions": "submissions",
}

_NOTHING_IS_READ_AGAIN = {"synchronize_session": False}


@contextmanager
def deleting(noun: str) -> Iterator[None]:
    """Turn a violated foreign key into the refusal to delete the `noun` (rules.md, "Deleting content").

    Everything inside is taken back to where it began, so that more can be read before the refusal is answered.
    """
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as violation:
        constraint = violated_constraint(violation)
        if constraint not in _OBSTACLES:
            raise
        raise Rejected(f"Cannot delete a {noun} that has {_OBSTACLES[constraint]}.") from violation


def delete_lectures(condition: ColumnElement[bool]) -> None:
    """Delete the lectures that meet `condition`, with their videos, materials and stored files."""
    lectures = select(Lecture.id).where(condition)
    delete_videos(Video.lecture_id.in_(lectures))
    materials = delete(StudyMaterial).where(StudyMaterial.lecture_id.in_(lectures)).returning(StudyMaterial.file)
    for name in db.session.scalars(materials, execution_options=_NOTHING_IS_READ_AGAIN).all():
        remove_file(name)
    delete_rows(Lecture, condition)


def delete_videos(condition: ColumnElement[bool]) -> None:
    """Delete the videos that meet `condition`, with their stored files."""
    videos = delete(Video).where(condition).returning(Video.platform, Video.source)
    for platform, source in db.session.execute(videos, execution_options=_NOTHING_IS_READ_AGAIN).all():
        if platform == "file":
            remove_file(source)


def delete_rows(model: type[Course] | type[Topic] | type[Lecture], condition: ColumnElement[bool]) -> None:
    """Delete the rows of `model` that meet `condition`, and nothing below them."""
    db.session.execute(delete(model).where(condition), execution_options=_NOTHING_IS_READ_AGAIN)
