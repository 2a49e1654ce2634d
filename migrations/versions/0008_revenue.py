"""Revenue of closed days, rolled up, and a trigger that opens them again for a purchase that comes in late."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "revenue_closing",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("closed_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_revenue_closing_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revenue_closing")),
    )
    # Before the first purchase of anybody.
    op.execute("INSERT INTO revenue_closing VALUES (1, '2000-01-01T00:00:00Z', 'UTC')")
    op.create_table(
        "course_revenues",
        sa.Column("course_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("purchases", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Numeric(12, 2), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "day", name=op.f("pk_course_revenues")),
    )
    op.create_index(op.f("ix_course_revenues_day"), "course_revenues", ["day"])
    op.create_table(
        "lecture_revenues",
        sa.Column("lecture_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Numeric(12, 2), nullable=False),
        sa.PrimaryKeyConstraint("lecture_id", name=op.f("pk_lecture_revenues")),
    )
    op.create_index(op.f("ix_lecture_revenues_course_id"), "lecture_revenues", ["course_id"])
    op.create_table(
        "student_revenues",
        sa.Column("student_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("course_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purchases", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Numeric(12, 2), nullable=False),
        sa.Column("last_purchase_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("student_id", "course_id", name=op.f("pk_student_revenues")),
    )
    op.create_index(op.f("ix_student_revenues_course_id"), "student_revenues", ["course_id"])
    op.execute(
        """
        CREATE FUNCTION edutrack_open_revenue() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM added, revenue_closing WHERE added.purchased_at < revenue_closing.closed_before) THEN
                UPDATE revenue_closing SET closed_before = '2000-01-01T00:00:00Z';
                DELETE FROM course_revenues;
                DELETE FROM lecture_revenues;
                DELETE FROM student_revenues;
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER tr_purchases_open_revenue AFTER INSERT ON purchases REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION edutrack_open_revenue()"
    )


def downgrade():
    op.execute("DROP TRIGGER tr_purchases_open_revenue ON purchases")
    op.execute("DROP FUNCTION edutrack_open_revenue()")
    for table in ("student_revenues", "lecture_revenues", "course_revenues", "revenue_closing"):
        op.drop_table(table)
