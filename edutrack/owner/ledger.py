"""Checking the ledger from the console, and what earlier checks have found (rules.md, "Ledger checks")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from edutrack.accounts.models import User
from edutrack.core import audit
from edutrack.core.audit import AuditEntry
from edutrack.core.caller import Caller
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.invariants import violation_counts
from edutrack.core.turns import stepping_aside
from edutrack.owner import invariants as counts
from edutrack.quizzes import invariants as exams
from edutrack.wallet import invariants as money
from edutrack.wallet.models import BalanceTransaction

#: What must always be true, by what it is about.
CHECKED: Mapping[str, Mapping[str, str]] = {
    "money": money.INVARIANTS,
    "exams": exams.INVARIANTS,
    "counts": counts.INVARIANTS,
}
_VERB = "ledger.checked"
#: Key of the lock that the one check which runs at a time holds; a number of our own.
_CHECK_LOCK = 8_201_947_003
_EMPTY: dict[str, int] = {}


@dataclass(frozen=True)
class LedgerCheck:
    """What one check has found."""

    checked_at: datetime
    #: Who asked for it; None: a command.
    checked_by: str | None
    #: How many rows violate which invariant; those that hold are left out.
    violated: Mapping[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether every invariant held."""
        return not self.violated


def check_ledger(caller: Caller) -> Mapping[str, int]:
    """Run every invariant, record what it finds, and return how many rows violate which.

    In a large school this takes a while, in which other requests go on. Raises Rejected while another check runs.
    """
    with stepping_aside():
        if not db.session.scalar(select(func.pg_try_advisory_xact_lock(_CHECK_LOCK))):
            raise Rejected("A check is running already. Its result will stand here in a moment.")
        found = {name: count for queries in CHECKED.values() for name, count in violation_counts(queries).items()}
    record_check(caller, found)
    return found


def record_check(caller: Caller | None, found: Mapping[str, int]) -> None:
    """Keep in the audit trail what a check has found: how many rows violate which invariant."""
    audit.record(caller, _VERB, BalanceTransaction, violated=dict(found))
    db.session.flush()


def latest_checks(most: int) -> Sequence[LedgerCheck]:
    """Return the latest checks, newest first. One statement."""
    return [_check(row) for row in db.session.execute(_checks().limit(most))]


def last_clean_check() -> LedgerCheck | None:
    """Return the latest check in which every invariant held; None where there was none. One statement."""
    row = db.session.execute(_checks(AuditEntry.details["violated"] == _EMPTY).limit(1)).one_or_none()
    return None if row is None else _check(row)


def _checks(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    # Found by the index over what entries are about: there are few checks in a long trail.
    about_the_ledger = (
        AuditEntry.target_type == BalanceTransaction.__tablename__,
        AuditEntry.target_id.is_(None),
        AuditEntry.verb == _VERB,
    )
    return (
        select(AuditEntry.recorded_at, User.username, AuditEntry.details)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(*about_the_ledger, *conditions)
        .order_by(AuditEntry.id.desc())
    )


def _check(row: Row[*tuple[Any, ...]]) -> LedgerCheck:
    return LedgerCheck(row.recorded_at, row.username, row.details["violated"])
