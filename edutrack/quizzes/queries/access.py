"""What students may read of the homework and quizzes of a lecture, and what those who run its course may."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select

from edutrack.core.caller import Caller, Role
from edutrack.core.errors import Forbidden, NotFound
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Purchase
from edutrack.courses.queries.scope import own_courses
from edutrack.quizzes.models import Homework, Quiz

NOT_PURCHASED = "You must purchase this lecture."


def readable(rows: Select[Any], model: type[Homework] | type[Quiz], caller: Caller) -> Select[Any]:
    """Return those of `rows` of the model that the caller may read, whatever their number.

    Students read what is active and of lectures that they have bought, also when their time is over (rules.md,
    "Homework"); everybody else what is of their courses.
    """
    if caller.role is Role.STUDENT:
        return rows.join(Purchase, bought_by(caller.student_id, model)).where(model.is_active)
    return rows.join(model.lecture).join(Course, Course.id == Lecture.course_id).where(own_courses(caller))


def bought_by(student_id: int, model: type[Homework] | type[Quiz]) -> ColumnElement[bool]:
    """Return the condition that a purchase is the student's, and of the lecture that the model's row goes with."""
    return and_(Purchase.lecture_id == model.lecture_id, Purchase.student_id == student_id)


def require_purchase(caller: Caller, lecture_id: int | None) -> None:
    """Raise Forbidden where a student asks about a lecture that they have not bought, or that does not exist."""
    if lecture_id is None or caller.role is not Role.STUDENT:
        return
    condition = and_(Purchase.lecture_id == lecture_id, Purchase.student_id == caller.student_id)
    if not db.session.scalar(select(exists().where(condition))):
        raise Forbidden(NOT_PURCHASED)


def find_bought(caller: Caller, model: type[Homework] | type[Quiz], item_id: int) -> Any:
    """Return a row of the model that is active and whose lecture the calling student has bought.

    Raises NotFound where there is none or it is not active, and Forbidden where its lecture is not bought.
    """
    found = db.session.execute(
        select(model, Purchase.id)
        .outerjoin(Purchase, bought_by(caller.student_id, model))
        .where(model.id == item_id, model.is_active)
    ).one_or_none()
    if found is None:
        raise NotFound()
    item, purchase_id = found
    if purchase_id is None:
        raise Forbidden(NOT_PURCHASED)
    return item
