"""Counts that triggers keep while rows change, so that no figure counts a whole table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: Of each table: what one of its rows adds to which tally, where {rows} is the table or some of its rows.
TALLIED = {
    "users": """
        SELECT 'users' AS measure, 0 AS subject_id, jsonb_build_object('role', role, 'is_active', is_active) AS kind,
               1 AS count, 0::numeric AS total
        FROM {rows}
    """,
    "students": """
        SELECT 'students' AS measure, 0 AS subject_id, jsonb_build_object('status', status, 'grade', grade_id,
               'school_type', school_type_id, 'division', division_id) AS kind, 1 AS count, 0::numeric AS total
        FROM {rows}
    """,
    "enrollments": """
        SELECT 'enrollments' AS measure, course_id AS subject_id, jsonb_build_object('status', status) AS kind,
               1 AS count, 0::numeric AS total
        FROM {rows}
    """,
    "video_progress": """
        SELECT 'completed_videos' AS measure, video_id AS subject_id, '{{}}'::jsonb AS kind,
               1 AS count, 0::numeric AS total
        FROM {rows} WHERE is_completed
    """,
    "homework_submissions": """
        SELECT 'homework_scores' AS measure, homework_id AS subject_id, '{{}}'::jsonb AS kind,
               1 AS count, score * 100 / max_score AS total
        FROM {rows} WHERE max_score > 0
    """,
    "quiz_submissions": """
        SELECT 'quiz_scores' AS measure, quiz_id AS subject_id, '{{}}'::jsonb AS kind,
               1 AS count, score * 100 / max_score AS total
        FROM {rows} WHERE status = 'graded' AND max_score > 0
        UNION ALL
        SELECT 'quiz_passes', quiz_id, '{{}}'::jsonb, 1, passed::int
        FROM {rows} WHERE status = 'graded'
    """,
}
#: How the rows that a statement changed are called in its triggers, and whether they count or no longer do.
CHANGES = {"insert": {"added": 1}, "update": {"added": 1, "removed": -1}, "delete": {"removed": -1}}
TRANSITIONS = {"added": "NEW TABLE", "removed": "OLD TABLE"}
#: Whoever learns from a teacher, in however many courses; teacher 0 stands for all of them.
LEARNERS = """
    WITH changed AS ({changes}),
    kept AS (
        SELECT 0 AS teacher_id, student_id, sum(change) AS change FROM changed GROUP BY 2 HAVING sum(change) <> 0
        UNION ALL
        SELECT teacher_id, student_id, sum(change) FROM changed JOIN courses ON courses.id = course_id
        GROUP BY 1, 2 HAVING sum(change) <> 0
    ),
    counted AS (
        INSERT INTO learners AS known (teacher_id, student_id, courses)
        SELECT teacher_id, student_id, change FROM kept ORDER BY 1, 2
        ON CONFLICT (teacher_id, student_id) DO UPDATE SET courses = known.courses + excluded.courses
        RETURNING teacher_id, student_id, courses
    )
    INSERT INTO tallies (measure, subject_id, kind, count, total)
    SELECT 'learners', teacher_id, '{{}}'::jsonb,
           sum((courses > 0)::int - (courses - change > 0)::int), 0
    FROM counted JOIN kept USING (teacher_id, student_id)
    GROUP BY teacher_id HAVING sum((courses > 0)::int - (courses - change > 0)::int) <> 0
"""
ADDED = (
    "INSERT INTO tallies (measure, subject_id, kind, count, total) "
    "SELECT measure, subject_id, kind, sum(count), sum(total) FROM ({changes}) AS changed GROUP BY 1, 2, 3"
)
FUNCTION = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"


def upgrade():
    op.create_table(
        "tallies",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", postgresql.JSONB(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    op.create_index(op.f("ix_tallies_measure_subject_id"), "tallies", ["measure", "subject_id"])
    op.create_table(
        "learners",
        sa.Column("teacher_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("student_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("courses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("teacher_id", "student_id", name=op.f("pk_learners")),
    )
    for table, contribution in TALLIED.items():
        if table != "video_progress":
            for change, parts in CHANGES.items():
                follow(table, change, parts, contribution)
    follow_watching()
    everybody = "SELECT course_id, student_id, 1 AS change FROM enrollments WHERE status = 'approved'"
    recount = f"LOCK TABLE {', '.join(TALLIED)} IN SHARE ROW EXCLUSIVE MODE; DELETE FROM tallies; DELETE FROM learners; "
    for table, contribution in TALLIED.items():
        recount += ADDED.format(changes=contribution.format(rows=table)) + "; "
    op.execute(
        "CREATE FUNCTION edutrack_recount() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
        f"{recount} {LEARNERS.format(changes=everybody)}; END $$"
    )
    op.execute("SELECT edutrack_recount()")


def follow(table, change, parts, contribution):
    """Make the trigger that keeps the tallies of `table` for one kind of statement."""
    name = f"edutrack_tally_{table}_{change}"
    changes = " UNION ALL ".join(
        f"SELECT measure, subject_id, kind, count * {sign} AS count, total * {sign} AS total "
        f"FROM ({contribution.format(rows=rows)}) AS {rows}_part"
        for rows, sign in parts.items()
    )
    body = ADDED.format(changes=changes)
    body += " HAVING sum(count) <> 0 OR sum(total) <> 0;"
    if table == "enrollments":
        approved = " UNION ALL ".join(
            f"SELECT course_id, student_id, {sign} AS change FROM {rows} WHERE status = 'approved'"
            for rows, sign in parts.items()
        )
        body += LEARNERS.format(changes=approved) + ";"
    op.execute(FUNCTION.format(name=name, body=body))
    transitions = " ".join(f"{TRANSITIONS[rows]} AS {rows}" for rows in parts)
    op.execute(
        f"CREATE TRIGGER tr_{table}_tally_{change} AFTER {change.upper()} ON {table} "
        f"REFERENCING {transitions} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def follow_watching():
    """Make the triggers of the one table that changes every few seconds, and counts once a video is completed.

    Row by row, so that whatever completes nothing does not even call them.
    """
    for name, row, count in (("completed", "NEW", 1), ("dropped", "OLD", -1)):
        body = (
            "INSERT INTO tallies (measure, subject_id, kind, count, total) "
            f"VALUES ('completed_videos', {row}.video_id, '{{}}', {count}, 0);"
        )
        op.execute(FUNCTION.format(name=f"edutrack_tally_video_{name}", body=body))
    for change, condition, function in (
        ("insert", "NEW.is_completed", "completed"),
        ("update", "NEW.is_completed AND NOT OLD.is_completed", "completed"),
        ("undo", "OLD.is_completed AND NOT NEW.is_completed", "dropped"),
        ("delete", "OLD.is_completed", "dropped"),
    ):
        op.execute(
            f"CREATE TRIGGER tr_video_progress_tally_{change} AFTER {'update' if change == 'undo' else change} "
            f"ON video_progress FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION edutrack_tally_video_{function}()"
        )


def downgrade():
    op.execute("DROP FUNCTION edutrack_recount()")
    for function in ("completed", "dropped"):
        op.execute(f"DROP FUNCTION edutrack_tally_video_{function}() CASCADE")
    for table in TALLIED:
        if table != "video_progress":
            for change in CHANGES:
                op.execute(f"DROP FUNCTION edutrack_tally_{table}_{change}() CASCADE")
    op.drop_table("learners")
    op.drop_table("tallies")
