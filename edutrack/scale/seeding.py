"""Writing a large school into an empty database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import select, text

from edutrack.accounts.models import User
from edutrack.core import clock
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.transaction import in_transaction
from edutrack.owner.figures.closing import roll_up
from edutrack.scale.plan import Plan
from edutrack.scale.tables import LargeSchool, Surroundings, Table
from edutrack.structure.models import Area, Grade, SchoolType, division_grades, subject_grades

#: Rows between two reports of progress.
_STEP = 20_000
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND conrelid = ANY (%s::text[]::regclass[]) ORDER BY oid
"""

_TALLY_TRIGGERS = (
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'tr%tally%' AND NOT tgisinternal"
)


def seed_scale(students: int, purchases: int, password: str, report: Callable[[str, int, int], object]) -> None:
    """Fill an empty database with a school of so many students and purchases (rules.md, "The large school").

    All of it or nothing, in the one transaction of the caller. `report` is told the table, how many rows it will have
    and how many it has got. Raises Rejected where anybody has an account already, or the numbers cannot be.
    """
    db.session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    if db.session.scalar(select(User.id).limit(1)) is not None:
        raise Rejected("The database has users already; the large school needs an empty one.")
    try:
        plan = Plan(students, purchases, clock.now())
    except ValueError as error:
        raise Rejected(str(error)) from error
    school = LargeSchool(plan, _surroundings(), password)
    connection = db.session.connection().connection.driver_connection
    if connection is None:
        raise RuntimeError("The session has no connection to copy through.")
    tables = school.tables()
    with _tallied_once(connection), _references_checked_once(connection, tables):
        for table in tables:
            _copy(connection, table, report)


def finish_scale() -> None:
    """Tell the planner what there is now, and roll up the figures, each in a transaction of its own."""
    in_transaction(lambda: db.session.execute(text("ANALYZE")))
    roll_up()


def _surroundings() -> Surroundings:
    """Return a grade without divisions, a subject that it has, and the first of everything else."""
    grade_id, subject_id = db.session.execute(
        select(Grade.id, subject_grades.c.subject_id)
        .join(subject_grades, subject_grades.c.grade_id == Grade.id)
        .where(Grade.id.not_in(select(division_grades.c.grade_id)))
        .order_by(Grade.order.desc(), subject_grades.c.subject_id)
        .limit(1)
    ).one()
    area = db.session.scalars(select(Area).order_by(Area.id).limit(1)).one()
    school_type_id = db.session.scalars(select(SchoolType.id).order_by(SchoolType.id).limit(1)).one()
    return Surroundings(grade_id, subject_id, school_type_id, area.governorate_id, area.id)


@contextmanager
def _tallied_once(connection: psycopg.Connection) -> Iterator[None]:
    """Let the triggers that keep tallies rest, and count everything afterwards, at one stroke."""
    with connection.cursor() as cursor:
        cursor.execute(_TALLY_TRIGGERS)
        triggers = [(sql.Identifier(table), sql.Identifier(name)) for table, name in cursor.fetchall()]
        for table, name in triggers:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(table, name))
        yield
        for table, name in triggers:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(table, name))
        cursor.execute("SELECT edutrack_recount()")


@contextmanager
def _references_checked_once(connection: psycopg.Connection, tables: list[Table]) -> Iterator[None]:
    """Take the foreign keys of `tables` away, and put them back afterwards, which checks all rows at one stroke."""
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_KEYS, [[table.name for table in tables]])
        keys = [
            (sql.Identifier(table), sql.Identifier(name), sql.SQL(definition))
            for table, name, definition in cursor.fetchall()
        ]
        for table, name, _ in keys:
            cursor.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, name))
        yield
        for table, name, definition in keys:
            cursor.execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(table, name, definition))


def _copy(connection: psycopg.Connection, table: Table, report: Callable[[str, int, int], object]) -> None:
    name = sql.Identifier(table.name)
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in table.columns)
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(name, columns)
    report(table.name, table.count, 0)
    done = 0
    with connection.cursor() as cursor:
        with cursor.copy(command) as copy:
            copy.set_types(list(table.columns.values()))
            for done, row in enumerate(table.rows(), 1):
                copy.write_row(row)
                if not done % _STEP:
                    report(table.name, table.count, done)
        if done != table.count:
            raise RuntimeError(f"{table.name} was to get {table.count} rows and got {done}.")
        if "id" in table.columns:
            _continue_ids(cursor, table.name)
    report(table.name, table.count, done)


def _continue_ids(cursor: psycopg.Cursor, table: str) -> None:
    highest = sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}")
    cursor.execute(highest.format(sql.Literal(table), sql.Identifier(table)))
