"""What figures are read from: purchases of hours that are over, rolled up, and counts that triggers keep.

Rows are derived from purchases and can be made again from them at any time, so they refer to nothing by foreign key:
what keeps a course or lecture from being deleted are its purchases. `edutrack_recount()` makes the counts anew.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core.database import Base, Id, Int


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


class Tally(Base):
    """Something added to a count: the sum over all rows of a measure, subject and kind is how many there are.

    Triggers add a row for what a statement changed, so that two changes never wait for each other; folding puts rows of
    the same count together.
    """

    __tablename__ = "tallies"
    __table_args__ = (Index(None, "measure", "subject_id"),)

    id: Mapped[Id]
    #: What is counted: `users`, `students`, `enrollments` of a course, `learners` of a teacher, `completed_videos`,
    #: `homework_scores`, `quiz_scores`, `quiz_passes`.
    measure: Mapped[str]
    #: Of which course, teacher, video, homework or quiz; 0 for all there are.
    subject_id: Mapped[int]
    #: What they are told apart by, such as {"status": "approved"}.
    kind: Mapped[dict[str, Any]] = mapped_column(JSONB)
    count: Mapped[int]
    #: Sum of the scores, in percent of the points; of passes, how many passed.
    total: Mapped[Decimal] = mapped_column(Numeric)


class Learner(Base):
    """In how many courses of a teacher a student is approved; teacher 0 stands for all teachers."""

    __tablename__ = "learners"

    teacher_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    student_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    courses: Mapped[Int]
