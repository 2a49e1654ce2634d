"""Quizzes: made, changed and deleted by those who run the course."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.database import when_violated
from edutrack.core.errors import Invalid, invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.service.changes import change, usable_lecture
from edutrack.courses.service.deletion import deleting
from edutrack.quizzes.models import Quiz
from edutrack.quizzes.service.places import put_questions

NEVER_CLOSES = "A quiz that shows something after it closes must have a closing time."
CLOSES_TOO_EARLY = "The quiz must close after it opens."

when_violated("ck_quizzes_after_close_has_a_close", lambda: Invalid({"closes_at": [NEVER_CLOSES]}))
when_violated("ck_quizzes_opens_before_it_closes", lambda: Invalid({"closes_at": [CLOSES_TOO_EARLY]}))


def create_quiz(
    caller: Caller, *, lecture: int, title: str, questions: Sequence[dict[str, Any]] = (), **settings: Any
) -> Quiz:
    """Add a quiz to a lecture of the caller's courses; `settings` are its columns by name (rules.md, "Quizzes").

    Raises Invalid for a lecture that is not the caller's, for times that do not fit each other or what is shown when,
    and for questions that cannot be put into it.
    """
    parent = usable_lecture(caller, lecture)
    quiz = Quiz(lecture=parent, title=title, **settings)
    db.session.add(quiz)
    audit.record(caller, "quiz.created", quiz, lecture=lecture, title=title)
    put_questions(quiz, questions)
    return quiz


def change_quiz(caller: Caller, quiz: Quiz, **values: Any) -> Quiz:
    """Change a quiz, which is locked; its questions are replaced as a whole where they are given.

    Attempts that have begun keep what they began with (rules.md, "Quizzes"). Raises Invalid where another lecture is
    asked for, for times that do not fit each other or what is shown when, and for questions that cannot be put into it.
    """
    asked = values.pop("lecture", quiz.lecture_id)
    if asked != quiz.lecture_id:
        raise invalid_pk("lecture", asked)
    questions = values.pop("questions", None)
    changed = change(quiz, values)
    # What is wrong with the quiz itself is said before what is wrong with its questions.
    db.session.flush()
    if questions is not None:
        put_questions(quiz, questions)
        changed.append("questions")
    audit.record(caller, "quiz.changed", quiz, changed=changed)
    db.session.flush()
    return quiz


def delete_quiz(caller: Caller, quiz: Quiz) -> None:
    """Delete a quiz; raises Rejected where somebody has started it (rules.md, "Deleting content")."""
    audit.record(caller, "quiz.deleted", quiz, lecture=quiz.lecture_id, title=quiz.title)
    with deleting("quiz"):
        db.session.execute(delete(Quiz).where(Quiz.id == quiz.id), execution_options={"synchronize_session": False})
