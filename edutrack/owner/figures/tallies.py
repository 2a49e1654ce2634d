"""Counts that triggers keep: reading them, and folding what has been added to them (rules.md, "Tallies")."""

from sqlalchemy import ColumnElement, Select, Subquery, func, select, text

from edutrack.core.extensions import db
from edutrack.owner.models import Tally

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
    mine = (Tally.measure == "learners", Tally.subject_id == teacher_id)
    return select(func.coalesce(func.sum(Tally.count), 0)).where(*mine)


def fold() -> None:
    """Put all that has been added to the same count into one row; the sums stay. One statement."""
    db.session.execute(_FOLD)
