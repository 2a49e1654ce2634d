"""Managing teachers; only site owners do."""

from collections.abc import Mapping, Sequence
from typing import Any

from edutrack.accounts.models import Teacher, User
from edutrack.accounts.service.mails import tell_account_made
from edutrack.accounts.service.pictures import assign_picture
from edutrack.accounts.service.users import change_gmail, create_user, set_password
from edutrack.core import audit
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import Invalid
from edutrack.core.extensions import db
from edutrack.structure.models import Grade, Subject, VideoSecurity
from edutrack.structure.queries import grades_of_subject, named_items

_PROFILE_FIELDS = ("name", "phone", "secondary_phone", "gender", "biography", "facebook")
_ACCOUNT_FIELDS = ("username", "is_active")
#: What stands for a field that is left out when a teacher is added.
_LEFT_OUT: dict[str, Any] = {
    "secondary_phone": None,
    "profile_picture": None,
    "biography": None,
    "facebook": None,
    "is_active": True,
    "video_security": None,
}
#: What the audit trail keeps the value of; of everything else, which is personal, it keeps that it changed.
_AUDITED_VALUES = ("is_active", "subject", "grades", "video_security")


def create_teacher(caller: Caller, values: Mapping[str, Any]) -> Teacher:
    """Add a user and the teacher's profile, both or neither (rules.md, "Teachers").

    Raises Invalid, by field, where the username or address is taken, the password is weak, the subject, a grade or the
    video security does not exist, a grade does not learn the subject, or the picture is none.
    """
    values = {**_LEFT_OUT, **values}
    user = create_user(
        username=values["username"],
        password=values["password"],
        gmail=values["gmail"],
        role=Role.TEACHER,
        is_active=values["is_active"],
    )
    teacher = Teacher(user=user, **{name: values[name] for name in _PROFILE_FIELDS})
    _assign_teaching(teacher, values)
    assign_picture(teacher, values)
    db.session.add(teacher)
    audit.record(caller, "teacher.created", teacher, **_audited(values))
    tell_account_made(user)
    db.session.flush()
    return teacher


def change_teacher(caller: Caller, teacher: Teacher, values: Mapping[str, Any]) -> Teacher:
    """Change what `values` names of a locked teacher, and leave the rest (rules.md, "Teachers").

    Another password ends the teacher's sessions; a deactivated teacher is refused from the next request on, and so are
    the assistants. Raises Invalid as `create_teacher` does, judging the teacher as it would become.
    """
    user: User = teacher.user
    for name in _ACCOUNT_FIELDS:
        if name in values:
            setattr(user, name, values[name])
    for name in _PROFILE_FIELDS:
        if name in values:
            setattr(teacher, name, values[name])
    db.session.flush()
    if "gmail" in values:
        change_gmail(user, values["gmail"])
    if "password" in values:
        set_password(user, values["password"])
    _assign_teaching(teacher, values)
    assign_picture(teacher, values)
    if values:
        audit.record(caller, "teacher.changed", teacher, **_audited(values))
    db.session.flush()
    return teacher


def _assign_teaching(teacher: Teacher, values: Mapping[str, Any]) -> None:
    if "subject" in values:
        (teacher.subject,) = named_items(Subject, [values["subject"]], "subject")
    if "grades" in values:
        teacher.grades = named_items(Grade, values["grades"], "grades")
    if "subject" in values or "grades" in values:
        _refuse_foreign_grades(teacher.subject, teacher.grades)
    if "video_security" in values:
        wanted = values["video_security"]
        found = named_items(VideoSecurity, [] if wanted is None else [wanted], "video_security")
        teacher.video_security = found[0] if found else None


def _refuse_foreign_grades(subject: Subject, grades: Sequence[Grade]) -> None:
    taught = grades_of_subject(subject.id)
    foreign = [grade.name for grade in grades if grade.id not in taught]
    if foreign:
        raise Invalid({"grades": [f"{subject.name} is not taught in {name}." for name in foreign]})


def _audited(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: values[name] for name in _AUDITED_VALUES if name in values}
    return {"fields": sorted(values), **kept}
