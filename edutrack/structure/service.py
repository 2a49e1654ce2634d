"""Changing the educational structure; only site owners do."""

from decimal import Decimal
from typing import Any

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.database import when_violated
from edutrack.core.errors import InUse, Invalid, NotFound, Rejected
from edutrack.core.extensions import db
from edutrack.structure.models import Division, Governorate, Grade, SchoolType, Subject, VideoSecurity
from edutrack.structure.queries import Item, named_items

#: What messages and audit verbs call each kind.
NOUNS: dict[str, str] = {
    "grades": "grade",
    "school_types": "school type",
    "divisions": "division",
    "subjects": "subject",
    "governorates": "governorate",
    "areas": "area",
    "video_securities": "video security",
}
#: Relations of divisions and subjects, each with the two names that bodies may use for it.
_RELATIONS: tuple[tuple[type[Any], str, tuple[str, str]], ...] = (
    (Grade, "grades", ("grade_ids", "grades")),
    (SchoolType, "school_types", ("school_type_ids", "school_types")),
    (Division, "divisions", ("division_ids", "divisions")),
)


def _declare_unique_name(kind: type[Item]) -> None:
    message = f"{NOUNS[kind.__tablename__]} with this name already exists."
    when_violated(f"uq_{kind.__tablename__}_name", lambda: Invalid({"name": [message]}))


for _kind in (Grade, SchoolType, Division, Subject, Governorate, VideoSecurity):
    _declare_unique_name(_kind)
when_violated(
    "uq_areas_governorate_id_name",
    lambda: Invalid({"non_field_errors": ["The fields governorate, name must make a unique set."]}),
)


def add_item(caller: Caller, kind: type[Item], values: dict[str, Any]) -> Item:
    """Add something to the structure (rules.md, "Educational structure").

    Raises Invalid where the name is taken, or where a relation names what does not exist.
    """
    item = kind()
    _assign(item, values)
    db.session.add(item)
    _record(caller, "created", item, values)
    return item


def change_item(caller: Caller, item: Item, values: dict[str, Any]) -> Item:
    """Change what `values` names and leave the rest; a relation that is named is replaced whole.

    Raises Invalid where the name is taken, or where a relation names what does not exist.
    """
    _assign(item, values)
    if values:
        _record(caller, "changed", item, values)
    return item


def put_grade_before(caller: Caller, grade_id: int, follower_id: int) -> None:
    """Put a grade right before another one, numbering all anew where that needs it (rules.md, "Educational structure").

    Asked for twice it is done once. Raises NotFound where there is no such grade, Rejected where the other is gone or
    the same.
    """
    # Locked in the order of their ids, so that no two requests wait for each other; sorted by what they hold then.
    locked = select(Grade).order_by(Grade.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    standing = {grade.id: grade for grade in db.session.scalars(locked)}
    grade = standing.pop(grade_id, None)
    if grade is None:
        raise NotFound()
    if follower_id not in standing:
        raise Rejected("There is no such grade to put it before. Look at the order once more.")
    grades = sorted(standing.values(), key=lambda one: (one.order, one.id))
    grades.insert(grades.index(standing[follower_id]), grade)
    places = [one.order for one in grades]
    if places == sorted(set(places)):
        return
    for number, one in enumerate(grades, 1):
        one.order = number
    audit.record(caller, "grade.reordered", grade, before=follower_id)
    db.session.flush()


def remove_item(caller: Caller, item: Item) -> None:
    """Delete something that nothing refers to; raises InUse where something does.

    The foreign keys decide, so whatever comes to refer to it at the same moment counts too.
    """
    kind = type(item)
    _record(caller, "deleted", item, {"name": item.name})
    try:
        removed = db.session.scalar(delete(kind).where(kind.id == item.id).returning(kind.id))
    except IntegrityError as error:
        if not isinstance(error.orig, ForeignKeyViolation):
            raise
        raise InUse(f"This {NOUNS[kind.__tablename__]} cannot be deleted because it is in use.") from error
    if removed is None:
        raise NotFound()


def _assign(item: Item, values: dict[str, Any]) -> None:
    for field in ("name", "order", "price_per_student"):
        if field in values:
            setattr(item, field, values[field])
    if "governorate" in values:
        (governorate,) = named_items(Governorate, [values["governorate"]], "governorate")
        item.governorate_id = governorate.id  # type: ignore[union-attr]
    for kind, relation, fields in _RELATIONS:
        named = next((field for field in fields if field in values), None)
        if named:
            setattr(item, relation, named_items(kind, values[named], named))


def _record(caller: Caller, deed: str, item: Item, values: dict[str, Any]) -> None:
    verb = f"{NOUNS[item.__tablename__].replace(' ', '_')}.{deed}"
    kept = {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    db.session.flush()
    audit.record(caller, verb, item, **kept)
