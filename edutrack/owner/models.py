"""Revenue of closed business days, rolled up: what no purchase changes any more is not summed again.

Rows are derived from purchases and can be made again from them at any time, so they refer to nothing by foreign key:
what keeps a course or lecture from being deleted are its purchases.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core.database import Base, Int


class RevenueClosing(Base):
    """Up to which moment purchases are rolled up; one row. Later ones are summed when they are asked for."""

    __tablename__ = "revenue_closing"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    closed_before: Mapped[datetime]
    #: The zone whose days these are; after a change of it everything is rolled up anew.
    time_zone: Mapped[str]


class CourseRevenue(Base):
    """What was bought of a course on one closed business day."""

    __tablename__ = "course_revenues"
    __table_args__ = (Index(None, "day"),)

    course_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]


class LectureRevenue(Base):
    """What was bought of a lecture on all closed business days."""

    __tablename__ = "lecture_revenues"
    __table_args__ = (Index(None, "course_id"),)

    lecture_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    course_id: Mapped[int]
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]


class StudentRevenue(Base):
    """What a student bought in a course on all closed business days."""

    __tablename__ = "student_revenues"
    __table_args__ = (Index(None, "course_id"),)

    student_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]
    last_purchase_at: Mapped[datetime]
