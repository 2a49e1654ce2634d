"""The ledger and the audit trail can only grow: triggers refuse whatever would change or remove an entry."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = ("balance_transactions", "audit_entries")


def upgrade():
    op.execute(
        """
        CREATE FUNCTION edutrack_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% only grows: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER tr_{table}_only_grows BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION edutrack_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER tr_{table}_never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION edutrack_refuse_change()"
        )


def downgrade():
    for table in _TABLES:
        op.execute(f"DROP TRIGGER tr_{table}_only_grows ON {table}")
        op.execute(f"DROP TRIGGER tr_{table}_never_emptied ON {table}")
    op.execute("DROP FUNCTION edutrack_refuse_change()")
