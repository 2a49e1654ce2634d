"""What must always be true of money and access; each invariant is a query that returns nothing.

rules.md, "Invariants".

Whatever moves money later adds its invariants here; `edutrack check-ledger` runs them all.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from edutrack.core.invariants import violated

INVARIANTS: dict[str, str] = {
    "balance_is_the_sum_of_its_entries": """
        SELECT student_id, course_id, b.balance, e.total
        FROM course_balances b
        FULL JOIN (SELECT student_id, course_id, sum(amount) AS total FROM balance_transactions GROUP BY 1, 2) e
        USING (student_id, course_id)
        WHERE coalesce(b.balance, 0) <> coalesce(e.total, 0)
    """,
    "no_balance_is_negative": """
        SELECT student_id, course_id, balance AS held FROM course_balances WHERE balance < 0
        UNION ALL SELECT student_id, course_id, balance_after FROM balance_transactions WHERE balance_after < 0
    """,
    "each_entry_continues_the_one_before": """
        SELECT id, before, amount, balance_after FROM (
            SELECT id, amount, balance_after,
                   lag(balance_after, 1, 0::numeric) OVER (PARTITION BY student_id, course_id ORDER BY id) AS before
            FROM balance_transactions) entries
        WHERE balance_after - amount <> before
    """,
    "each_used_code_has_one_credit": """
        SELECT c.id AS code_id, t.entries
        FROM recharge_codes c
        LEFT JOIN LATERAL (
            SELECT count(*) AS entries,
                   bool_and(amount = c.value AND student_id = c.used_by_id AND course_id = c.course_id) AS agrees
            FROM balance_transactions WHERE code_id = c.id) t ON true
        WHERE c.used_by_id IS NOT NULL AND (t.entries <> 1 OR NOT t.agrees)
    """,
    "each_credit_has_a_used_code": """
        SELECT t.id, t.code_id FROM balance_transactions t LEFT JOIN recharge_codes c ON c.id = t.code_id
        WHERE t.code_id IS NOT NULL AND c.used_by_id IS NULL
    """,
    "a_used_code_says_by_whom_and_when": """
        SELECT id AS code_id FROM recharge_codes
        WHERE (used_by_id IS NULL) <> (used_at IS NULL) OR used_at > expires_at OR used_at > voided_at
    """,
    "no_code_is_used_and_voided": """
        SELECT c.id AS code_id FROM recharge_codes c
        WHERE c.voided_at IS NOT NULL
          AND (c.used_by_id IS NOT NULL OR EXISTS (SELECT FROM balance_transactions t WHERE t.code_id = c.id))
    """,
    "each_paid_purchase_has_one_debit": """
        SELECT p.id AS purchase_id, p.amount_paid, t.entries
        FROM purchases p
        LEFT JOIN LATERAL (
            SELECT count(*) AS entries,
                   bool_and(amount = -p.amount_paid AND student_id = p.student_id AND course_id = p.course_id) AS agrees
            FROM balance_transactions WHERE purchase_id = p.id) t ON true
        WHERE t.entries <> (p.amount_paid > 0)::int OR NOT coalesce(t.agrees, true)
    """,
    "a_lecture_is_bought_once": """
        SELECT student_id, lecture_id, count(*) AS purchases FROM purchases GROUP BY 1, 2 HAVING count(*) > 1
    """,
    "each_purchase_had_an_approved_enrolment": """
        SELECT p.id AS purchase_id FROM purchases p
        WHERE NOT EXISTS (
            SELECT FROM enrollments e
            WHERE e.student_id = p.student_id AND e.course_id = p.course_id
              AND e.status = 'approved' AND e.responded_at <= p.purchased_at)
    """,
    "each_entry_has_one_source": """
        SELECT id FROM balance_transactions WHERE num_nonnulls(code_id, purchase_id, adjustment_id) <> 1
    """,
    "each_adjustment_has_one_entry": """
        SELECT a.id AS adjustment_id, t.entries
        FROM adjustments a
        LEFT JOIN LATERAL (
            SELECT count(*) AS entries,
                   bool_and(amount = a.amount AND student_id = a.student_id AND course_id = a.course_id) AS agrees
            FROM balance_transactions WHERE adjustment_id = a.id) t ON true
        WHERE t.entries <> 1 OR NOT t.agrees
    """,
    "every_issued_code_is_there": """
        SELECT b.id AS batch_id, b.quantity * b.value AS issued, c.total AS found
        FROM recharge_batches b
        LEFT JOIN (
            SELECT batch_id,
                   coalesce(sum(value) FILTER (WHERE used_by_id IS NULL AND voided_at IS NULL), 0)
                   + coalesce(sum(value) FILTER (WHERE voided_at IS NOT NULL), 0)
                   + coalesce(sum(value) FILTER (WHERE used_by_id IS NOT NULL), 0) AS total
            FROM recharge_codes GROUP BY 1) c ON c.batch_id = b.id
        WHERE b.quantity * b.value <> coalesce(c.total, 0)
    """,
    "revenue_is_what_was_taken": """
        SELECT course_id, p.revenue, t.taken
        FROM (SELECT course_id, sum(amount_paid) AS revenue FROM purchases GROUP BY 1) p
        FULL JOIN (SELECT course_id, -sum(amount) AS taken FROM balance_transactions
                   WHERE purchase_id IS NOT NULL GROUP BY 1) t USING (course_id)
        WHERE coalesce(p.revenue, 0) <> coalesce(t.taken, 0)
    """,
    "closed_days_are_what_was_bought": """
        SELECT course_id, closed.revenue AS rolled_up, bought.revenue AS bought
        FROM (SELECT course_id, day, purchases, revenue FROM course_revenues) closed
        FULL JOIN (SELECT p.course_id, (p.purchased_at AT TIME ZONE c.time_zone)::date AS day, count(*) AS purchases,
                          sum(p.amount_paid) AS revenue
                   FROM purchases p, revenue_closing c WHERE p.purchased_at < c.closed_before GROUP BY 1, 2) bought
        USING (course_id, day)
        WHERE closed.purchases IS DISTINCT FROM bought.purchases OR closed.revenue IS DISTINCT FROM bought.revenue
    """,
    "closed_lectures_are_what_was_bought": """
        SELECT lecture_id, closed.revenue AS rolled_up, bought.revenue AS bought
        FROM (SELECT lecture_id, purchases, revenue FROM lecture_revenues) closed
        FULL JOIN (SELECT p.lecture_id, count(*) AS purchases, sum(p.amount_paid) AS revenue
                   FROM purchases p, revenue_closing c WHERE p.purchased_at < c.closed_before GROUP BY 1) bought
        USING (lecture_id)
        WHERE closed.purchases IS DISTINCT FROM bought.purchases OR closed.revenue IS DISTINCT FROM bought.revenue
    """,
    "closed_students_are_what_was_bought": """
        SELECT student_id, course_id, closed.revenue AS rolled_up, bought.revenue AS bought
        FROM (SELECT student_id, course_id, purchases, revenue FROM student_revenues) closed
        FULL JOIN (SELECT p.student_id, p.course_id, count(*) AS purchases, sum(p.amount_paid) AS revenue
                   FROM purchases p, revenue_closing c WHERE p.purchased_at < c.closed_before GROUP BY 1, 2) bought
        USING (student_id, course_id)
        WHERE closed.purchases IS DISTINCT FROM bought.purchases OR closed.revenue IS DISTINCT FROM bought.revenue
    """,
    "totals_of_students_are_what_was_bought": """
        SELECT student_id, closed.revenue AS rolled_up, bought.revenue AS bought
        FROM student_totals closed
        FULL JOIN (SELECT p.student_id, count(*) AS purchases, sum(p.amount_paid) AS revenue,
                          max(p.purchased_at) AS last_purchase_at
                   FROM purchases p, revenue_closing c WHERE p.purchased_at < c.closed_before GROUP BY 1) bought
        USING (student_id)
        WHERE (closed.purchases, closed.revenue, closed.last_purchase_at)
              IS DISTINCT FROM (bought.purchases, bought.revenue, bought.last_purchase_at)
    """,
    "access_ends_when_the_log_says": """
        SELECT p.id AS purchase_id, p.effective_expiry, r.last_end
        FROM purchases p
        LEFT JOIN LATERAL (
            SELECT sum(extra_days) AS days, (array_agg(new_expiry ORDER BY id DESC))[1] AS last_end
            FROM reopenings WHERE purchase_id = p.id) r ON true
        WHERE p.effective_expiry <> coalesce(r.last_end, p.expires_at) OR p.extra_days <> coalesce(r.days, 0)
    """,
}


def violations() -> dict[str, Sequence[Row[Any]]]:
    """Return the rows that violate each invariant, by its name; empty where all hold."""
    return violated(INVARIANTS)
