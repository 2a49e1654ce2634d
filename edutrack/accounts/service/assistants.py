"""Managing assistants; each teacher manages the own ones (rules.md, "Assistants")."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from edutrack.accounts.models import Assistant, User
from edutrack.accounts.service.mails import tell_account_made
from edutrack.accounts.service.pictures import assign_picture
from edutrack.accounts.service.users import change_gmail, create_user
from edutrack.core import audit
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.files import remove_file

_PROFILE_FIELDS = ("name", "phone", "gender")
_ACCOUNT_FIELDS = ("username", "is_active")
_FOREIGN_KEY_VIOLATION = "23503"


def create_assistant(caller: Caller, values: Mapping[str, Any]) -> Assistant:
    """Add a user and the profile of an assistant of the calling teacher, both or neither.

    Raises Invalid, by field, where the username or address is taken, the password is weak, or the picture is none.
    """
    user = create_user(
        username=values["username"],
        password=values["password"],
        gmail=values["gmail"],
        role=Role.ASSISTANT,
        is_active=values.get("is_active", True),
    )
    assistant = Assistant(user=user, teacher_id=caller.teacher_id, **{name: values[name] for name in _PROFILE_FIELDS})
    assign_picture(assistant, values)
    db.session.add(assistant)
    audit.record(caller, "assistant.created", assistant, **_audited(values))
    tell_account_made(user)
    db.session.flush()
    return assistant


def change_assistant(caller: Caller, assistant: Assistant, values: Mapping[str, Any]) -> Assistant:
    """Change what `values` names of a locked assistant, and leave the rest.

    A deactivated assistant is refused from the next request on. Raises Invalid as `create_assistant` does.
    """
    user: User = assistant.user
    for names, target in ((_ACCOUNT_FIELDS, user), (_PROFILE_FIELDS, assistant)):
        for name in names:
            if name in values:
                setattr(target, name, values[name])
    db.session.flush()
    if "gmail" in values:
        change_gmail(user, values["gmail"])
    assign_picture(assistant, values)
    if values:
        audit.record(caller, "assistant.changed", assistant, **_audited(values))
    db.session.flush()
    return assistant


def delete_assistant(caller: Caller, assistant: Assistant) -> None:
    """Delete a locked assistant with user, sessions and picture.

    Raises Rejected where something that the assistant did, such as an answered enrolment, still names the user.
    """
    picture, user = assistant.profile_picture, assistant.user
    audit.record(caller, "assistant.deleted", assistant, user_id=user.id)
    try:
        with db.session.begin_nested():
            db.session.delete(assistant)
            db.session.flush()
            db.session.delete(user)
    except IntegrityError as violation:
        if getattr(violation.orig, "sqlstate", None) != _FOREIGN_KEY_VIOLATION:
            raise
        raise Rejected("Cannot delete an assistant who has already done work. Deactivate the account.") from violation
    remove_file(picture)


def _audited(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"is_active": values["is_active"]} if "is_active" in values else {}
    return {"fields": sorted(values), **kept}
