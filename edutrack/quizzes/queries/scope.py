"""What of the bank, of homework and of quizzes is the caller's. Whatever lies outside is not found."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import contains_eager

from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture, Topic
from edutrack.courses.queries.scope import own_courses
from edutrack.quizzes.models import Homework, Question, Quiz


def own_questions(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a question is the caller's: of the teacher's own bank, or any for owners."""
    return true() if caller.is_site_owner else Question.teacher_id == caller.teacher_id


def find_question(caller: Caller, question_id: int) -> Question:
    """Return a question of the caller's bank; raises NotFound."""
    return _found(select(Question).where(Question.id == question_id, own_questions(caller)))


def find_homework(caller: Caller, homework_id: int) -> Homework:
    """Return a homework of the caller's courses, with its lecture, topic and course; raises NotFound."""
    return _found(_of_own_courses(Homework, caller).where(Homework.id == homework_id))


def find_quiz(caller: Caller, quiz_id: int) -> Quiz:
    """Return a quiz of the caller's courses, with its lecture, topic and course; raises NotFound."""
    return _found(_of_own_courses(Quiz, caller).where(Quiz.id == quiz_id))


def lock_homework(caller: Caller, homework_id: int) -> Homework:
    """Return a homework of the caller's courses, unchanged by others until this transaction ends; raises NotFound.

    Nobody who hands it in waits for it.
    """
    return _found(locked(_of_own_courses(Homework, caller).where(Homework.id == homework_id), Homework))


def lock_quiz(caller: Caller, quiz_id: int) -> Quiz:
    """Return a quiz of the caller's courses, unchanged by others until this transaction ends; raises NotFound.

    Nobody who starts it waits for it.
    """
    return _found(locked(_of_own_courses(Quiz, caller).where(Quiz.id == quiz_id), Quiz))


def locked(rows: Select[Any], model: type[Homework] | type[Quiz]) -> Select[Any]:
    """Return the select that holds the rows of `model` for an edit, and reads them as they are once it has them."""
    return rows.with_for_update(key_share=True, of=model).execution_options(populate_existing=True)


def _of_own_courses(model: type[Homework] | type[Quiz], caller: Caller) -> Select[Any]:
    return (
        select(model)
        .join(model.lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .options(contains_eager(model.lecture).contains_eager(Lecture.topic).contains_eager(Topic.course))
        .where(own_courses(caller))
    )


def _found(statement: Select[Any]) -> Any:
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound()
    return found
