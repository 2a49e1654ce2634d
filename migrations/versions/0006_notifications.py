"""Notifications; an index by which the used codes of a batch are counted; answers of idempotency keys sealed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TYPES = (
    "enrollment_requested",
    "enrollment_approved",
    "enrollment_rejected",
    "balance_added",
    "lecture_reopened",
    "lecture_purchased",
    "lecture_published",
    "account_status_changed",
)


def upgrade():
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"type IN ({', '.join(repr(name) for name in _TYPES)})", name=op.f("ck_notifications_type_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notifications_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(op.f("ix_notifications_user_id_id"), "notifications", ["user_id", "id"], unique=False)
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_read"),
    )
    op.create_index(
        "ix_recharge_codes_used_of_batch",
        "recharge_codes",
        ["batch_id"],
        unique=False,
        postgresql_where=sa.text("used_by_id IS NOT NULL"),
    )
    # Kept in the clear so far, codes among them; none is older than a day.
    op.execute("DELETE FROM idempotency_keys")
    op.alter_column("idempotency_keys", "body", new_column_name="sealed_body")


def downgrade():
    op.execute("DELETE FROM idempotency_keys")
    op.alter_column("idempotency_keys", "sealed_body", new_column_name="body")
    op.drop_index("ix_recharge_codes_used_of_batch", table_name="recharge_codes")
    op.drop_table("notifications")
