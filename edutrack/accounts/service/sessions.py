"""Signing in and out: sessions, the rotation of refresh tokens, and what a replayed one means."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, literal, select, update

from edutrack.accounts import queries
from edutrack.accounts.models import RotatedToken, Session, User
from edutrack.accounts.passwords import hash_password, needs_rehash, verify_password
from edutrack.core import audit, clock
from edutrack.core.auth import INACTIVE, REFRESH_LIFETIME
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import NotSignedIn
from edutrack.core.extensions import db
from edutrack.core.forgetting import forget
from edutrack.core.limits import count_failure, refuse_after_failures
from edutrack.core.transaction import after_rollback

#: Two tabs that refresh at once, or an answer lost on the way: not yet a theft.
REPLAY_GRACE = timedelta(seconds=10)
_LOGIN_WINDOW = timedelta(minutes=15)
_WRONG = "No active account found with the given credentials"
_TEACHER_INACTIVE = "Your assigned teacher's account is inactive. Please contact an administrator."
_BAD_REFRESH = "Invalid or expired refresh token"


forget(Session, lambda at: Session.expires_at < at, kept=timedelta(days=1))
# Whoever shows it again after that shows a token that has expired.
forget(RotatedToken, lambda at: RotatedToken.rotated_at < at, kept=REFRESH_LIFETIME)


@dataclass(frozen=True)
class SignedIn:
    """A live session: whose it is, and the id of the refresh token that may be used next."""

    caller: Caller
    session_id: int
    refresh_jti: str


def log_in(username: str, password: str, address: str, *, most_failures: int, role: Role | None = None) -> SignedIn:
    """Open a session for the user of that name and password; with a `role`, only for users of that one.

    Raises NotSignedIn for wrong credentials, and for teachers and assistants who are blocked; Throttled after
    `most_failures` wrong passwords for this account from this address in 15 minutes, before anything is hashed. Users
    of another role are told the same as those who do not exist.
    """
    refuse_guesses(username, address, most_failures)
    person = queries.person_by_username(username)
    if person is not None and role is not None and person.role != role:
        person = None
    if not verify_password(password, person.password_hash if person else None) or person is None:
        count_guess(username, address)
        raise NotSignedIn(_WRONG, key="error")
    if person.role != Role.STUDENT and not person.is_active:
        raise NotSignedIn(INACTIVE, key="error")
    if not person.teacher_is_active:
        raise NotSignedIn(_TEACHER_INACTIVE, key="error")
    jti = _new_jti()
    session_id = _open_session(person.user_id, person.password_hash, jti)
    if session_id is None:
        # Replaced meanwhile: by another password, or by a dearer hash of the same.
        return log_in(username, password, address, most_failures=most_failures, role=role)
    if needs_rehash(person.password_hash):
        _rehash(person.user_id, password)
    return SignedIn(queries.as_caller(person, session_id), session_id, jti)


def rotate_session(caller: Caller, jti: str) -> SignedIn:
    """Use up the refresh token `jti` of the caller's session and name its successor.

    Raises NotSignedIn where the token has been used before; more than ten seconds after that use, somebody else has
    it, and the session ends with it (rules.md, "Sessions").
    """
    now, successor = clock.now(), _new_jti()
    rotated = db.session.scalar(
        update(Session)
        .where(Session.id == caller.session_id, Session.refresh_jti == jti, Session.ended_at.is_(None))
        .values(refresh_jti=successor, expires_at=now + REFRESH_LIFETIME)
        .returning(Session.id)
    )
    if rotated is None:
        raise _replayed(caller, jti)
    db.session.add(RotatedToken(jti=jti, session_id=rotated, rotated_at=now))
    return SignedIn(caller, rotated, successor)


def end_session(session_id: int | None) -> None:
    """End a session: its tokens are dead from the next request on. One that has ended stays as it is."""
    db.session.execute(
        update(Session).where(Session.id == session_id, Session.ended_at.is_(None)).values(ended_at=clock.now())
    )


def end_sessions_of(user_id: int) -> int:
    """End every session of a user, wherever it was opened (rules.md, "Sessions"); return how many were still open."""
    now = clock.now()
    ended = db.session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.ended_at.is_(None))
        .values(ended_at=now)
        .returning(Session.expires_at)
        .execution_options(synchronize_session=False)
    )
    return sum(expires_at > now for expires_at in ended.scalars())


def sign_out_everywhere(caller: Caller, user: User) -> int:
    """End every session of somebody else; return how many were still open (rules.md, "Sessions")."""
    ended = end_sessions_of(user.id)
    if ended:
        audit.record(caller, "user.sessions.ended", user, sessions=ended)
    db.session.flush()
    return ended


def refuse_guesses(username: str, address: str, most: int) -> None:
    """Raise Throttled where this account's password was wrong `most` times from this address (rules.md, "Limits")."""
    refuse_after_failures("login", _guesser(username, address), most, _LOGIN_WINDOW)


def count_guess(username: str, address: str) -> None:
    """Count one wrong password of this account from this address, wherever it was asked for."""
    count_failure("login", _guesser(username, address), _LOGIN_WINDOW)


def _guesser(username: str, address: str) -> str:
    return f"{username.lower()[:150]} {address}"


def _rehash(user_id: int, password: str) -> None:
    """Store a hash of today's cost, unless somebody else is just signing in as this user: the next one will do it."""
    unlocked = select(User.id).where(User.id == user_id).with_for_update(skip_locked=True)
    if db.session.scalar(unlocked) is not None:
        db.session.execute(update(User).where(User.id == user_id).values(password_hash=hash_password(password)))


def _open_session(user_id: int, password_hash: str, jti: str) -> int | None:
    """Open a session and return its id; None where the password has been replaced since its hash was read.

    The user's row is locked against that: a replacement either comes first and is seen here, or waits and then ends
    this session with the others.
    """
    now = clock.now()
    unchanged = (
        select(User.id, literal(jti), literal(now), literal(now + REFRESH_LIFETIME))
        .where(User.id == user_id, User.password_hash == password_hash)
        .with_for_update(read=True)
    )
    columns = ["user_id", "refresh_jti", "started_at", "expires_at"]
    session_id: int | None = db.session.scalar(
        insert(Session).from_select(columns, unchanged).returning(Session.id),
    )
    return session_id


def _replayed(caller: Caller, jti: str) -> NotSignedIn:
    used_at = db.session.scalar(select(RotatedToken.rotated_at).where(RotatedToken.jti == jti))
    if used_at is None or used_at + REPLAY_GRACE < clock.now():
        after_rollback(lambda: end_session(caller.session_id))
    return NotSignedIn(_BAD_REFRESH, key="error")


def _new_jti() -> str:
    return uuid.uuid4().hex
