"""What must always be true of the counts that figures read; each invariant is a query that returns nothing.

rules.md, "Tallies" and "Invariants". Where one is violated, `SELECT edutrack_recount()` counts everything anew.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from edutrack.core.invariants import violated

INVARIANTS: dict[str, str] = {
    "tallies_are_what_there_is": """
        WITH there AS (
            SELECT 'users' AS measure, 0 AS subject_id,
                   jsonb_build_object('role', role, 'is_active', is_active) AS kind, count(*) AS count, 0 AS total
            FROM users GROUP BY 3
            UNION ALL
            SELECT 'students', 0, jsonb_build_object('status', status, 'grade', grade_id, 'school_type', school_type_id,
                                                     'division', division_id), count(*), 0
            FROM students GROUP BY 3
            UNION ALL
            SELECT 'enrollments', course_id, jsonb_build_object('status', status), count(*), 0
            FROM enrollments GROUP BY 2, 3
            UNION ALL
            SELECT 'learners', teacher_id, '{}', count(*), 0 FROM learners WHERE courses > 0 GROUP BY 2
            UNION ALL
            SELECT 'completed_videos', video_id, '{}', count(*), 0 FROM video_progress WHERE is_completed GROUP BY 2
            UNION ALL
            SELECT 'homework_scores', homework_id, '{}', count(*), sum(score * 100 / max_score)
            FROM homework_submissions WHERE max_score > 0 GROUP BY 2
            UNION ALL
            SELECT 'quiz_scores', quiz_id, '{}', count(*), sum(score * 100 / max_score)
            FROM quiz_submissions WHERE status = 'graded' AND max_score > 0 GROUP BY 2
            UNION ALL
            SELECT 'quiz_passes', quiz_id, '{}', count(*), count(*) FILTER (WHERE passed)
            FROM quiz_submissions WHERE status = 'graded' GROUP BY 2
        ),
        tallied AS (
            SELECT measure, subject_id, kind, sum(count) AS count, sum(total) AS total FROM tallies GROUP BY 1, 2, 3
        )
        SELECT measure, subject_id, kind, tallied.count AS tallied, there.count AS there, tallied.total,
               there.total AS total_there
        FROM tallied FULL JOIN there USING (measure, subject_id, kind)
        WHERE coalesce(tallied.count, 0) <> coalesce(there.count, 0)
           OR coalesce(tallied.total, 0) <> coalesce(there.total, 0)
    """,
    "learners_are_who_is_approved": """
        SELECT teacher_id, student_id, known.courses AS known, approved.courses AS approved
        FROM (SELECT * FROM learners WHERE courses <> 0) known
        FULL JOIN (
            SELECT who.teacher_id, student_id, count(*) AS courses
            FROM enrollments JOIN courses ON courses.id = course_id,
                 LATERAL (VALUES (0), (courses.teacher_id)) who (teacher_id)
            WHERE status = 'approved' GROUP BY 1, 2) approved
        USING (teacher_id, student_id)
        WHERE known.courses IS DISTINCT FROM approved.courses
    """,
}


def violations() -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that violate each invariant, by its name; empty where all hold."""
    return violated(INVARIANTS)
