"""Bodies of accounts."""

from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as plain

from edutrack.accounts.passwords import MAX_LENGTH, weaknesses
from edutrack.core import fields
from edutrack.core.caller import Role
from edutrack.core.schemas import Schema


class NewPassword(fields.Text):
    """A password that somebody chooses; kept as typed, blanks included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=MAX_LENGTH, trim=False, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        password = super()._deserialize(value, attr, data, **kwargs)
        # Both stand in the same form, so the refusal joins those of the other fields.
        username = data.get("username") if data else None
        if found := weaknesses(password, username if isinstance(username, str) else ""):
            raise ValidationError(found)
        return password


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
