"""Bodies of study materials."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Schema
from edutrack.courses.models import NAME_LENGTH
from edutrack.courses.queries.materials import signed_link


class MaterialSchema(Schema):
    """A file that goes with a lecture, with a short-lived link to it."""

    id = plain.Integer(required=True)
    lecture = plain.Integer(required=True)
    lecture_name = plain.String(required=True)
    title = plain.String(required=True)
    file_url = plain.Function(signed_link, required=True, metadata={"type": "string", "format": "uri"})
    is_active = plain.Boolean(required=True)
    created_at = fields.Moment(required=True)


class MaterialFilterSchema(Schema):
    """What a list of materials can be narrowed to."""

    lecture = fields.Id()


class NewMaterialSchema(Schema):
    """A file for a lecture."""

    lecture = fields.Id(required=True)
    title = fields.Text(longest=NAME_LENGTH, required=True)
    file = fields.Upload(required=True)
    is_active = fields.Boolean()


class MaterialChangesSchema(NewMaterialSchema):
    """What may be changed of a material; everything may be left out."""


class DownloadSchema(Schema):
    """The token of a student's link to a file; whatever it is, it is good or it is not."""

    token = plain.String(load_default="")
