"""Reading purchases: a student's own, and those of a teacher's courses."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Lecture, Purchase, Topic
from edutrack.courses.queries.scope import own_courses


def purchases_with_relations() -> Select[Purchase]:
    """Return the select of all purchases with what PurchaseSchema shows of them, in two statements.

    The lecture, topic, course and teacher are joined, so conditions may name them; reopenings come with the second.
    """
    return _PURCHASES_WITH_LECTURES.options(selectinload(Purchase.reopenings))


def own_purchases(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a purchase, joined with its course, is a student's own or of the caller's courses."""
    return Purchase.student_id == caller.student_id if caller.role is Role.STUDENT else own_courses(caller)


def find_purchase(caller: Caller, purchase_id: int) -> Purchase:
    """Return one of the caller's purchases with its relations, as the database has them now; raises NotFound.

    One statement: the reopenings of one purchase are few enough to be joined.
    """
    found = (
        db.session.scalars(_PURCHASE_WHOLE.where(Purchase.id == purchase_id, own_purchases(caller)))
        .unique()
        .one_or_none()
    )
    if found is None:
        raise NotFound()
    return found


def find_purchase_to_reopen(caller: Caller, purchase_id: int) -> Purchase:
    """Return one of the caller's purchases without its relations; raises NotFound."""
    found = db.session.scalar(
        select(Purchase)
        .join(Course, Course.id == Purchase.course_id)
        .where(Purchase.id == purchase_id, own_purchases(caller))
    )
    if found is None:
        raise NotFound()
    return found


def purchases_of_student(student_id: int) -> Sequence[Purchase]:
    """Return a student's purchases, newest first."""
    return db.session.scalars(
        purchases_with_relations()
        .where(Purchase.student_id == student_id)
        .order_by(Purchase.purchased_at.desc(), Purchase.id.desc())
    ).all()


def list_purchases(
    caller: Caller,
    *,
    course: int | None = None,
    lecture: int | None = None,
    student: int | None = None,
    expired: bool | None = None,
) -> Select[Purchase]:
    """Return the select of the purchases in the caller's courses, newest first, narrowed by what is given."""
    rows = purchases_with_relations().where(own_courses(caller))
    if course is not None:
        rows = rows.where(Purchase.course_id == course)
    if lecture is not None:
        rows = rows.where(Purchase.lecture_id == lecture)
    if student is not None:
        rows = rows.where(Purchase.student_id == student)
    if expired is not None:
        is_over = Purchase.effective_expiry <= clock.now()
        rows = rows.where(is_over if expired else ~is_over)
    return rows.order_by(Purchase.purchased_at.desc(), Purchase.id.desc())


# Built once, without what is asked of each request.
_PURCHASES_WITH_LECTURES = (
    select(Purchase)
    .join(Purchase.lecture)
    .join(Lecture.topic)
    .join(Topic.course)
    .join(Course.teacher)
    .options(
        contains_eager(Purchase.lecture)
        .contains_eager(Lecture.topic)
        .contains_eager(Topic.course)
        .contains_eager(Course.teacher),
    )
)
_PURCHASE_WHOLE = _PURCHASES_WITH_LECTURES.options(joinedload(Purchase.reopenings)).execution_options(
    populate_existing=True
)
