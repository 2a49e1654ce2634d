"""Indexes by which the audit trail is read of one person, or of deeds that are rare in it."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(op.f("ix_audit_entries_actor_id_recorded_at"), "audit_entries", ["actor_id", "recorded_at"])
    op.create_index(op.f("ix_audit_entries_verb_recorded_at"), "audit_entries", ["verb", "recorded_at"])


def downgrade():
    op.drop_index(op.f("ix_audit_entries_verb_recorded_at"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_actor_id_recorded_at"), table_name="audit_entries")
