"""Bodies of accounts."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.caller import Role
from edutrack.core.schemas import Schema


class CredentialsSchema(Schema):
    """What is sent to log in; the view says itself what is missing, in one message for both."""

    username = plain.Raw(load_default=None)
    password = plain.Raw(load_default=None)


class SignedInSchema(Schema):
    """Who has signed in."""

    role = fields.Choice(list(Role), required=True)
    name = plain.String(required=True)
    is_active = plain.Boolean(required=True)


class MeSchema(SignedInSchema):
    """Who is calling."""

    id = plain.Integer(attribute="user_id", required=True)
    username = plain.String(required=True)
    profile_id = plain.Integer(required=True, allow_none=True)
