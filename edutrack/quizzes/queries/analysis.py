"""What the finished attempts at a quiz say of it and of its questions (rules.md, "Quiz analysis")."""

from typing import Any

from sqlalchemy import Row, text

from edutrack.core.extensions import db


def analyse_quiz(quiz: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return the figures of a quiz, given as its `id` and `title`; two statements, however many attempts there are."""
    totals = db.session.execute(_TOTALS, {"quiz_id": quiz.id}).one()
    questions = db.session.execute(_QUESTIONS, {"quiz_id": quiz.id}).all()
    return {"quiz_id": quiz.id, "quiz_title": quiz.title, **totals._mapping, "questions": questions}


_TOTALS = text("""
    SELECT count(*) AS attempts,
           count(DISTINCT student_id) AS students,
           round(avg(score) FILTER (WHERE status = 'graded'), 2) AS mean_score,
           round((percentile_cont(0.5) WITHIN GROUP (ORDER BY score) FILTER (WHERE status = 'graded'))::numeric, 2)
               AS median_score,
           round(avg(passed::int * 100) FILTER (WHERE status = 'graded'), 2) AS pass_rate
    FROM quiz_submissions
    WHERE quiz_id = :quiz_id AND status <> 'in_progress'
""")

# A score to which something is still to be added says nothing of how strong an attempt is: corr passes over it. What
# nobody has graded yet is neither full marks nor not.
_QUESTIONS = text(r"""
    WITH given AS (
        SELECT a.quiz_question_id,
               a.version_id,
               a.choice_ids,
               cardinality(a.choice_ids) > 0 OR coalesce(a.written_answer ~ '\S', false) AS is_answered,
               (a.points_awarded = a.points)::int AS is_full,
               CASE WHEN s.status = 'graded' THEN s.score END AS score
        FROM quiz_answers a
        JOIN quiz_submissions s ON s.id = a.submission_id
        WHERE s.quiz_id = :quiz_id AND s.status <> 'in_progress'
    ),
    figures AS (
        SELECT quiz_question_id,
               count(*) FILTER (WHERE is_answered) AS answered,
               round(avg(is_full), 4)::float8 AS difficulty,
               round(corr(is_full, score)::numeric, 4)::float8 AS discrimination
        FROM given
        GROUP BY quiz_question_id
    ),
    chosen AS (
        SELECT quiz_question_id, choice_id, count(*) AS times
        FROM given, unnest(choice_ids) AS choice_id
        GROUP BY quiz_question_id, choice_id
    ),
    shown AS (
        SELECT quiz_question_id, version_id FROM given
        UNION
        SELECT p.id, v.id
        FROM quiz_questions p
        JOIN question_versions v ON v.question_id = p.question_id AND v.is_current
        WHERE p.quiz_id = :quiz_id
    ),
    choices AS (
        SELECT shown.quiz_question_id,
               json_agg(
                   json_build_object('id', c.id, 'text', c.text, 'is_correct', c.is_correct,
                                     'count', coalesce(chosen.times, 0))
                   ORDER BY v.number DESC, c."order", c.id) AS choices
        FROM shown
        JOIN question_versions v ON v.id = shown.version_id
        JOIN question_choices c ON c.version_id = v.id
        LEFT JOIN chosen ON chosen.quiz_question_id = shown.quiz_question_id AND chosen.choice_id = c.id
        GROUP BY shown.quiz_question_id
    )
    SELECT p.id AS quiz_question_id,
           v.text AS question_text,
           p.points,
           coalesce(figures.answered, 0) AS answered,
           figures.difficulty,
           figures.discrimination,
           coalesce(choices.choices, '[]'::json) AS choices
    FROM quiz_questions p
    JOIN question_versions v ON v.question_id = p.question_id AND v.is_current
    LEFT JOIN figures ON figures.quiz_question_id = p.id
    LEFT JOIN choices ON choices.quiz_question_id = p.id
    WHERE p.quiz_id = :quiz_id AND (NOT p.is_removed OR figures.answered > 0)
    ORDER BY p.is_removed, p."order", p.id
""")
