"""Trigram search and the folding of Arabic text, which generated columns of the schema use."""

from alembic import op

from edutrack.core.arabic import FOLD_FUNCTION_SQL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.get_bind().exec_driver_sql(FOLD_FUNCTION_SQL)


def downgrade():
    op.execute("DROP FUNCTION edutrack_fold(text)")
    op.execute("DROP EXTENSION pg_trgm")
