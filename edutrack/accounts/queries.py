"""Reading accounts: who is calling, and the people that the site owner sees."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, select, true
from sqlalchemy.orm import aliased, contains_eager

from edutrack.accounts.models import Assistant, Session, Student, Teacher, User, teacher_grades
from edutrack.core import clock
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.pagination import matching
from edutrack.core.statements import run
from edutrack.structure.models import Grade
from edutrack.structure.queries import ids_json, names_json, subject_json, video_security_json

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
    row = run(_CALLER_OF_SESSION, user_id=user_id, session_id=session_id, now=clock.now()).one_or_none()
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


def find_person(user_id: int) -> Row[Any]:
    """Return a user's `role`, `profile_id` and `name`; raises NotFound, also for those without a profile."""
    found = db.session.execute(_people().where(User.id == user_id)).one_or_none()
    if found is None or found.profile_id is None:
        raise NotFound()
    return found


def open_session_count(user_id: int) -> int:
    """Return in how many places a user is signed in."""
    still_open = (Session.user_id == user_id, Session.ended_at.is_(None), Session.expires_at > clock.now())
    return db.session.scalar(select(func.count()).select_from(Session).where(*still_open)) or 0


def same_gmail(gmail: str) -> ColumnElement[bool]:
    """Return the condition that a user has this address, ignoring case."""
    return func.lower(User.gmail) == func.lower(gmail)


def teachers(
    *, is_active: bool | None = None, subject: int | None = None, grades: int | None = None, search: str = ""
) -> Select[*tuple[Any, ...]]:
    """Return the select of teachers as they are shown, newest first; `search` finds words in the name."""
    rows = _SHOWN_TEACHERS.where(matching(search, Teacher.name_folded)).order_by(Teacher.id.desc())
    if is_active is not None:
        rows = rows.where(User.is_active.is_(is_active))
    if subject is not None:
        rows = rows.where(Teacher.subject_id == subject)
    if grades is not None:
        teaches = exists().where(teacher_grades.c.teacher_id == Teacher.id, teacher_grades.c.grade_id == grades)
        rows = rows.where(teaches)
    return rows


def show_teacher(teacher_id: int) -> Row[*tuple[Any, ...]]:
    """Return one teacher as it is shown; raises NotFound."""
    shown = db.session.execute(_SHOWN_TEACHERS.where(Teacher.id == teacher_id)).one_or_none()
    if shown is None:
        raise NotFound()
    return shown


def lock_teacher(_caller: Caller, teacher_id: int) -> Teacher:
    """Return a teacher with the user, both unchanged by others until this transaction ends; raises NotFound."""
    found: Teacher | None = db.session.scalar(
        select(Teacher)
        .join(Teacher.user)
        .options(contains_eager(Teacher.user))
        .where(Teacher.id == teacher_id)
        .with_for_update(key_share=True, of=(Teacher, User))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound()
    return found


def assistants(*, teacher: int | None = None, search: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of all assistants with their teachers' names, newest first.

    `search` finds words in the name, the phone number and the e-mail address.
    """
    # An address is ASCII, so that folding it is lowering it.
    found = matching(search, Assistant.search_folded, func.lower(User.gmail))
    rows = _SHOWN_ASSISTANTS.where(found).order_by(Assistant.id.desc())
    return rows if teacher is None else rows.where(Assistant.teacher_id == teacher)


def own_assistants(caller: Caller, *, is_active: bool | None = None, search: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of the assistants of the caller's teacher, newest first.

    `search` finds words in the name, the phone number and the e-mail address.
    """
    rows = assistants(search=search).where(_works_with(caller))
    return rows if is_active is None else rows.where(User.is_active.is_(is_active))


def show_assistant(caller: Caller, assistant_id: int) -> Row[*tuple[Any, ...]]:
    """Return one assistant of the caller's teacher, or any for a site owner, as it is shown; raises NotFound."""
    shown = db.session.execute(_SHOWN_ASSISTANTS.where(Assistant.id == assistant_id, _works_with(caller))).one_or_none()
    if shown is None:
        raise NotFound()
    return shown


def lock_assistant(caller: Caller, assistant_id: int) -> Assistant:
    """Return an assistant of the caller's with the user, both unchanged by others until this transaction ends.

    Raises NotFound.
    """
    found: Assistant | None = db.session.scalar(
        select(Assistant)
        .join(Assistant.user)
        .options(contains_eager(Assistant.user))
        .where(Assistant.id == assistant_id, _works_with(caller))
        .with_for_update(key_share=True, of=(Assistant, User))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound()
    return found


def lock_user_of(caller: Caller, user_id: int) -> User:
    """Return a user whose password the caller may replace, locked: any for a site owner, a teacher's own assistants.

    Raises NotFound.
    """
    wanted = select(User).where(User.id == user_id)
    if not caller.is_site_owner:
        wanted = wanted.where(exists().where(Assistant.user_id == User.id, _works_with(caller)))
    found: User | None = db.session.scalar(
        wanted.with_for_update(key_share=True, of=User).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound()
    return found


def _works_with(caller: Caller) -> ColumnElement[bool]:
    return true() if caller.is_site_owner else Assistant.teacher_id == caller.teacher_id


# One statement for the whole of every teacher: the relations are built inside it.
_SHOWN_TEACHERS: Select[*tuple[Any, ...]] = select(
    Teacher.id,
    Teacher.user_id,
    User.username,
    Teacher.name,
    Teacher.phone,
    Teacher.secondary_phone,
    User.gmail,
    Teacher.gender,
    Teacher.profile_picture,
    Teacher.biography,
    Teacher.facebook,
    subject_json(Teacher.subject_id).label("subject_detail"),
    names_json(Grade, teacher_grades, Teacher.id).label("grades_detail"),
    video_security_json(Teacher.video_security_id).label("video_security_detail"),
    User.is_active,
    Teacher.created_at,
    Teacher.subject_id,
    ids_json(Grade, teacher_grades, Teacher.id).label("grade_ids"),
    Teacher.video_security_id,
).join(Teacher.user)

_SHOWN_ASSISTANTS: Select[*tuple[Any, ...]] = (
    select(
        Assistant.id,
        Assistant.user_id,
        User.username,
        Assistant.name,
        Assistant.phone,
        User.gmail,
        Assistant.gender,
        Assistant.profile_picture,
        User.is_active,
        Assistant.created_at,
        Assistant.teacher_id,
        Teacher.name.label("teacher_name"),
    )
    .join(Assistant.user)
    .join(Assistant.teacher)
)
