"""Bodies of accounts."""

from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as plain

from edutrack.accounts.models import GENDERS, NAME_LENGTH, USERNAME_LENGTH
from edutrack.accounts.passwords import MAX_LENGTH, weaknesses
from edutrack.core import fields
from edutrack.core.caller import Role
from edutrack.core.files import PictureUrl
from edutrack.core.schemas import Schema
from edutrack.structure.schemas import MadeInSQL, NamedSchema, SubjectSchema, VideoSecuritySchema

BIOGRAPHY_LENGTH = 10_000


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


class PasswordChangeSchema(Schema):
    """What is sent to change the own password; what is wrong is said in one message, so all values come in."""

    old_password = plain.Raw(load_default=None)
    new_password = plain.Raw(load_default=None)
    new_password_confirm = plain.Raw(load_default=None)


class PasswordResetRequestSchema(Schema):
    """Whose password is to be replaced."""

    gmail = fields.EmailAddress(required=True)


class PasswordResetSchema(Schema):
    """What is sent from the page that a mailed link leads to; judged as a change of one's own password is."""

    token = plain.Raw(load_default=None)
    new_password = plain.Raw(load_default=None)
    new_password_confirm = plain.Raw(load_default=None)


class NewPasswordSchema(Schema):
    """A password that somebody chooses for somebody else."""

    new_password = NewPassword(required=True)


class MailedTokenSchema(Schema):
    """The token of a mailed link; one that is none is answered like one that is too old."""

    token = plain.Raw(load_default=None)


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


class TeacherFormSchema(Schema):
    """What a site owner says about a teacher; used partially, the part that changes."""

    username = fields.Text(longest=USERNAME_LENGTH, required=True)
    password = NewPassword(required=True)
    name = fields.Text(longest=NAME_LENGTH, required=True)
    phone = fields.EgyptianMobile(required=True)
    secondary_phone = fields.EgyptianMobile(allow_none=True)
    gmail = fields.EmailAddress(required=True)
    gender = fields.Choice(GENDERS, required=True)
    profile_picture = fields.Upload(allow_none=True)
    biography = fields.Text(longest=BIOGRAPHY_LENGTH, blank=True, allow_none=True)
    facebook = fields.Text(longest=NAME_LENGTH, blank=True, allow_none=True)
    is_active = fields.Boolean()
    subject = fields.Id(required=True)
    grades = fields.ListOf(fields.Id(), empty=False, required=True)
    video_security = fields.Id(allow_none=True)


class TeacherFiltersSchema(Schema):
    """What the list of teachers can be narrowed to."""

    is_active = fields.Boolean(load_default=None)
    subject = fields.Id(load_default=None)
    grades = fields.Id(load_default=None)
    search = fields.Text(blank=True, load_default="")


class TeacherSchema(Schema):
    """A teacher as the site owner sees one."""

    id = plain.Integer(required=True)
    user_id = plain.Integer(required=True)
    username = plain.String(required=True)
    name = plain.String(required=True)
    phone = plain.String(required=True)
    secondary_phone = plain.String(required=True, allow_none=True)
    gmail = plain.String(required=True)
    gender = plain.String(required=True)
    profile_picture = PictureUrl(required=True, allow_none=True)
    biography = plain.String(required=True, allow_none=True)
    facebook = plain.String(required=True, allow_none=True)
    subject_detail = MadeInSQL(SubjectSchema, required=True)
    grades_detail = MadeInSQL(NamedSchema, many=True, required=True)
    video_security_detail = MadeInSQL(VideoSecuritySchema, required=True, allow_none=True)
    is_active = plain.Boolean(required=True)
    created_at = fields.Moment(required=True)
    subject_id = plain.Integer(required=True)
    grade_ids = plain.List(plain.Integer(), required=True)
    video_security_id = plain.Integer(required=True, allow_none=True)


class AssistantFiltersSchema(Schema):
    """What the site owner's list of assistants can be narrowed to."""

    teacher = fields.Id(load_default=None)
    search = fields.Text(blank=True, load_default="")


class AssistantOfTeacherSchema(Schema):
    """An assistant as the site owner sees one, with the teacher's name."""

    id = plain.Integer(required=True)
    user_id = plain.Integer(required=True)
    username = plain.String(required=True)
    name = plain.String(required=True)
    phone = plain.String(required=True)
    gmail = plain.String(required=True)
    gender = plain.String(required=True)
    is_active = plain.Boolean(required=True)
    created_at = fields.Moment(required=True)
    teacher = plain.Integer(attribute="teacher_id", required=True)
    teacher_name = plain.String(required=True)


class AssistantFormSchema(Schema):
    """What a teacher says about an assistant; used partially, the part that changes."""

    username = fields.Text(longest=USERNAME_LENGTH, required=True)
    name = fields.Text(longest=NAME_LENGTH, required=True)
    phone = fields.EgyptianMobile(required=True)
    gmail = fields.EmailAddress(required=True)
    gender = fields.Choice(GENDERS, required=True)
    profile_picture = fields.Upload(allow_none=True)
    is_active = fields.Boolean()


class NewAssistantSchema(AssistantFormSchema):
    """What a teacher says about an assistant who is to be added."""

    password = NewPassword(required=True)


class CoworkersFiltersSchema(Schema):
    """What a teacher's list of assistants can be narrowed to."""

    is_active = fields.Boolean(load_default=None)
    search = fields.Text(blank=True, load_default="")


class AssistantSchema(Schema):
    """An assistant as the own teacher sees one."""

    id = plain.Integer(required=True)
    user_id = plain.Integer(required=True)
    username = plain.String(required=True)
    name = plain.String(required=True)
    phone = plain.String(required=True)
    gmail = plain.String(required=True)
    gender = plain.String(required=True)
    profile_picture = PictureUrl(required=True, allow_none=True)
    is_active = plain.Boolean(required=True)
    created_at = fields.Moment(required=True)
    teacher = plain.Integer(attribute="teacher_id", required=True)
