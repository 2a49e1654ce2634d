"""What figures are read from, and what the site owner says of the site.

Purchases of hours that are over are rolled up. Those rows are derived from purchases and can be made again from them at
any time, so they refer to nothing by foreign key: what keeps a course or lecture from being deleted are its purchases.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core.database import Base, Int

#: What the smallest card has room for.
SITE_NAME_LENGTH = 40
CARD_INSTRUCTIONS_LENGTH = 80


class RevenueClosing(Base):
    """Up to which moment purchases are rolled up; one row. Later ones are summed when they are asked for."""

    __tablename__ = "revenue_closing"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    closed_before: Mapped[datetime]
    #: The zone whose days these are; after a change of it everything is rolled up anew.
    time_zone: Mapped[str]


class CourseRevenue(Base):
    """What was bought of a course on one business day, in the hours of it that are closed."""

    __tablename__ = "course_revenues"
    __table_args__ = (Index(None, "day"),)

    course_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]


class LectureRevenue(Base):
    """What was bought of a lecture in all closed hours."""

    __tablename__ = "lecture_revenues"
    __table_args__ = (Index(None, "course_id"),)

    lecture_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    course_id: Mapped[int]
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]


class StudentRevenue(Base):
    """What a student bought in a course in all closed hours."""

    __tablename__ = "student_revenues"
    __table_args__ = (Index(None, "course_id"),)

    student_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]
    last_purchase_at: Mapped[datetime]


class StudentTotal(Base):
    """What a student bought in all courses in all closed hours."""

    __tablename__ = "student_totals"

    student_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purchases: Mapped[Int]
    revenue: Mapped[Decimal]
    last_purchase_at: Mapped[datetime]


class Learner(Base):
    """In how many courses of a teacher a student is approved; teacher 0 stands for all teachers. Kept by triggers."""

    __tablename__ = "learners"

    teacher_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    student_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    courses: Mapped[Int]


class SiteSettings(Base):
    """What the site is called and looks like; one row, which the migrations write."""

    __tablename__ = "site_settings"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    site_name: Mapped[str]
    #: Stored name of the picture that stands for the site's name on cards.
    logo: Mapped[str | None]
    #: What cards tell those who hold them, above the address where codes are typed in.
    card_instructions: Mapped[str]
