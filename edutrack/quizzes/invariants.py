"""What must always be true of attempts and homework; each invariant is a query that returns nothing.

rules.md, "Invariants".
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from edutrack.core.invariants import violated
from edutrack.quizzes.queries.attempts import GRACE

INVARIANTS: dict[str, str] = {
    "one_attempt_runs_at_a_time": """
        SELECT quiz_id, student_id, count(*) AS running FROM quiz_submissions
        WHERE status = 'in_progress' GROUP BY 1, 2 HAVING count(*) > 1
    """,
    "attempts_are_numbered_without_a_gap": """
        SELECT id AS submission_id, attempt_number, place FROM (
            SELECT id, attempt_number,
                   row_number() OVER (PARTITION BY quiz_id, student_id ORDER BY attempt_number, id) AS place
            FROM quiz_submissions) numbered
        WHERE attempt_number <> place
    """,
    "each_attempt_is_scored_by_its_answers": """
        SELECT s.id AS submission_id, s.score, s.max_score, a.awarded, a.points
        FROM quiz_submissions s
        LEFT JOIN (
            SELECT submission_id, sum(points) AS points, coalesce(sum(points_awarded), 0) AS awarded
            FROM quiz_answers GROUP BY 1) a ON a.submission_id = s.id
        WHERE s.max_score <> coalesce(a.points, 0)
           OR s.score <> coalesce(a.awarded, 0)
           OR s.score NOT BETWEEN 0 AND s.max_score
           OR (s.score IS NULL) <> (s.status = 'in_progress')
    """,
    "no_answer_is_worth_more_than_its_question": """
        SELECT id AS answer_id, points, points_awarded FROM quiz_answers WHERE points_awarded NOT BETWEEN 0 AND points
        UNION ALL
        SELECT id, points, points_awarded FROM homework_answers WHERE points_awarded NOT BETWEEN 0 AND points
    """,
    "an_attempt_waits_for_its_written_answers_alone": """
        SELECT s.id AS submission_id, s.status, a.waiting, a.graded
        FROM quiz_submissions s
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE points_awarded IS NULL) AS waiting, count(points_awarded) AS graded,
                   bool_or(points_awarded IS NULL AND v.type <> 'written') AS is_choice
            FROM quiz_answers JOIN question_versions v ON v.id = version_id WHERE submission_id = s.id) a ON true
        WHERE CASE s.status
              WHEN 'in_progress' THEN a.graded > 0
              WHEN 'submitted' THEN a.waiting = 0 OR a.is_choice
              ELSE a.waiting > 0 END
    """,
    "an_attempt_is_passed_by_its_score": """
        SELECT id AS submission_id, status, score, passed FROM quiz_submissions
        WHERE passed <> coalesce(status = 'graded' AND score * 100 >= passing_score * max_score, false)
    """,
    "no_attempt_ends_after_its_grace": f"""
        SELECT id AS submission_id, started_at, deadline_at, submitted_at FROM quiz_submissions
        WHERE submitted_at < started_at
           OR submitted_at > deadline_at + interval '{GRACE.total_seconds():.0f} seconds'
           OR (is_timed_out AND submitted_at IS DISTINCT FROM deadline_at)
           OR deadline_at > started_at + make_interval(mins => timer_minutes)
    """,  # noqa: S608 - a constant of our own
    "what_is_answered_was_bought": """
        SELECT s.id AS submission_id, s.student_id, q.lecture_id
        FROM quiz_submissions s JOIN quizzes q ON q.id = s.quiz_id
        WHERE NOT EXISTS (
            SELECT FROM purchases p
            WHERE p.student_id = s.student_id AND p.lecture_id = q.lecture_id AND p.purchased_at <= s.started_at)
        UNION ALL
        SELECT s.id, s.student_id, h.lecture_id
        FROM homework_submissions s JOIN homeworks h ON h.id = s.homework_id
        WHERE NOT EXISTS (
            SELECT FROM purchases p
            WHERE p.student_id = s.student_id AND p.lecture_id = h.lecture_id AND p.purchased_at <= s.submitted_at)
    """,
    "each_answer_is_of_the_version_that_was_given": """
        SELECT a.id AS answer_id, a.version_id
        FROM quiz_answers a
        JOIN question_versions v ON v.id = a.version_id
        JOIN quiz_questions p ON p.id = a.quiz_question_id
        JOIN quiz_submissions s ON s.id = a.submission_id
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(c.id), '{}') AS ids FROM question_choices c WHERE c.version_id = v.id) choices
        WHERE v.question_id <> p.question_id
           OR p.quiz_id <> s.quiz_id
           OR NOT (a.choice_order <@ choices.ids AND choices.ids <@ a.choice_order)
           OR NOT a.choice_ids <@ choices.ids
           OR (v.type = 'mcq_single' AND cardinality(a.choice_ids) > 1)
           OR (v.type <> 'written' AND a.written_answer IS NOT NULL)
        UNION ALL
        SELECT a.id, a.version_id
        FROM homework_answers a
        JOIN question_versions v ON v.id = a.version_id
        JOIN homework_questions p ON p.id = a.homework_question_id
        JOIN homework_submissions s ON s.id = a.submission_id
        LEFT JOIN question_choices c ON c.id = a.choice_id
        WHERE v.question_id <> p.question_id OR p.homework_id <> s.homework_id OR c.version_id <> v.id
    """,
    "each_homework_is_scored_by_its_answers": """
        SELECT s.id AS submission_id, s.score, s.max_score, a.awarded, a.points
        FROM homework_submissions s
        LEFT JOIN (
            SELECT submission_id, sum(points) AS points, sum(points_awarded) AS awarded
            FROM homework_answers GROUP BY 1) a ON a.submission_id = s.id
        WHERE s.score <> coalesce(a.awarded, 0)
           OR s.max_score <> coalesce(a.points, 0)
           OR s.score NOT BETWEEN 0 AND s.max_score
    """,
    "each_question_has_one_current_version": """
        SELECT q.id AS question_id, v.versions, v.latest, v.current
        FROM questions q
        LEFT JOIN (
            SELECT question_id, count(*) AS versions, max(number) AS latest,
                   array_agg(number) FILTER (WHERE is_current) AS current
            FROM question_versions GROUP BY 1) v ON v.question_id = q.id
        WHERE v.current IS DISTINCT FROM ARRAY[v.latest] OR v.versions <> v.latest
    """,
}


def violations() -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that violate each invariant, by its name; empty where all hold."""
    return violated(INVARIANTS)
