"""The educational structure: what registration and courses choose from, one list a kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from wtforms import StringField

from edutrack.core.errors import NotFound
from edutrack.core.fields import Id
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import Choice, Choices
from edutrack.owner.console.lists import Column
from edutrack.owner.console.once import NewForm, made_once
from edutrack.owner.console.pages import ConsoleView
from edutrack.structure import queries, schemas, service
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity
from edutrack.structure.queries import Item

_NUMBER = {"inputmode": "numeric", "dir": "ltr", "maxlength": 10}


class NamedForm(NewForm):
    """What has a name alone."""

    name = StringField(_("Name"), render_kw={"dir": "auto", "maxlength": schemas.NAME_LENGTH})


class GradeForm(NamedForm):
    """A grade, and where it stands."""

    order = StringField(_("Place"), description=_("Grades stand in the order of these numbers."), render_kw=_NUMBER)


class DivisionForm(NamedForm):
    """A division, and who may choose it."""

    grade_ids = Choices(_("Grades"), description=_("The grades that have the division."))
    school_type_ids = Choices(_("School types"), description=_("The school types that have the division."))


class SubjectForm(NamedForm):
    """A subject, and who learns it."""

    grade_ids = Choices(_("Grades"), description=_("The grades that learn the subject."))
    division_ids = Choices(_("Divisions"), description=_("None ticked: all divisions learn it."))
    school_type_ids = Choices(_("School types"), description=_("None ticked: all school types learn it."))


class AreaForm(NamedForm):
    """An area of a governorate."""

    governorate = Choice(_("Governorate"), empty=_("Choose…"))


class VideoSecurityForm(NamedForm):
    """A way of protecting videos."""

    price_per_student = StringField(
        _("Price per student"),
        description=_("In pounds: what the protection costs the business."),
        render_kw={"inputmode": "decimal", "dir": "ltr", "maxlength": 20},
    )


@dataclass(frozen=True)
class Kind:
    """One part of the structure: its words, its form, and the API's schema that reads it."""

    path: str
    model: type[Item]
    title: Any
    add_label: Any
    form: type[NamedForm]
    schema: type[ma.Schema]
    columns: tuple[Column, ...] = ()
    hint: Any = ""


def _names(key: str, otherwise: Any = None) -> Callable[[Any], Any]:
    """Return what shows the names that a division or subject has under `key`."""
    return lambda shown: "، ".join(related["name"] for related in shown[key]) or otherwise


KINDS = {
    kind.path: kind
    for kind in (
        Kind(
            "grades",
            Grade,
            _("Grades"),
            _("Add a grade"),
            GradeForm,
            schemas.GradeInputSchema,
            (Column("order", _("Place")),),
        ),
        Kind(
            "subjects",
            Subject,
            _("Subjects"),
            _("Add a subject"),
            SubjectForm,
            schemas.SubjectInputSchema,
            (
                Column("grades", _("Grades"), value=_names("grades_detail")),
                Column("divisions", _("Divisions"), value=_names("divisions_detail", _("All"))),
                Column("school_types", _("School types"), value=_names("school_types_detail", _("All"))),
            ),
        ),
        Kind(
            "school-types", SchoolType, _("School types"), _("Add a school type"), NamedForm, schemas.NamedInputSchema
        ),
        Kind(
            "divisions",
            Division,
            _("Divisions"),
            _("Add a division"),
            DivisionForm,
            schemas.DivisionInputSchema,
            (
                Column("grades", _("Grades"), value=_names("grades_detail")),
                Column("school_types", _("School types"), value=_names("school_types_detail")),
            ),
        ),
        Kind(
            "governorates",
            Governorate,
            _("Governorates"),
            _("Add a governorate"),
            NamedForm,
            schemas.NamedInputSchema,
            (Column("areas", _("Areas"), value=lambda governorate: _areas_link(governorate)),),
        ),
        Kind("areas", Area, _("Areas"), _("Add an area"), AreaForm, schemas.AreaInputSchema),
        Kind(
            "video-security",
            VideoSecurity,
            _("Video protection"),
            _("Add a kind of protection"),
            VideoSecurityForm,
            schemas.VideoSecurityInputSchema,
            (Column("price_per_student", _("Price per student")),),
            _("Ways of protecting a teacher’s videos, and what each costs the business for a student."),
        ),
    )
}


