"""Making recharge codes, one or up to a hundred thousand at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, invalid_pk
from edutrack.core.extensions import db
from edutrack.core.sealing import seal
from edutrack.courses.models import Course
from edutrack.wallet.codes import new_codes
from edutrack.wallet.models import RechargeBatch

_COPY = (
    "COPY recharge_codes (batch_id, number, course_id, sealed, value, expires_at, created_at) "
    "FROM STDIN (FORMAT BINARY)"
)
_COPY_TYPES = ("int8", "int4", "int8", "bytea", "numeric", "timestamptz", "timestamptz")


@dataclass(frozen=True)
class BatchPlan:
    """A batch that could be made."""

    course: Course
    value: Decimal
    quantity: int
    expires_at: datetime | None
    label: str | None

    @property
    def total_value(self) -> Decimal:
        """What all codes would be worth together."""
        return self.value * self.quantity


def issue_code(caller: Caller, *, course: int, value: Decimal, expires_at: datetime | None) -> RechargeBatch:
    """Make a single code, as a batch of one that no list of batches shows; return that batch.

    Raises Invalid for an unknown course and for an expiry that is over.
    """
    return _issue(caller, course=course, value=value, quantity=1, expires_at=expires_at, label=None, is_single=True)


def issue_batch(
    caller: Caller, *, course: int, value: Decimal, quantity: int, expires_at: datetime | None, label: str | None
) -> RechargeBatch:
    """Make `quantity` codes of one value for one course: all of them or none (rules.md, "Codes").

    Raises Invalid for an unknown course and for an expiry that is over.
    """
    return _issue(
        caller, course=course, value=value, quantity=quantity, expires_at=expires_at, label=label, is_single=False
    )


def plan_batch(
    _caller: Caller, *, course: int, value: Decimal, quantity: int, expires_at: datetime | None, label: str | None
) -> BatchPlan:
    """Return what `issue_batch` would make of the same values, and make nothing.

    Raises Invalid where it would.
    """
    found = _usable_course(course, expires_at)
    return BatchPlan(found, value, quantity, expires_at, label)


def record_listing(caller: Caller, filters: Mapping[str, Any]) -> None:
    """Note that somebody read codes in the clear: whoever holds the list holds the money."""
    asked = {name: str(value) for name, value in filters.items() if name != "search" and value is not None}
    audit.record(caller, "recharge_codes.listed", None, **asked)


def record_export(caller: Caller, batch: RechargeBatch, file_format: str) -> None:
    """Note that somebody took all codes of a batch away in a file (rules.md, "Codes")."""
    audit.record(caller, "recharge_batch.exported", batch, quantity=batch.quantity, format=file_format)
    db.session.flush()


def _issue(
    caller: Caller,
    *,
    course: int,
    value: Decimal,
    quantity: int,
    expires_at: datetime | None,
    label: str | None,
    is_single: bool,
) -> RechargeBatch:
    _usable_course(course, expires_at)
    batch = RechargeBatch(
        course_id=course,
        label=label,
        value=value,
        quantity=quantity,
        expires_at=expires_at,
        is_single=is_single,
        created_by_id=caller.user_id,
    )
    db.session.add(batch)
    db.session.flush()
    _copy_codes(batch)
    audit.record(caller, "recharge_batch.issued", batch, course=course, value=str(value), quantity=quantity)
    return batch


def _usable_course(course_id: int, expires_at: datetime | None) -> Course:
    """Return the course that codes are made for, kept from being deleted; raises Invalid."""
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid({"expires_at": ["The expiry must be in the future."]})
    course = db.session.get(Course, course_id, with_for_update={"read": True, "key_share": True})
    if course is None:
        raise invalid_pk("course", course_id)
    return course


def _copy_codes(batch: RechargeBatch) -> None:
    connection = db.session.connection().connection.driver_connection
    if connection is None:
        raise RuntimeError("The session has no connection to copy through.")
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_COPY_TYPES)
        for number, code in enumerate(new_codes(batch.quantity), start=1):
            copy.write_row(
                (
                    batch.id,
                    number,
                    batch.course_id,
                    seal(code, "recharge-code"),
                    batch.value,
                    batch.expires_at,
                    batch.created_at,
                )
            )
