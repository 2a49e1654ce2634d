"""Rows that are ticked in a list, and what is said of those that were changed together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import marshmallow as ma
from flask_babel import gettext

from edutrack.accounts.models import Student
from edutrack.core import fields
from edutrack.core.schemas import Schema
from edutrack.owner.console.lists import PAGE_SIZES
from edutrack.students.service import StatusChanges

#: Names that a message has room for.
_MOST_NAMES = 8
_id, _moment = fields.Id(), fields.Moment()


def tick_of(student: Student) -> str:
    """Return what a student's box sends: who is meant, and the last change that the page knew of."""
    return f"{student.id}@{fields.iso_z(student.updated_at)}"


class TickedStudent(fields.Text):
    """A student's box, read into the id and the moment of the last change that the page knew of."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        number, _at, moment = super()._deserialize(value, attr, data, **kwargs).partition("@")
        return _id.deserialize(number), _moment.deserialize(moment)


class TickedStudentsSchema(Schema):
    """Students who were ticked, at most as many as a page shows."""

    students = fields.ListOf(
        TickedStudent(),
        most=max(PAGE_SIZES),
        required=True,
        error_messages={"required": "Tick at least one student first."},
    )

    @ma.post_load
    def _by_id(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return values | {"students": dict(values["students"])}


def seen_by(values: Mapping[str, Any]) -> Mapping[int, datetime]:
    """Return the ticked students of a form that was read, as the service takes them."""
    seen: Mapping[int, datetime] = values["students"]
    return seen


def told_of(changes: StatusChanges, one: Any, many: Any) -> list[tuple[str, str]]:
    """Return what is said of students who were changed together: who was, and who was left alone and why.

    `one` is said where it was a single student, `many` otherwise, with the `count`.
    """
    said = []
    if changes.changed:
        count = len(changes.changed)
        said.append((str(one) if count == 1 else str(many) % {"count": count}, "success"))
    if changes.as_wanted:
        said.append((gettext("Was so before: %(names)s.", names=_names(changes.as_wanted)), "info"))
    if changes.outdated:
        outdated = _names(changes.outdated)
        said.append((gettext("Left alone, because they have changed meanwhile: %(names)s.", names=outdated), "warning"))
    if changes.unsuitable:
        unsuitable = _names(changes.unsuitable)
        text = gettext("Left alone, because their status does not allow it: %(names)s.", names=unsuitable)
        said.append((text, "warning"))
    if changes.missing:
        said.append((gettext("Not there any more: %(count)s.", count=changes.missing), "warning"))
    return said


def _names(students: Sequence[Student]) -> str:
    names = gettext(", ").join(student.name_ar for student in students[:_MOST_NAMES])
    rest = len(students) - _MOST_NAMES
    return gettext("%(names)s and %(count)s more", names=names, count=rest) if rest > 0 else names
