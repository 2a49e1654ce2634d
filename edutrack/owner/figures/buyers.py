"""What students have spent, a page at a time: for reading in the console, however many students there are."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, Subquery, cast, func, literal_column, select

from edutrack.accounts.models import Student
from edutrack.core.extensions import db
from edutrack.core.pagination import counted_by, matching
from edutrack.courses.models import Course, Lecture, Purchase
from edutrack.owner.figures import sums

_NOTHING = Decimal(0)
#: What `buyer_ids` can be sorted by.
SPENT: ColumnElement[int] = literal_column("piasters")
PURCHASES: ColumnElement[int] = literal_column("purchases")
LAST_PURCHASE: ColumnElement[datetime] = literal_column("last_purchase_at")
STUDENT: ColumnElement[int] = literal_column("student_id")


def buyer_ids(course_id: int | None = None, search: str = "") -> Select[int]:
    """Return the select of the ids of everybody who has bought something (in a course), without an order.

    `search` finds words in names and student codes. Ids alone: PostgreSQL then sums of everybody no more than what the
    page is sorted by, and `buyers` reads the rest of those who are on the page.
    """
    found = select(Student.id).where(matching(search, Student.search_folded)) if search else None
    ids = select(sums.by_student(course_id, found).c.student_id)
    return ids if search else counted_by(ids, sums.buyer_count(course_id))


def buyers(ids: Sequence[int], course_id: int | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return what these students have spent (in a course), in the order of `ids`. One statement.

    Each with `student_id`, `name`, `student_code`, `spent`, `purchases` and `last_purchase_at`.
    """
    rows = db.session.execute(_named(sums.by_student(course_id, select(Student.id).where(Student.id.in_(ids))))).all()
    places = {student_id: place for place, student_id in enumerate(ids)}
    return sorted(rows, key=lambda row: places[row.student_id])


def all_buyers(course_id: int | None = None, search: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of all whom `buyer_ids` finds, as `buyers` shows them, who spent most first."""
    found = select(Student.id).where(matching(search, Student.search_folded)) if search else None
    rows = _named(sums.by_student(course_id, found))
    return rows.order_by(rows.selected_columns.spent.desc(), Student.id)


def purchases_of_student(student_id: int) -> Select[*tuple[Any, ...]]:
    """Return the select of a student's purchases with lecture, course and what was paid, latest first."""
    return (
        select(
            Lecture.id.label("lecture_id"),
            Lecture.name.label("lecture_name"),
            Course.id.label("course_id"),
            Course.name.label("course_name"),
            Purchase.amount_paid,
            Purchase.purchased_at,
        )
        .join(Purchase.lecture)
        .join(Course, Course.id == Purchase.course_id)
        .where(Purchase.student_id == student_id)
        .order_by(Purchase.purchased_at.desc(), Purchase.id.desc())
    )


def spending_of_student(student_id: int) -> Row[*tuple[Any, ...]]:
    """Return `spent`, `purchases`, `courses` and `last_purchase_at` of one student. One statement."""
    return db.session.execute(
        select(
            func.coalesce(func.sum(Purchase.amount_paid), _NOTHING).label("spent"),
            func.count().label("purchases"),
            func.count(Purchase.course_id.distinct()).label("courses"),
            func.max(Purchase.purchased_at).label("last_purchase_at"),
        ).where(Purchase.student_id == student_id)
    ).one()


def _named(bought: Subquery) -> Select[*tuple[Any, ...]]:
    return select(
        bought.c.student_id,
        Student.name_ar.label("name"),
        Student.student_code,
        bought.c.revenue.label("spent"),
        cast(bought.c.purchases, BigInteger).label("purchases"),
        bought.c.last_purchase_at,
    ).join_from(bought, Student, Student.id == bought.c.student_id)
