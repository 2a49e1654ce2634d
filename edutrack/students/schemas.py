"""Bodies of students: the registration form, a student's own profile, and what the site owner sees of it."""

from typing import Any

from marshmallow import ValidationError
from marshmallow import fields as plain
from sqlalchemy import Row

from edutrack.accounts.models import GENDERS, NAME_LENGTH, STUDENT_STATUSES, USERNAME_LENGTH
from edutrack.accounts.schemas import NewPassword
from edutrack.core import clock, fields
from edutrack.core.schemas import Schema
from edutrack.core.sealing import unseal
from edutrack.students.national_id import normalise_national_id, parse_national_id

EDUCATIONAL_STATES = ("school",)


class NationalIdNumber(fields.Text):
    """A valid Egyptian national id, in the one form that is stored; refusals never repeat the number."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        number = normalise_national_id(super()._deserialize(value, attr, data, **kwargs))
        try:
            parse_national_id(number, clock.today())
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return number


class SealedNationalId(plain.String):
    """A stored national id, opened for those who may read it."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str:
        return unseal(value, "national-id")


class ProfileFormSchema(Schema):
    """What students say about themselves; used partially, the part they change."""

    username = fields.Text(longest=USERNAME_LENGTH, required=True)
    gmail = fields.EmailAddress(required=True)
    name_ar = fields.Text(longest=NAME_LENGTH, required=True)
    name_en = fields.Text(longest=NAME_LENGTH, required=True)
    phone_number = fields.EgyptianMobile(required=True)
    father_number = fields.EgyptianMobile(allow_none=True)
    mother_number = fields.EgyptianMobile(allow_none=True)
    father_job = fields.Text(longest=NAME_LENGTH, required=True)
    educational_state = fields.Choice(EDUCATIONAL_STATES, required=True)
    # Required by the educational state, not by the form: the service says so (rules.md, "Registration").
    school_type_id = fields.Id(data_key="school_type", allow_none=True)
    grade_id = fields.Id(data_key="grade", allow_none=True)
    division_id = fields.Id(data_key="division", allow_none=True)
    school_name = fields.Text(longest=NAME_LENGTH, allow_none=True)
    national_id = NationalIdNumber(required=True)
    birth_date = fields.Day(required=True)
    gender = fields.Choice(GENDERS, required=True)
    facebook_link = fields.Text(longest=NAME_LENGTH, allow_none=True)
    governorate_id = fields.Id(data_key="governorate", required=True)
    area_id = fields.Id(data_key="area", required=True)


class RegistrationSchema(ProfileFormSchema):
    """The registration form."""

    password = NewPassword(required=True)


class StudentSchema(Schema):
    """A student as the site owner sees one."""

    id = plain.Integer(required=True)
    user_id = plain.Integer(required=True)
    username = plain.String(attribute="user.username", required=True)
    student_code = plain.String(required=True)
    name_ar = plain.String(required=True)
    name_en = plain.String(required=True)
    phone_number = plain.String(required=True)
    father_number = plain.String(required=True, allow_none=True)
    mother_number = plain.String(required=True, allow_none=True)
    father_job = plain.String(required=True)
    educational_state = plain.String(required=True)
    school_type = plain.Integer(attribute="school_type_id", required=True, allow_none=True)
    grade = plain.Integer(attribute="grade_id", required=True, allow_none=True)
    division = plain.Integer(attribute="division_id", required=True, allow_none=True)
    school_name = plain.String(required=True, allow_none=True)
    national_id = SealedNationalId(attribute="national_id_sealed", required=True)
    birth_date = plain.Date(required=True)
    gender = plain.String(required=True)
    gmail = plain.String(attribute="user.gmail", required=True)
    facebook_link = plain.String(required=True, allow_none=True)
    governorate = plain.Integer(attribute="governorate_id", required=True)
    area = plain.Integer(attribute="area_id", required=True)
    status = plain.String(required=True)
    is_active = plain.Boolean(attribute="user.is_active", required=True)
    created_at = fields.Moment(required=True)
    updated_at = fields.Moment(required=True)


def _can_access_course(profile: Row[Any]) -> bool:
    return profile.status == "verified" and profile.is_active


class ProfileSchema(StudentSchema):
    """A student's own profile, as `queries.profile` has it: names beside ids, and whether courses are open."""

    username = plain.String(required=True)
    gmail = plain.String(required=True)
    is_active = plain.Boolean(required=True)
    # Second names of fields above, which only output can have.
    email = plain.String(attribute="gmail", dump_only=True, required=True)
    full_name = plain.String(attribute="name_ar", dump_only=True, required=True)
    school_type_name = plain.String(required=True, allow_none=True)
    grade_name = plain.String(required=True, allow_none=True)
    division_name = plain.String(required=True, allow_none=True)
    governorate_name = plain.String(required=True)
    area_name = plain.String(required=True)
    can_access_course = plain.Function(_can_access_course, required=True, metadata={"type": "boolean"})


class StudentFiltersSchema(Schema):
    """Which students a list shows."""

    status = fields.Choice(STUDENT_STATUSES, load_default=None)
    grade = fields.Id(load_default=None)
    school_type = fields.Id(load_default=None)
    search = fields.Text(blank=True, load_default="")


class StudentStatusChangeSchema(Schema):
    """A student's new status, active flag, or both; what is left out stays."""

    status = fields.Choice(STUDENT_STATUSES)
    is_active = fields.Boolean()


class StudentStatusSchema(Schema):
    """Where a student's account stands."""

    status = plain.String(required=True)
    is_active = plain.Boolean(attribute="user.is_active", required=True)
