"""What every student bought in all courses, rolled up, so that a list of who spent most need not sum it by course."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPEN_REVENUE = """
    CREATE OR REPLACE FUNCTION edutrack_open_revenue() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM added, revenue_closing WHERE added.purchased_at < revenue_closing.closed_before) THEN
            UPDATE revenue_closing SET closed_before = '2000-01-01T00:00:00Z';
            DELETE FROM course_revenues;
            DELETE FROM lecture_revenues;
            DELETE FROM student_revenues;
            {more}
        END IF;
        RETURN NULL;
    END
    $$
"""


def upgrade():
    op.create_table(
        "student_totals",
        sa.Column("student_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purchases", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Numeric(12, 2), nullable=False),
        sa.Column("last_purchase_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("student_id", name=op.f("pk_student_totals")),
    )
    # Nothing may be rolled up between reading what is there and keeping it.
    op.execute("LOCK TABLE revenue_closing IN SHARE ROW EXCLUSIVE MODE")
    op.execute(
        "INSERT INTO student_totals SELECT student_id, sum(purchases), sum(revenue), max(last_purchase_at) "
        "FROM student_revenues GROUP BY student_id"
    )
    op.execute(_OPEN_REVENUE.format(more="DELETE FROM student_totals;"))


def downgrade():
    op.execute(_OPEN_REVENUE.format(more=""))
    op.drop_table("student_totals")
