"""The rules of students: who can register, what a profile may become, and the status of an account."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from edutrack.accounts.models import Student, User
from edutrack.accounts.service import change_gmail, create_user
from edutrack.core import audit, clock
from edutrack.core.auth import Guard, authorise
from edutrack.core.caller import Caller, Role
from edutrack.core.database import when_violated
from edutrack.core.errors import Invalid, invalid_pk
from edutrack.core.extensions import db
from edutrack.core.sealing import seal, seal_of_previous, unseal
from edutrack.notifications.service import notify_all
from edutrack.students import mails, queries
from edutrack.students.national_id import parse_national_id

_REQUIRED = "This field is required."
_ACCOUNT_FIELDS = frozenset({"username", "gmail"})
_PARENTS = frozenset({"father_number", "mother_number"})
_IDENTITY = frozenset({"national_id", "birth_date", "gender"})
_HOME = frozenset({"governorate_id", "area_id"})
_SCHOOL = frozenset({"educational_state", "school_type_id", "grade_id", "division_id", "school_name"})
_PLAIN_COLUMNS = (
    _PARENTS
    | _HOME
    | _SCHOOL
    | {"name_ar", "name_en", "phone_number", "father_job", "birth_date", "gender", "facebook_link"}
)
#: What a registration leaves out, it leaves empty.
_LEFT_EMPTY: dict[str, Any] = dict.fromkeys((*_PARENTS, *_SCHOOL, "facebook_link"))
#: What the site owner verified; whoever changes it is to be verified again.
_VERIFIED_FIELDS = frozenset({"national_id", "birth_date", "name_ar"})
#: What a new status makes of the active flag; the other two leave it alone.
_ACTIVE_BY_STATUS = {"verified": True, "declined": False, "suspended_permanent": False}
_WAITING_OR_VERIFIED = Guard(frozenset({Role.STUDENT}), students="waiting")
#: With a million students each try collides once in ninety; ten in a row mean that something else is wrong.
_CODE_TRIES = 10

Messages = dict[str, list[str]]


def _already_registered() -> Invalid:
    return Invalid({"national_id": ["This national ID is already registered."]})


when_violated("uq_students_national_id_sealed", _already_registered)


def register_student(form: Mapping[str, Any]) -> Row[*tuple[Any, ...]]:
    """Add a student who waits to be verified, and return the profile (rules.md, "Registration").

    Raises Invalid, by field, where the form breaks a rule or the username, address or national id is taken.
    """
    form = {**_LEFT_EMPTY, **form}
    _refuse_broken_rules(form, form.keys())
    user = create_user(
        username=form["username"], password=form["password"], gmail=form["gmail"], role=Role.STUDENT, is_active=False
    )
    profile = queries.profile(_add_student(user, form))
    mails.tell_registered(user, profile.student_code)
    return profile


def change_profile(caller: Caller, changes: Mapping[str, Any]) -> Row[*tuple[Any, ...]]:
    """Change the calling student's own profile, and return it (rules.md, "Profiles").

    Raises Invalid, by field, where the profile as it would become breaks a rule, or the username, address or national
    id is taken; Forbidden where the student was suspended in the meantime.
    """
    student = queries.lock_student(caller, caller.student_id)
    # The guard let through what the account was before the wait for the lock.
    authorise(replace(caller, status=student.status, is_active=student.user.is_active), _WAITING_OR_VERIFIED)
    current = _form_of(student)
    changed = {name: value for name, value in changes.items() if current[name] != value}
    if changed:
        _refuse_broken_rules(current | changed, changed.keys())
        _write(student, changed)
        if _needs_verification(student, changed.keys()):
            student.status = "pending"
            student.user.is_active = False
        audit.record(caller, "student.profile.changed", student, fields=sorted(changed), status=student.status)
        db.session.flush()
    return queries.profile(student.id)


def change_status(
    caller: Caller, student: Student, *, status: str | None = None, is_active: bool | None = None
) -> Student:
    """Give a locked student another status, active flag, or both (rules.md, "Student status")."""
    _change_statuses(caller, [student], status, is_active)
    return student


@dataclass(frozen=True)
class StatusChanges:
    """What became of students who were to be given a status at once; everybody is in one of the lists."""

    changed: list[Student]
    #: Had that status and flag already.
    as_wanted: list[Student]
    #: Changed since the caller looked, by themselves or by somebody else.
    outdated: list[Student]
    #: Stand where the change means nothing.
    unsuitable: list[Student]
    #: How many are not there any more, or never were the caller's to change.
    missing: int


def change_statuses(
    caller: Caller,
    seen: Mapping[int, datetime],
    *,
    status: str | None = None,
    is_active: bool | None = None,
    only_from: Collection[str] | None = None,
) -> StatusChanges:
    """Give many students another status, active flag, or both; say what became of each (rules.md, "Many at once").

    `seen` has the ids of the students, each with the last change that the caller knows of: whoever has changed since is
    left alone, so that nobody is judged by what is not true any more. With `only_from`, so is everybody whose status is
    not among these. The number of statements does not depend on how many they are.
    """
    found = queries.lock_students(caller, seen)
    current = [student for student in found if student.updated_at == seen[student.id]]
    suitable = [student for student in current if only_from is None or student.status in only_from]
    changed = _change_statuses(caller, suitable, status, is_active)
    return StatusChanges(
        changed=changed,
        as_wanted=[student for student in suitable if student not in changed],
        outdated=[student for student in found if student not in current],
        unsuitable=[student for student in current if student not in suitable],
        missing=len(seen) - len(found),
    )


def _change_statuses(
    caller: Caller, students: Sequence[Student], status: str | None, is_active: bool | None
) -> list[Student]:
    """Change locked students, record it and tell them; return those for whom that made a difference."""
    changed = []
    if status is not None:
        is_active = _ACTIVE_BY_STATUS.get(status, is_active)
    for student in students:
        before = {"status": student.status, "is_active": student.user.is_active}
        after: dict[str, Any] = {
            "status": student.status if status is None else status,
            "is_active": student.user.is_active if is_active is None else is_active,
        }
        if after == before:
            continue
        student.status, student.user.is_active = after["status"], after["is_active"]
        student.updated_at = clock.now()
        audit.record(caller, "student.status.changed", student, before=before, after=after)
        if student.status != before["status"]:
            mails.tell_status(student)
        changed.append(student)
    if changed:
        db.session.flush()
        notify_all("account_status_changed", queries.states_to_tell([student.id for student in changed]))
    return changed


def _add_student(user: User, form: Mapping[str, Any]) -> int:
    """Insert the profile under a student code that nobody has, and return its id."""
    values = {name: form[name] for name in _PLAIN_COLUMNS} | {
        "user_id": user.id,
        "national_id_sealed": _sealed_if_free(form["national_id"]),
        "status": "pending",
    }
    for _ in range(_CODE_TRIES):
        student_id = db.session.scalar(
            insert(Student)
            .values(**values, student_code=_new_student_code())
            .on_conflict_do_nothing(index_elements=[Student.student_code])
            .returning(Student.id)
        )
        if student_id is not None:
            return student_id
    raise RuntimeError(f"No free student code in {_CODE_TRIES} tries.")


def _sealed_if_free(national_id: str) -> bytes:
    """Return a national id sealed; raises Invalid where it is registered under the key that is being replaced.

    Equal ids under one key are what the unique constraint decides (rules.md, "Replacing keys").
    """
    previous = seal_of_previous(national_id, "national-id")
    if previous is not None and queries.is_national_id(previous):
        raise _already_registered()
    return seal(national_id, "national-id")


def _new_student_code() -> str:
    # Never a leading zero, which spreadsheets drop.
    return str(10_000_000 + secrets.randbelow(90_000_000))


def _form_of(student: Student) -> dict[str, Any]:
    """Return a stored profile as the form that would have written it."""
    return {name: getattr(student, name) for name in _PLAIN_COLUMNS} | {
        "username": student.user.username,
        "gmail": student.user.gmail,
        "national_id": unseal(student.national_id_sealed, "national-id"),
    }


def _write(student: Student, changed: Mapping[str, Any]) -> None:
    for name, value in changed.items():
        if name == "national_id":
            student.national_id_sealed = _sealed_if_free(value)
        elif name == "gmail":
            change_gmail(student.user, value)
        else:
            setattr(student.user if name in _ACCOUNT_FIELDS else student, name, value)
    # A change of the account alone is one of the profile too.
    student.updated_at = clock.now()


def _needs_verification(student: Student, changed: Collection[str]) -> bool:
    return student.status == "declined" or (student.status == "verified" and not _VERIFIED_FIELDS.isdisjoint(changed))


def _refuse_broken_rules(form: Mapping[str, Any], touched: Collection[str]) -> None:
    """Raise Invalid with every rule about the `touched` fields that the whole `form` breaks."""
    messages: Messages = {}
    if not _PARENTS.isdisjoint(touched) and not (form["father_number"] or form["mother_number"]):
        messages["non_field_errors"] = ["At least one of father_number and mother_number is required."]
    if not _IDENTITY.isdisjoint(touched):
        messages |= _identity_messages(form)
    home_touched, school_touched = not _HOME.isdisjoint(touched), not _SCHOOL.isdisjoint(touched)
    if home_touched or school_touched:
        found = queries.surroundings(
            **{name: form[name] for name in ("governorate_id", "area_id", "school_type_id", "grade_id", "division_id")}
        )
        if home_touched:
            messages |= _home_messages(form, found)
        if school_touched:
            messages |= _school_messages(form, found)
    if messages:
        raise Invalid(messages)


def _identity_messages(form: Mapping[str, Any]) -> Messages:
    said = parse_national_id(form["national_id"], clock.today())
    messages = []
    if said.birth_date != form["birth_date"]:
        messages.append("The national ID does not match the birth date.")
    if said.gender != form["gender"]:
        messages.append("The national ID does not match the gender.")
    return {"national_id": messages} if messages else {}


def _home_messages(form: Mapping[str, Any], found: Row[Any]) -> Messages:
    messages: Messages = {}
    if found.governorate_id is None:
        messages |= invalid_pk("governorate", form["governorate_id"]).messages
    if found.area_governorate_id is None:
        messages |= invalid_pk("area", form["area_id"]).messages
    if not messages and found.area_governorate_id != found.governorate_id:
        messages["area"] = ["The selected area does not belong to the selected governorate."]
    return messages


def _school_messages(form: Mapping[str, Any], found: Row[Any]) -> Messages:
    messages: Messages = {}
    for name in ("school_type", "grade", "division"):
        chosen = form[f"{name}_id"]
        if chosen is None and name != "division":
            messages[name] = [_REQUIRED]
        elif chosen is not None and getattr(found, f"{name}_id") is None:
            messages |= invalid_pk(name, chosen).messages
    if form["school_name"] is None:
        messages["school_name"] = [_REQUIRED]
    if messages.keys().isdisjoint({"grade", "division"}):
        messages |= _division_messages(found, school_type_known="school_type" not in messages)
    return messages


def _division_messages(found: Row[Any], *, school_type_known: bool) -> Messages:
    divisions, school_types = found.grade_division_ids or [], found.division_school_type_ids or []
    if divisions and found.division_id is None:
        return {"division": [_REQUIRED]}
    if found.division_id is None:
        return {}
    if found.division_id not in divisions:
        return {"division": ["The selected division does not belong to the selected grade."]}
    # A division that names no school types is open to all of them.
    if school_type_known and school_types and found.school_type_id not in school_types:
        return {"school_type": ["The selected school type does not have the selected division."]}
    return {}
