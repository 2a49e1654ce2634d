"""Links by mail: their tokens, verified addresses, and an outbox that tries again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("users", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "mail_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mail_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mail_tokens_token_hash")),
    )
    op.create_index(op.f("ix_mail_tokens_user_id"), "mail_tokens", ["user_id"])
    op.add_column("mails", sa.Column("link_kind", sa.Text(), nullable=True))
    op.add_column("mails", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("mails", sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mails", sa.Column("last_error", sa.Text(), nullable=True))
    # What waits already keeps waiting.
    op.execute("UPDATE mails SET next_attempt_at = created_at WHERE sent_at IS NULL")
    op.create_index(
        op.f("ix_mails_next_attempt_at"),
        "mails",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_mails_recipient_sent_at"),
        "mails",
        ["recipient", "sent_at"],
        postgresql_where=sa.text("link_kind IS NOT NULL"),
    )


def downgrade():
    op.drop_index(op.f("ix_mails_recipient_sent_at"), table_name="mails")
    op.drop_index(op.f("ix_mails_next_attempt_at"), table_name="mails")
    for column in ("last_error", "next_attempt_at", "attempts", "link_kind"):
        op.drop_column("mails", column)
    op.drop_table("mail_tokens")
    op.drop_column("users", "email_verified_at")
