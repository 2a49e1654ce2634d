"""Reading accounts: who is calling, and the people that the site owner sees."""

from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select
from sqlalchemy.orm import aliased

from edutrack.accounts.models import Assistant, Session, Student, Teacher, User
from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db

_AssistantTeacher = aliased(Teacher)
_AssistantTeacherUser = aliased(User)


def _people() -> Any:
    """Return the select of users with all that a Caller needs, whatever their role."""
    return (
        select(
            User.id.label("user_id"),
            User.username,
            User.role,
            User.is_active,
            func.coalesce(Student.id, Teacher.id, Assistant.id).label("profile_id"),
            func.coalesce(Student.name_ar, Teacher.name, Assistant.name, User.username).label("name"),
            func.coalesce(Teacher.id, Assistant.teacher_id).label("teacher_id"),
            func.coalesce(_AssistantTeacherUser.is_active, True).label("teacher_is_active"),
            Student.status,
        )
        .select_from(User)
        .outerjoin(Student, Student.user_id == User.id)
        .outerjoin(Teacher, Teacher.user_id == User.id)
        .outerjoin(Assistant, Assistant.user_id == User.id)
        .outerjoin(_AssistantTeacher, _AssistantTeacher.id == Assistant.teacher_id)
        .outerjoin(_AssistantTeacherUser, _AssistantTeacherUser.id == _AssistantTeacher.user_id)
    )


# Built once: every authenticated request runs it.
_CALLER_OF_SESSION = (
    _people()
    .add_columns(Session.id.label("session_id"))
    .join(Session, Session.user_id == User.id)
    .where(
        User.id == bindparam("user_id"),
        Session.id == bindparam("session_id"),
        Session.ended_at.is_(None),
        Session.expires_at > bindparam("now"),
    )
)


def caller_of_session(user_id: int, session_id: int) -> Caller | None:
    """Return the caller whose live session this is; None where the session has ended or is another user's."""
    row = db.session.execute(
        _CALLER_OF_SESSION, {"user_id": user_id, "session_id": session_id, "now": clock.now()}
    ).one_or_none()
    return as_caller(row, row.session_id) if row else None


def person_by_username(username: str) -> Row[Any] | None:
    """Return the user of that name, ignoring case, with profile and `password_hash`; None where there is none."""
    named = _people().add_columns(User.password_hash).where(func.lower(User.username) == func.lower(username))
    return db.session.execute(named).one_or_none()


def as_caller(row: Row[Any], session_id: int | None) -> Caller:
    """Return a row of people as a Caller."""
    return Caller(
        user_id=row.user_id,
        session_id=session_id,
        username=row.username,
        role=Role(row.role),
        name=row.name,
        is_active=row.is_active,
        profile_id=row.profile_id,
        teacher_id=row.teacher_id,
        teacher_is_active=row.teacher_is_active,
        status=row.status,
    )


def same_gmail(gmail: str) -> ColumnElement[bool]:
    """Return the condition that a user has this address, ignoring case."""
    return func.lower(User.gmail) == func.lower(gmail)
