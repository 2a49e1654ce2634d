"""Reading the educational structure.

Divisions and subjects come from the database as the very objects that are shown: one statement, however many relations.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, Select, SQLColumnExpression, Table, Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import aliased

from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound, invalid_pk
from edutrack.core.extensions import db
from edutrack.structure.models import (
    Area,
    Division,
    Governorate,
    Grade,
    SchoolType,
    Subject,
    VideoSecurity,
    division_grades,
    division_school_types,
    subject_divisions,
    subject_grades,
    subject_school_types,
)

#: Whatever the structure is made of.
Item = Grade | SchoolType | Division | Subject | Governorate | Area | VideoSecurity
AnyItem = TypeVar("AnyItem", Grade, SchoolType, Division, Subject, Governorate, Area, VideoSecurity)


def ids_json(kind: type[Any], pairs: Table, owner_id: SQLColumnExpression[int]) -> ScalarSelect[Any]:
    """Return the subquery for the ids of the `kind`s that `pairs` relates to the owner in the row around it."""
    return _array(kind, pairs, owner_id, lambda related: related.id)


def names_json(kind: type[Any], pairs: Table, owner_id: SQLColumnExpression[int]) -> ScalarSelect[Any]:
    """Return the subquery for `{id, name}` of the `kind`s that `pairs` relates to the owner in the row around it."""
    return _array(kind, pairs, owner_id, lambda related: _object(id=related.id, name=related.name))


def division_json(division_id: SQLColumnExpression[int]) -> ScalarSelect[Any]:
    """Return the subquery that builds the whole division, as it is shown, of that id in the row around it."""
    division = aliased(Division)
    shown = _object(
        id=division.id,
        name=division.name,
        grades=ids_json(Grade, division_grades, division.id),
        grades_detail=names_json(Grade, division_grades, division.id),
        school_types=ids_json(SchoolType, division_school_types, division.id),
        school_types_detail=names_json(SchoolType, division_school_types, division.id),
    )
    return select(shown).where(division.id == division_id).correlate_except(division).scalar_subquery()


def subject_json(subject_id: SQLColumnExpression[int]) -> ScalarSelect[Any]:
    """Return the subquery that builds the whole subject, as it is shown, of that id in the row around it."""
    subject = aliased(Subject)
    grade_ids = ids_json(Grade, subject_grades, subject.id)
    division_ids = ids_json(Division, subject_divisions, subject.id)
    school_type_ids = ids_json(SchoolType, subject_school_types, subject.id)
    shown = _object(
        id=subject.id,
        name=subject.name,
        grades=grade_ids,
        grades_detail=names_json(Grade, subject_grades, subject.id),
        divisions=division_ids,
        divisions_detail=_array(Division, subject_divisions, subject.id, _division_of_subject),
        school_types=school_type_ids,
        school_types_detail=names_json(SchoolType, subject_school_types, subject.id),
        grade_ids=grade_ids,
        division_ids=division_ids,
        school_type_ids=school_type_ids,
    )
    return select(shown).where(subject.id == subject_id).correlate_except(subject).scalar_subquery()


def video_security_json(video_security_id: SQLColumnExpression[Any]) -> ScalarSelect[Any]:
    """Return the subquery that builds the whole video security of that id in the row around it; null without one."""
    security = aliased(VideoSecurity)
    # As text: a JSON number would lose the second place.
    shown = _object(id=security.id, name=security.name, price_per_student=cast(security.price_per_student, Text))
    return select(shown).where(security.id == video_security_id).correlate_except(security).scalar_subquery()


def list_items(kind: type[Item], *, governorate: int | None = None) -> Sequence[Any]:
    """Return everything of a kind as it is shown; of areas, only those of `governorate` where one is named."""
    rows = _SHOWN.get(kind, select(kind))
    if governorate is not None:
        rows = rows.where(Area.governorate_id == governorate)
    return db.session.scalars(rows.order_by(*_order(kind))).all()


def show_item(kind: type[Item], item_id: int) -> Any:
    """Return one item of a kind as it is shown; raises NotFound."""
    shown = db.session.scalar(_SHOWN.get(kind, select(kind)).where(kind.id == item_id))
    if shown is None:
        raise NotFound()
    return shown


def item_to_change(kind: type[Item]) -> Callable[[Caller, int], Item]:
    """Return the finder of items that are about to change; it raises NotFound.

    The row is locked: of two changes at once, the second starts from what the first has left.
    """

    def find(_caller: Caller, item_id: int) -> Item:
        found: Any = db.session.scalar(select(kind).where(kind.id == item_id).with_for_update(key_share=True))
        if found is None:
            raise NotFound()
        return found

    return find


def grades_of_subject(subject_id: int) -> set[int]:
    """Return the ids of the grades that learn a subject."""
    return set(db.session.scalars(select(subject_grades.c.grade_id).where(subject_grades.c.subject_id == subject_id)))


def named_items(kind: type[AnyItem], ids: Sequence[int], field: str) -> list[AnyItem]:
    """Return the items that a body names by `ids` under `field`, each once; raises Invalid where one does not exist.

    They are locked against deletion, as the foreign keys that are about to point at them would do.
    """
    wanted = select(kind).where(kind.id.in_(ids)).order_by(kind.id).with_for_update(read=True, key_share=True)
    found = list(db.session.scalars(wanted)) if ids else []
    known = {item.id for item in found}
    for wanted_id in ids:
        if wanted_id not in known:
            raise invalid_pk(field, wanted_id)
    return found


def _order(kind: Any) -> list[Any]:
    return [kind.order, kind.id] if hasattr(kind, "order") else [kind.id]


def _division_of_subject(division: Any) -> ColumnElement[Any]:
    return _object(
        id=division.id,
        name=division.name,
        grades=names_json(Grade, division_grades, division.id),
        school_types=names_json(SchoolType, division_school_types, division.id),
    )


def _array(
    kind: type[Any], pairs: Table, owner_id: SQLColumnExpression[int], value: Callable[[Any], ColumnElement[Any]]
) -> ScalarSelect[Any]:
    related, relation = aliased(kind), pairs.alias()
    owner, target = relation.c
    values = func.jsonb_agg(aggregate_order_by(value(related), *_order(related)))
    return (
        select(func.coalesce(values, func.jsonb_build_array(), type_=JSONB))
        .select_from(relation)
        .join(related, related.id == target)
        .where(owner == owner_id)
        .correlate_except(relation, related)
        .scalar_subquery()
    )


def _object(**values: Any) -> ColumnElement[Any]:
    return func.jsonb_build_object(*(part for pair in values.items() for part in pair), type_=JSONB)


# Built once: making these takes longer than running them.
_SHOWN: dict[type[Any], Select[Any]] = {
    Division: select(division_json(Division.id)).select_from(Division),
    Subject: select(subject_json(Subject.id)).select_from(Subject),
}
