"""Egypt's governorates and areas, and the structure of its schools, for a fresh database."""

from importlib.resources import files

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FILE = files("edutrack.structure").joinpath("egypt.json")


def _insert(table, rows):
    """Insert rows and return their ids by name."""
    columns = sa.table(table, *(sa.column(name) for name in ("id", *rows[0])))
    op.get_bind().execute(sa.insert(columns), rows)
    return dict(op.get_bind().execute(sa.select(columns.c.name, columns.c.id)).all())


def _relate(table, left, right, pairs):
    columns = sa.table(table, sa.column(f"{left}_id"), sa.column(f"{right}_id"))
    op.get_bind().execute(sa.insert(columns), [{f"{left}_id": one, f"{right}_id": other} for one, other in pairs])


def upgrade():
    egypt = orjson.loads(_FILE.read_bytes())
    governorates = _insert("governorates", [{"name": entry["name"]} for entry in egypt["governorates"]])
    _insert(
        "areas",
        [
            {"governorate_id": governorates[entry["name"]], "name": area}
            for entry in egypt["governorates"]
            for area in entry["areas"]
        ],
    )
    ids = {
        "grade": _insert("grades", egypt["grades"]),
        "school_type": _insert("school_types", [{"name": name} for name in egypt["school_types"]]),
        "division": _insert("divisions", [{"name": entry["name"]} for entry in egypt["divisions"]]),
    }
    subjects = _insert("subjects", [{"name": entry["name"]} for entry in egypt["subjects"]])
    for left, entries, left_ids, rights in (
        ("division", egypt["divisions"], ids["division"], ("grade", "school_type")),
        ("subject", egypt["subjects"], subjects, ("grade", "division", "school_type")),
    ):
        for right in rights:
            _relate(
                f"{left}_{right}s",
                left,
                right,
                [
                    (left_ids[entry["name"]], ids[right][name])
                    for entry in entries
                    for name in entry[f"{right}s"]
                ],
            )


def downgrade():
    for table in ("subjects", "divisions", "school_types", "grades", "areas", "governorates"):
        op.execute(f"DELETE FROM {table}")
