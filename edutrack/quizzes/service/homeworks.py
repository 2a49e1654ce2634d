"""Homework: made, changed and deleted by those who run the course."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.errors import invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.service.changes import change, usable_lecture
from edutrack.courses.service.deletion import deleting
from edutrack.quizzes.models import Homework
from edutrack.quizzes.service.places import put_questions


def create_homework(
    caller: Caller,
    *,
    lecture: int,
    title: str,
    description: str | None = None,
    is_active: bool = True,
    questions: Sequence[dict[str, Any]] = (),
) -> Homework:
    """Add a homework to a lecture of the caller's courses (rules.md, "Homework").

    Raises Invalid for a lecture that is not the caller's, and for questions that cannot be put into it.
    """
    parent = usable_lecture(caller, lecture)
    homework = Homework(lecture=parent, title=title, description=description, is_active=is_active)
    db.session.add(homework)
    audit.record(caller, "homework.created", homework, lecture=lecture, title=title)
    put_questions(homework, questions)
    return homework


def change_homework(caller: Caller, homework: Homework, **values: Any) -> Homework:
    """Change a homework, which is locked; its questions are replaced as a whole where they are given.

    What was handed in stays as it was graded (rules.md, "Homework"). Raises Invalid where another lecture is asked for,
    and for questions that cannot be put into it.
    """
    asked = values.pop("lecture", homework.lecture_id)
    if asked != homework.lecture_id:
        raise invalid_pk("lecture", asked)
    questions = values.pop("questions", None)
    changed = change(homework, values)
    if questions is not None:
        put_questions(homework, questions)
        changed.append("questions")
    audit.record(caller, "homework.changed", homework, changed=changed)
    db.session.flush()
    return homework


def delete_homework(caller: Caller, homework: Homework) -> None:
    """Delete a homework; raises Rejected where it was handed in (rules.md, "Deleting content")."""
    audit.record(caller, "homework.deleted", homework, lecture=homework.lecture_id, title=homework.title)
    with deleting("homework"):
        db.session.execute(
            delete(Homework).where(Homework.id == homework.id), execution_options={"synchronize_session": False}
        )
