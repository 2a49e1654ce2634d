"""What students do with money: redeem, buy, and see where it went; and how the site owner corrects it."""

from typing import Any

from flask import current_app
from sqlalchemy import Select

from edutrack.core.auth import caller, guard
from edutrack.core.caller import Role
from edutrack.core.errors import Forbidden, Invalid, NotFound, Rejected, Throttled
from edutrack.core.extensions import db
from edutrack.core.idempotency import idempotent
from edutrack.core.metrics import counted
from edutrack.courses.queries.purchases import find_purchase
from edutrack.courses.schemas.purchases import PurchaseSchema
from edutrack.wallet import service
from edutrack.wallet.queries.balances import balances, transaction, transactions
from edutrack.wallet.schemas import (
    AdjustmentSchema,
    BalanceSchema,
    BuySchema,
    RedeemedSchema,
    RedeemSchema,
    TransactionFilterSchema,
    TransactionSchema,
)
from edutrack.wallet.views.room import blueprint


@blueprint.post("/wallet/redeem/")
@counted("redeem")
@guard(Role.STUDENT)
@idempotent
@blueprint.body(RedeemSchema)
@blueprint.response(200, RedeemedSchema)
@blueprint.refusals(
    Forbidden("You must be enrolled and approved in this course before redeeming codes."),
    NotFound("Invalid code."),
    Rejected("This code has already been used."),
    Rejected("This code cannot be used for this course."),
    Rejected("This code has expired."),
    Rejected("This code has been cancelled."),
    Rejected("This course is not available."),
    Throttled(60),
)
def redeem(values: dict[str, Any]) -> service.Redeemed:
    """Add a scratch card's value to the balance of its course."""
    most_failures = current_app.config["UNKNOWN_CODES_PER_STUDENT"]
    return service.redeem_code(caller(), values["code"], values["course"], most_failures=most_failures)


@blueprint.post("/purchases/")
@counted("buy")
@guard(Role.STUDENT)
@idempotent
@blueprint.body(BuySchema)
@blueprint.response(201, PurchaseSchema)
@blueprint.refusals(
    Forbidden("You must be enrolled and approved in this course before purchasing lectures."),
    Rejected("You have already purchased this lecture."),
    Rejected("Insufficient balance. You need 70.00 more."),
    Rejected("This lecture is not available."),
    Rejected("This course is not available."),
    Invalid({"lecture": ['Invalid pk "7" - object does not exist.']}),
)
def buy(values: dict[str, Any]) -> Any:
    """Buy a lecture with the balance of its course."""
    return find_purchase(caller(), service.buy_lecture(caller(), values["lecture"]))


@blueprint.post("/wallet/adjustments/")
@guard(Role.SITE_OWNER)
@idempotent
@blueprint.body(AdjustmentSchema)
@blueprint.response(201, TransactionSchema)
def adjust(values: dict[str, Any]) -> Any:
    """Correct a student's balance in a course, and answer the ledger entry."""
    return transaction(service.adjust_balance(caller(), **values))


@blueprint.get("/wallet/balances/")
@guard(Role.STUDENT)
@blueprint.response(200, BalanceSchema(many=True))
def list_balances() -> Any:
    """List what the student holds, course by course."""
    return db.session.scalars(balances(caller().student_id)).all()


@blueprint.get("/wallet/transactions/")
@guard(Role.STUDENT, Role.SITE_OWNER)
@blueprint.query(TransactionFilterSchema)
@blueprint.page(TransactionSchema)
def list_transactions(filters: dict[str, Any]) -> Select[Any]:
    """List ledger entries: a student's own, or those of the student that a site owner names."""
    if caller().is_site_owner and "student" not in filters:
        raise Invalid({"student": ["This field is required."]})
    student_id = filters["student"] if caller().is_site_owner else caller().student_id
    return transactions(student_id, filters.get("course"))
