"""Routes of students: registering, the own profile, and the site owner's side of both."""

from typing import Any

from flask import current_app
from sqlalchemy import Row, Select

from edutrack.accounts.models import Student
from edutrack.core.auth import caller, guard, public
from edutrack.core.blueprint import Blueprint, path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid, Throttled
from edutrack.core.extensions import limiter
from edutrack.core.limits import failed
from edutrack.students import queries, service
from edutrack.students.schemas import (
    ProfileFormSchema,
    ProfileSchema,
    RegistrationSchema,
    StudentFiltersSchema,
    StudentSchema,
    StudentStatusChangeSchema,
    StudentStatusSchema,
)

blueprint = Blueprint("students", __name__, description="Registration, profiles and verification of students")


@blueprint.post("/accounts/students/register/")
@public
@limiter.limit(lambda: f"{current_app.config['REGISTRATIONS_PER_ADDRESS']}/hour", deduct_when=failed)
@blueprint.body(RegistrationSchema, forms=True)
@blueprint.response(201, ProfileSchema)
@blueprint.refusals(
    Invalid({"username": ["Username already exists."]}),
    Invalid({"gmail": ["This email is already associated with an account."]}),
    Invalid({"national_id": ["This national ID is already registered."]}),
    Invalid({"area": ["The selected area does not belong to the selected governorate."]}),
    Invalid({"phone_number": ["Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."]}),
    Throttled(60),
)
def register(form: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Register as a student; the site owner then verifies the account."""
    return service.register_student(form)


@blueprint.get("/accounts/profile/me/")
@guard(Role.STUDENT, students="any")
@blueprint.response(200, ProfileSchema)
def show_profile() -> Row[*tuple[Any, ...]]:
    """Show the calling student's profile."""
    return queries.profile(caller().student_id)


@blueprint.patch("/accounts/profile/me/")
@guard(Role.STUDENT, students="waiting")
@blueprint.body(ProfileFormSchema(partial=True), forms=True)
@blueprint.response(200, ProfileSchema)
@blueprint.refusals(
    Invalid({"username": ["Username already exists."]}),
    Invalid({"gmail": ["This email is already associated with an account."]}),
    Invalid({"national_id": ["This national ID is already registered."]}),
    Invalid({"area": ["The selected area does not belong to the selected governorate."]}),
    Invalid({"phone_number": ["Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."]}),
)
def change_profile(changes: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Change parts of the calling student's profile."""
    return service.change_profile(caller(), changes)


@blueprint.get("/accounts/students/")
@guard(Role.SITE_OWNER)
@blueprint.query(StudentFiltersSchema)
@blueprint.page(StudentSchema)
def list_students(filters: dict[str, Any]) -> Select[Student]:
    """List students, newest first."""
    return queries.students(caller(), **filters)


@blueprint.get("/accounts/students/<int:student_id>/")
@guard(Role.SITE_OWNER)
@path_object("student", queries.find_student)
@blueprint.response(200, StudentSchema)
def show_student(student: Student) -> Student:
    """Show one student."""
    return student


@blueprint.patch("/accounts/students/<int:student_id>/status/")
@guard(Role.SITE_OWNER)
@path_object("student", queries.lock_student)
@blueprint.body(StudentStatusChangeSchema)
@blueprint.response(200, StudentStatusSchema)
def change_status(values: dict[str, Any], student: Student) -> Student:
    """Change a student's status, active flag, or both."""
    return service.change_status(caller(), student, **values)
