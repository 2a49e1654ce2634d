"""Turning a scratch card into balance, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, LargeBinary, Row, bindparam, or_, select, update

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import DomainError, Forbidden, NotFound, Rejected
from edutrack.core.extensions import db
from edutrack.core.limits import count_failure, refuse_after_failures
from edutrack.core.sealing import seals_of
from edutrack.core.statements import run
from edutrack.wallet.codes import normalised_code
from edutrack.wallet.models import RechargeCode
from edutrack.wallet.queries.access import course_access
from edutrack.wallet.service.ledger import Source, credit, tell_of_credit

_FAILURES_WITHIN = timedelta(minutes=15)
_NOT_ENROLLED = "You must be enrolled and approved in this course before redeeming codes."


@dataclass(frozen=True)
class Redeemed:
    """What redeeming a code came to."""

    new_balance: Decimal
    transaction_id: int


def redeem_code(caller: Caller, typed: str, course_id: int, *, most_failures: int) -> Redeemed:
    """Add a code's value to the student's balance in its course (rules.md, "Redeeming").

    Decided by one conditional UPDATE of the code, so of any number of attempts at once exactly one succeeds.
    Raises Forbidden where the student is not enrolled and approved, NotFound for an unknown code, Rejected for one that
    is used, meant for another course, expired, cancelled, or more than the balance can hold; Throttled after
    `most_failures` unknown codes.
    """
    student_id = caller.student_id
    access = course_access(student_id, course_id)
    if access is None or not access.is_approved:
        raise Forbidden(_NOT_ENROLLED)
    if not access.is_available:
        raise Rejected("This course is not available.")
    refuse_after_failures("redeem", str(student_id), most_failures, _FAILURES_WITHIN)
    code = normalised_code(typed)
    seals = seals_of(code, "recharge-code") if code else []
    now = clock.now()
    used = _use_up(seals, course_id, student_id, now)
    if used is None:
        raise _refusal(student_id, seals, course_id)
    entry = credit(student_id, course_id, used.value, Source(code_id=used.id), now)
    if entry is None:
        raise Rejected("Your balance in this course cannot hold the value of this code.")
    tell_of_credit(caller.user_id, course_id, access.course_name, used.value, entry)
    return Redeemed(entry.balance_after, entry.id)


def _use_up(seals: list[bytes], course_id: int, student_id: int, now: datetime) -> Row[int, Decimal] | None:
    """Mark a code that may be used as used, and return its id and value; None where it may not be."""
    if not seals:
        return None
    found = {"seal": seals[0], "other_seal": seals[-1]}
    return run(_USE_UP, **found, course=course_id, student=student_id, now=now).one_or_none()


def _refusal(student_id: int, seals: list[bytes], course_id: int) -> DomainError:
    """Return why a code could not be used; read after the fact, so it only chooses the words."""
    code = db.session.execute(
        select(RechargeCode.used_by_id, RechargeCode.course_id, RechargeCode.expires_at, RechargeCode.voided_at).where(
            RechargeCode.sealed.in_(seals)
        )
    ).one_or_none()
    if code is None:
        count_failure("redeem", str(student_id), _FAILURES_WITHIN)
        return NotFound("Invalid code.")
    if code.used_by_id is not None:
        return Rejected("This code has already been used.")
    if code.course_id != course_id:
        return Rejected("This code cannot be used for this course.")
    if code.voided_at is None or (code.expires_at is not None and code.expires_at <= clock.now()):
        return Rejected("This code has expired.")
    return Rejected("This code has been cancelled.")


_NOW = bindparam("now", type_=DateTime(timezone=True))
_USE_UP = (
    update(RechargeCode)
    .where(
        # Two, and no array: of that PostgreSQL does not know how many it has, and looks through the course as well.
        RechargeCode.sealed.in_([bindparam("seal", type_=LargeBinary), bindparam("other_seal", type_=LargeBinary)]),
        RechargeCode.course_id == bindparam("course", type_=BigInteger),
        RechargeCode.used_by_id.is_(None),
        RechargeCode.voided_at.is_(None),
        or_(RechargeCode.expires_at.is_(None), RechargeCode.expires_at > _NOW),
    )
    .values(used_by_id=bindparam("student", type_=BigInteger), used_at=_NOW)
    .returning(RechargeCode.id, RechargeCode.value)
)
