"""What the site owner says of the site: one row, there from the start."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    settings = op.create_table(
        "site_settings",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("site_name", sa.Text(), nullable=False),
        sa.Column("logo", sa.Text(), nullable=True),
        sa.Column("card_instructions", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_site_settings_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_settings")),
    )
    op.bulk_insert(
        settings,
        [{"id": 1, "site_name": "EduTrack", "card_instructions": "اكشط المربع وامسح الرمز، أو أدخل الكود في"}],
    )


def downgrade():
    op.drop_table("site_settings")
