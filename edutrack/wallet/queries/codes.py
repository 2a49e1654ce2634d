"""Codes and their batches, as the site owner sees them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, false, or_, select
from sqlalchemy.orm import aliased

from edutrack.accounts.models import Student, Teacher, User
from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.pagination import ordered
from edutrack.core.sealing import seals_of
from edutrack.courses.models import Course
from edutrack.wallet.codes import normalised_code, parsed_serial
from edutrack.wallet.models import BalanceTransaction, RechargeBatch, RechargeCode

_Creator = aliased(User)


def codes_with_relations() -> Select[*tuple[Any, ...]]:
    """Return the select of codes with all that their body shows; the code itself still sealed."""
    return (
        select(
            RechargeCode.id,
            RechargeCode.course_id.label("course"),
            Course.name.label("course_name"),
            Teacher.name.label("teacher_name"),
            RechargeCode.sealed,
            RechargeCode.value,
            RechargeCode.used_by_id.is_not(None).label("is_used"),
            RechargeCode.used_by_id.label("used_by"),
            Student.name_ar.label("used_by_name"),
            RechargeCode.used_at,
            RechargeCode.created_at,
            RechargeCode.expires_at,
            RechargeBatch.created_by_id.label("created_by"),
            _Creator.username.label("created_by_username"),
        )
        .join(RechargeCode.batch)
        .join(RechargeBatch.course)
        .join(Course.teacher)
        .join(_Creator, RechargeBatch.created_by)
        .outerjoin(RechargeCode.used_by)
    )


def codes(filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    """Return the codes that pass the validated filters, in their order."""
    rows = codes_with_relations()
    for name in ("course_id", "batch_id", "value"):
        if name in filters:
            rows = rows.where(getattr(RechargeCode, name) == filters[name])
    if "is_used" in filters:
        rows = rows.where(RechargeCode.used_by_id.is_not(None) == filters["is_used"])
    if "voided" in filters:
        rows = rows.where(RechargeCode.voided_at.is_not(None) == filters["voided"])
    if "expired" in filters:
        has_expired = and_(RechargeCode.expires_at.is_not(None), RechargeCode.expires_at <= clock.now())
        rows = rows.where(has_expired if filters["expired"] else ~has_expired)
    if filters.get("search"):
        rows = rows.where(_named(filters["search"]))
    columns = {
        "created_at": RechargeCode.created_at,
        "value": RechargeCode.value,
        "used_at": RechargeCode.used_at,
    }
    return ordered(rows, filters["ordering"], columns, RechargeCode.id)


def find_code(_caller: Caller, code_id: int) -> Any:
    """Return one code as the list shows it; raises NotFound. Only site owners get this far."""
    row = db.session.execute(codes_with_relations().where(RechargeCode.id == code_id)).one_or_none()
    if row is None:
        raise NotFound()
    return row


def code_status() -> ColumnElement[str]:
    """Return the expression for what has become of a code: used, voided, expired or unused."""
    return case(
        (RechargeCode.used_by_id.is_not(None), "used"),
        (RechargeCode.voided_at.is_not(None), "voided"),
        (RechargeCode.expires_at <= clock.now(), "expired"),
        else_="unused",
    )


def code_with_status(code_id: int) -> Row[*tuple[Any, ...]]:
    """Return one code with its serial's parts, all that has become of it and its entry in the ledger.

    Raises NotFound.
    """
    rows = codes_with_relations().outerjoin(BalanceTransaction, BalanceTransaction.code_id == RechargeCode.id)
    rows = rows.add_columns(
        RechargeCode.batch_id,
        RechargeCode.number,
        RechargeBatch.is_single,
        RechargeBatch.label,
        Student.student_code.label("used_by_code"),
        RechargeCode.voided_at,
        RechargeCode.void_reason,
        BalanceTransaction.id.label("entry_id"),
        BalanceTransaction.balance_after,
        code_status().label("status"),
    )
    row = db.session.execute(rows.where(RechargeCode.id == code_id)).one_or_none()
    if row is None:
        raise NotFound()
    return row


def code_named(_caller: Caller, typed: str) -> int:
    """Return the id of the code that somebody names whole, by itself or by its serial; raises NotFound."""
    code_id = db.session.scalar(select(RechargeCode.id).where(_named(typed)))
    if code_id is None:
        raise NotFound()
    return code_id


def code_of_single(batch: RechargeBatch) -> Any:
    """Return the one code of a batch of one, as the list shows it."""
    return db.session.execute(codes_with_relations().where(RechargeCode.batch_id == batch.id)).one()


def _named(search: str) -> Any:
    """Return the condition that a code is the one that `search` names whole, by its serial or by itself."""
    named = parsed_serial(search)
    code = normalised_code(search)
    return or_(
        and_(RechargeCode.batch_id == named[0], RechargeCode.number == named[1]) if named else false(),
        RechargeCode.sealed.in_(seals_of(code, "recharge-code")) if code else false(),
    )