class StructureView(ConsoleView):
    """Grades, subjects, school types, divisions, geography and video protection."""

    title = _("Structure")
    section = _("School")
    icon = "structure"
    slug = "structure"

    @page("/")
    def index(self) -> ResponseReturnValue:
        """Go to the first kind."""
        return redirect(self._list_url(KINDS["grades"]), 303)

    @page("/<string:path>/")
    def list_kind(self, path: str) -> str:
        """Show everything of a kind; of areas, those of one governorate."""
        kind = _kind(path)
        governorates = queries.list_items(Governorate) if kind.model is Area else []
        chosen = _chosen_governorate(governorates)
        return self.show(
            "console/structure/list.html",
            title=kind.title,
            kind=kind,
            kinds=KINDS.values(),
            rows=queries.list_items(kind.model, governorate=chosen),
            governorates=governorates,
            chosen=chosen,
            value_of=_value_of,
        )

    @page("/<string:path>/new/", methods=("GET", "POST"))
    def new_item(self, path: str) -> ResponseReturnValue:
        """Add something of a kind."""
        kind = _kind(path)
        form = kind.form(data=_suggested(kind))
        _offer(form)
        return self.form_page(
            form,
            lambda values: self._made(kind, values),
            schema=kind.schema(),
            done=_("It has been added."),
            to=lambda _made: self._list_url(kind, governorate=request.form.get("governorate")),
            title=kind.add_label,
            trail=[(kind.title, self._list_url(kind))],
            submit=kind.add_label,
            back=self._list_url(kind),
        )

    @page("/<string:path>/<int:item_id>/", methods=("GET", "POST"))
    def edit_item(self, path: str, item_id: int) -> ResponseReturnValue:
        """Show one of a kind and change it."""
        kind = _kind(path)
        shown = queries.show_item(kind.model, item_id)
        stored = {name: _stored(shown, name) for name in kind.form().names}
        form = kind.form(data=stored)
        _offer(form)
        return self.form_page(
            form,
            lambda values: self._change(kind, item_id, stored, values),
            schema=kind.schema(partial=True),
            done=_("The changes have been saved."),
            to=lambda _changed: self._list_url(kind, governorate=request.form.get("governorate")),
            template="console/courses/part.html",
            title=stored["name"],
            trail=[(kind.title, self._list_url(kind))],
            back=self._list_url(kind, governorate=stored.get("governorate")),
            delete_url=url_for(f"{self.endpoint}.delete_item", path=path, item_id=item_id),
            delete_label=_("Delete"),
            delete_question=_("Shall it go? What is in use cannot be deleted."),
        )

    @page("/<string:path>/<int:item_id>/delete/", methods=("POST",))
    def delete_item(self, path: str, item_id: int) -> ResponseReturnValue:
        """Delete what nothing refers to."""
        kind = _kind(path)
        item = queries.item_to_change(kind.model)(self.caller, item_id)
        return self.act(
            lambda: service.remove_item(self.caller, item),
            done=_("It has been deleted."),
            to=self._list_url(kind, governorate=getattr(item, "governorate_id", None)),
            back=url_for(f"{self.endpoint}.edit_item", path=path, item_id=item_id),
        )

    @page("/grades/<int:grade_id>/before/<int:follower_id>/", methods=("POST",))
    def move_grade(self, grade_id: int, follower_id: int) -> ResponseReturnValue:
        """Put a grade right before another one."""
        return self.act(
            lambda: service.put_grade_before(self.caller, grade_id, follower_id),
            done=_("The new order has been saved."),
            to=self._list_url(KINDS["grades"]),
        )

    def _made(self, kind: Kind, values: dict[str, Any]) -> int:
        return made_once(
            self.caller, f"structure.{kind.path}", values, lambda: service.add_item(self.caller, kind.model, values)
        )

    def _change(self, kind: Kind, item_id: int, stored: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        # A form sends all that it shows: what is still as it was shown is no change, and the audit trail says so.
        changes = {name: value for name, value in values.items() if not _is_same(stored.get(name), value)}
        service.change_item(self.caller, queries.item_to_change(kind.model)(self.caller, item_id), changes)

    def _list_url(self, kind: Kind, **query: Any) -> str:
        return url_for(f"{self.endpoint}.list_kind", path=kind.path, **query)


def _kind(path: str) -> Kind:
    if path not in KINDS:
        raise NotFound()
    return KINDS[path]


def _chosen_governorate(governorates: Sequence[Any]) -> int | None:
    """Return the id of the governorate that the URL names, else of the first; None where none is listed."""
    try:
        asked = Id().deserialize(request.args.get("governorate", ""))
    except ma.ValidationError:
        asked = None
    ids = [governorate.id for governorate in governorates]
    return asked if asked in ids else next(iter(ids), None)


def _suggested(kind: Kind) -> dict[str, Any]:
    """Return what a form for something new begins with: the next place, the governorate one comes from."""
    if kind.model is Grade:
        return {"order": max((grade.order for grade in queries.list_items(Grade)), default=0) + 1}
    return {"governorate": request.args.get("governorate")} if kind.model is Area else {}


def _offer(form: NamedForm) -> None:
    """Give the form's fields what can be chosen in them."""
    for name, model in (
        ("grade_ids", Grade),
        ("division_ids", Division),
        ("school_type_ids", SchoolType),
        ("governorate", Governorate),
    ):
        if name in form:
            form[name].offer([(_value_of(item, "id"), _value_of(item, "name")) for item in queries.list_items(model)])


def _value_of(shown: Any, name: str) -> Any:
    """Return a value of an item as it is shown: divisions and subjects come as mappings."""
    return shown[name] if isinstance(shown, dict) else getattr(shown, name)


def _stored(shown: Any, name: str) -> Any:
    names = {
        "grade_ids": "grades",
        "division_ids": "divisions",
        "school_type_ids": "school_types",
        "governorate": "governorate_id",
    }
    return _value_of(shown, names.get(name, name))


def _is_same(stored: Any, value: Any) -> bool:
    return set(stored) == set(value) if isinstance(value, list) else bool(stored == value)


def _areas_link(governorate: Governorate) -> Markup:
    address = url_for("console_structure.list_kind", path="areas", governorate=governorate.id)
    return Markup('<a href="{}">{}</a>').format(address, _("Show the areas"))
