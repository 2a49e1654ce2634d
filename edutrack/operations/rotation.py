"""Replacing CODE_KEY while the school runs: everything sealed is sealed again (rules.md, "Replacing keys")."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from edutrack.accounts.models import Student
from edutrack.core import audit
from edutrack.core.errors import DomainError
from edutrack.core.extensions import db
from edutrack.core.idempotency import IdempotencyKey
from edutrack.core.sealing import (
    KeyCheck,
    Purpose,
    check_key,
    is_sealed_now,
    key_fingerprints,
    seal,
    unseal,
    witness,
)
from edutrack.core.transaction import in_transaction
from edutrack.operations.errors import OperationError
from edutrack.wallet.models import RechargeCode

#: Rows a transaction: whoever redeems one of these codes waits for so many at most.
_BATCH = 500


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values, and what they are for."""

    column: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None]
    purpose: Purpose

    @property
    def table(self) -> str:
        """Return the name of the column's table."""
        return str(self.column.class_.__tablename__)


SEALED_COLUMNS = (
    SealedColumn(RechargeCode.sealed, "recharge-code"),
    SealedColumn(Student.national_id_sealed, "national-id"),
    SealedColumn(IdempotencyKey.sealed_body, "stored-answer"),
)


def rotate_keys(report: Callable[[str, int], object]) -> dict[str, int]:
    """Seal everything that CODE_KEY_PREVIOUS sealed with CODE_KEY, and return how many values of each table were.

    Some rows at a time, each time in a transaction of its own, and `report` is told the table and how many of its rows
    are done. Stopped at any moment it can be started again. Raises SettingsError where the two are not this database's
    keys, OperationError without a second key or where two rows turn out to hold the same.
    """
    if len(key_fingerprints()) == 1:
        raise OperationError("Set CODE_KEY to the new key and CODE_KEY_PREVIOUS to the one that it replaces.")
    in_transaction(_begin)
    done = dict.fromkeys((sealed.table for sealed in SEALED_COLUMNS), 0)
    while sum(changed := [_seal_again(sealed, report) for sealed in SEALED_COLUMNS]):
        # Once more: a server that was not yet told of the new key may have added some.
        for sealed, count in zip(SEALED_COLUMNS, changed, strict=True):
            done[sealed.table] += count
    in_transaction(lambda: _finish(done))
    return done


def _begin() -> None:
    """Remember both keys, from now on until all is done."""
    check_key()
    if witness() not in db.session.scalars(select(KeyCheck.sealed)).all():
        number = db.session.scalar(select(func.max(KeyCheck.id))) or 0
        db.session.add(KeyCheck(id=number + 1, sealed=witness()))


def _finish(done: dict[str, int]) -> None:
    db.session.execute(delete(KeyCheck).where(KeyCheck.sealed != witness()))
    audit.record(None, "keys.rotated", None, **done)


def _seal_again(sealed: SealedColumn, report: Callable[[str, int], object]) -> int:
    """Go through one table and return how many of its values had to be sealed again."""
    last, seen, changed = 0, 0, 0
    while (batch := _next_batch(sealed, last))[0]:
        count, last, resealed = batch
        seen, changed = seen + count, changed + resealed
        report(sealed.table, seen)
    return changed


def _next_batch(sealed: SealedColumn, last: int) -> tuple[int, int, int]:
    """Seal the rows after an id again; return how many were looked at, the id of the last, and how many changed."""
    try:
        result: tuple[int, int, int] = in_transaction(lambda: _seal_rows(sealed, last))
    except (DomainError, IntegrityError):
        raise OperationError(
            f"Among the {_BATCH} rows of {sealed.table} after the id {last} one holds what another row holds under the "
            "other key: change or remove one of the two and start again."
        ) from None
    return result


def _seal_rows(sealed: SealedColumn, last: int) -> tuple[int, int, int]:
    column, model = sealed.column, sealed.column.class_
    rows = db.session.execute(
        select(model.id, column)
        .where(model.id > last, column.is_not(None))
        .order_by(model.id)
        .limit(_BATCH)
        .with_for_update()
    ).all()
    fresh = [
        {"row_id": row_id, "fresh": seal(unseal(value, sealed.purpose), sealed.purpose)}
        for row_id, value in rows
        if not is_sealed_now(value, sealed.purpose)
    ]
    if fresh:
        again = update(model).where(model.id == bindparam("row_id")).values({column: bindparam("fresh")})
        db.session.connection().execute(again, fresh)
    return len(rows), rows[-1].id if rows else last, len(fresh)
