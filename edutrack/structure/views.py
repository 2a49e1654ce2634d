"""Routes under /api/structure/: the same five for every kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from edutrack.core.auth import caller, guard, public
from edutrack.core.blueprint import Blueprint, path_object
from edutrack.core.caller import Role
from edutrack.core.errors import InUse
from edutrack.core.schemas import Schema
from edutrack.structure import queries, schemas, service
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity
from edutrack.structure.queries import Item

blueprint = Blueprint("structure", __name__, description="Grades, school types, divisions, subjects, geography")


@dataclass(frozen=True)
class _Kind:
    """What one part of the structure is called, and the bodies that it takes and shows."""

    path: str
    model: type[Item]
    taken: type[Schema]
    shown: type[Schema]
    filters: type[Schema] = schemas.NoFilterSchema


_KINDS = (
    _Kind("grades", Grade, schemas.GradeInputSchema, schemas.GradeSchema),
    _Kind("school-types", SchoolType, schemas.NamedInputSchema, schemas.NamedSchema),
    _Kind("divisions", Division, schemas.DivisionInputSchema, schemas.DivisionSchema),
    _Kind("subjects", Subject, schemas.SubjectInputSchema, schemas.SubjectSchema),
    _Kind("governorates", Governorate, schemas.NamedInputSchema, schemas.NamedSchema),
    _Kind("areas", Area, schemas.AreaInputSchema, schemas.AreaSchema, schemas.AreaFilterSchema),
    _Kind("video-security", VideoSecurity, schemas.VideoSecurityInputSchema, schemas.VideoSecuritySchema),
)


def _add_reading_routes(kind: _Kind) -> None:
    words = kind.path.replace("-", " ")

    @public
    @blueprint.query(kind.filters)
    @blueprint.response(200, kind.shown(many=True))
    def list_items(filters: dict[str, Any]) -> Sequence[Any]:
        return queries.list_items(kind.model, **filters)

    @public
    @blueprint.response(200, kind.shown)
    def show_item(item_id: int) -> Any:
        return queries.show_item(kind.model, item_id)

    list_items.__doc__ = f"List all {words}."
    show_item.__doc__ = f"Show one of the {words}."
    _route(kind, "GET", "list", "", list_items)
    _route(kind, "GET", "show", "<int:item_id>/", show_item)


def _add_writing_routes(kind: _Kind) -> None:
    words = kind.path.replace("-", " ")
    item_of_path = path_object("item", queries.item_to_change(kind.model))

    @guard(Role.SITE_OWNER)
    @blueprint.body(kind.taken)
    @blueprint.response(201, kind.shown)
    def add_item(values: dict[str, Any]) -> Any:
        return queries.show_item(kind.model, service.add_item(caller(), kind.model, values).id)

    @guard(Role.SITE_OWNER)
    @item_of_path
    @blueprint.body(kind.taken(partial=True))
    @blueprint.response(200, kind.shown)
    def change_item(values: dict[str, Any], item: Item) -> Any:
        return queries.show_item(kind.model, service.change_item(caller(), item, values).id)

    @guard(Role.SITE_OWNER)
    @item_of_path
    @blueprint.response(204)
    @blueprint.refusals(
        InUse(f"This {service.NOUNS[kind.model.__tablename__]} cannot be deleted because it is in use.")
    )
    def remove_item(item: Item) -> Response:
        service.remove_item(caller(), item)
        return Response(status=204)

    add_item.__doc__ = f"Add to the {words}."
    change_item.__doc__ = f"Change one of the {words}."
    remove_item.__doc__ = f"Delete one of the {words} that nothing refers to."
    _route(kind, "POST", "add", "", add_item)
    _route(kind, "PATCH", "change", "<int:item_id>/", change_item)
    _route(kind, "DELETE", "remove", "<int:item_id>/", remove_item)


def _route(kind: _Kind, method: str, deed: str, rest: str, view: Any) -> None:
    blueprint.add_url_rule(
        f"/structure/{kind.path}/{rest}",
        endpoint=f"{deed}_{kind.path.replace('-', '_')}",
        view_func=view,
        methods=[method],
    )


for _kind in _KINDS:
    _add_reading_routes(_kind)
    _add_writing_routes(_kind)
