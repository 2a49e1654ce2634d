"""Counts that triggers keep: reading them, and folding what has been added to them (rules.md, "Tallies")."""

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, Numeric, Select, Subquery, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core.database import Base, Id
from edutrack.core.extensions import db

#: In place of a teacher's id among learners: whoever learns from any teacher.
ALL_TEACHERS = 0
_FOLD = text("""
    WITH several AS (SELECT measure, subject_id, kind FROM tallies GROUP BY 1, 2, 3 HAVING count(*) > 1),
    gone AS (DELETE FROM tallies t USING several s
             WHERE t.measure = s.measure AND t.subject_id = s.subject_id AND t.kind = s.kind
             RETURNING t.measure, t.subject_id, t.kind, t.count, t.total)
    INSERT INTO tallies (measure, subject_id, kind, count, total)
    SELECT measure, subject_id, kind, sum(count), sum(total) FROM gone GROUP BY 1, 2, 3
""")


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


def counted(measure: str, *subjects: ColumnElement[bool], status: str | None = None) -> Subquery:
    """Return the counts of a measure by what they are of: `subject_id`, `count` and `total`.

    Of the `subjects` that the conditions on Tally let through, and of one status where it is said.
    """
    counts = select(Tally.subject_id, func.sum(Tally.count).label("count"), func.sum(Tally.total).label("total"))
    if status is not None:
        counts = counts.where(Tally.kind["status"].astext == status)
    return counts.where(Tally.measure == measure, *subjects).group_by(Tally.subject_id).subquery()


def learners(teacher_id: int) -> Select[int]:
    """Return the select of how many students are approved in a course of a teacher, or of ALL_TEACHERS."""
    return _summed(Tally.measure == "learners", Tally.subject_id == teacher_id)


def students_counted(**kinds: str | int | None) -> Select[int]:
    """Return the select of how many students are of a status, grade or school type; None asks for any."""
    asked = [Tally.kind[name].astext == str(value) for name, value in kinds.items() if value is not None]
    return _summed(Tally.measure == "students", *asked)


def _summed(*conditions: ColumnElement[bool]) -> Select[int]:
    # PostgreSQL's sum of whole numbers is a decimal one.
    return select(cast(func.coalesce(func.sum(Tally.count), 0), BigInteger)).where(*conditions)


def fold() -> None:
    """Put all that has been added to the same count into one row; the sums stay. One statement."""
    db.session.execute(_FOLD)
