"""Bodies of the educational structure."""

from typing import Any

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Nested, Schema

NAME_LENGTH = 255


class MadeInSQL(Nested):
    """Nested objects that the database has built already, key by key; the schema inside describes them."""

    def _serialize(self, nested_obj: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return nested_obj


class NoFilterSchema(Schema):
    """The query of a list that cannot be narrowed."""


class AreaFilterSchema(Schema):
    """The query of the areas."""

    governorate = fields.Id(load_default=None)


class NamedInputSchema(Schema):
    """Something of which only the name is chosen."""

    name = fields.Text(longest=NAME_LENGTH, required=True)


class GradeInputSchema(NamedInputSchema):
    """A grade, and where it stands among the others."""

    order = fields.Integer(required=True)


class DivisionInputSchema(NamedInputSchema):
    """A division; each relation is taken under either of its two names."""

    grade_ids = fields.ListOf(fields.Id())
    grades = fields.ListOf(fields.Id())
    school_type_ids = fields.ListOf(fields.Id())
    school_types = fields.ListOf(fields.Id())


class SubjectInputSchema(DivisionInputSchema):
    """A subject; each relation is taken under either of its two names."""

    division_ids = fields.ListOf(fields.Id())
    divisions = fields.ListOf(fields.Id())


class AreaInputSchema(NamedInputSchema):
    """An area of a governorate."""

    governorate = fields.Id(required=True)


class VideoSecurityInputSchema(NamedInputSchema):
    """A way of protecting videos."""

    price_per_student = fields.Decimals(minimum=0, required=True)


class NamedSchema(Schema):
    """Something shown by its name."""

    id = plain.Integer(required=True)
    name = plain.String(required=True)


class GradeSchema(NamedSchema):
    """A grade."""

    order = plain.Integer(required=True)


class DivisionSchema(NamedSchema):
    """A division, with the ids and the names of what it is offered in."""

    grades = plain.List(plain.Integer(), required=True)
    grades_detail = MadeInSQL(NamedSchema, many=True, required=True)
    school_types = plain.List(plain.Integer(), required=True)
    school_types_detail = MadeInSQL(NamedSchema, many=True, required=True)


class DivisionOfSubjectSchema(NamedSchema):
    """A division as a subject shows it."""

    grades = MadeInSQL(NamedSchema, many=True, required=True)
    school_types = MadeInSQL(NamedSchema, many=True, required=True)


class SubjectSchema(NamedSchema):
    """A subject, with the ids and the names of who learns it."""

    grades = plain.List(plain.Integer(), required=True)
    grades_detail = MadeInSQL(NamedSchema, many=True, required=True)
    divisions = plain.List(plain.Integer(), required=True)
    divisions_detail = MadeInSQL(DivisionOfSubjectSchema, many=True, required=True)
    school_types = plain.List(plain.Integer(), required=True)
    school_types_detail = MadeInSQL(NamedSchema, many=True, required=True)
    grade_ids = plain.List(plain.Integer(), required=True)
    division_ids = plain.List(plain.Integer(), required=True)
    school_type_ids = plain.List(plain.Integer(), required=True)


class AreaSchema(NamedSchema):
    """An area, with the id of its governorate."""

    governorate = plain.Integer(attribute="governorate_id", required=True)


class VideoSecuritySchema(NamedSchema):
    """A way of protecting videos."""

    price_per_student = fields.Decimals(required=True)
