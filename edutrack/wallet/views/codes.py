"""Recharge codes: making, listing and cancelling them."""

from typing import Any

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid
from edutrack.core.idempotency import idempotent
from edutrack.wallet import service
from edutrack.wallet.queries.batches import batch_with_counts
from edutrack.wallet.queries.codes import code_of_single, codes, find_code
from edutrack.wallet.schemas import (
    CodeFilterSchema,
    NewBatchSchema,
    NewCodeSchema,
    RechargeBatchSchema,
    RechargeCodeSchema,
    VoidSchema,
)
from edutrack.wallet.views.room import blueprint


@blueprint.get("/wallet/recharge-codes/")
@guard(Role.SITE_OWNER)
@blueprint.query(CodeFilterSchema)
@blueprint.page(RechargeCodeSchema)
def list_codes(filters: dict[str, Any]) -> Any:
    """List recharge codes in the clear; each listing is audited."""
    service.record_listing(caller(), filters)
    return codes(filters)


@blueprint.post("/wallet/recharge-codes/")
@guard(Role.SITE_OWNER)
@idempotent
@blueprint.body(NewCodeSchema)
@blueprint.response(201, RechargeCodeSchema)
@blueprint.refusals(
    Invalid({"course": ['Invalid pk "7" - object does not exist.']}),
    Invalid({"value": ["Ensure this value is greater than or equal to 1."]}),
)
def make_code(values: dict[str, Any]) -> Any:
    """Make one recharge code."""
    return code_of_single(service.issue_code(caller(), **values))


@blueprint.get("/wallet/recharge-codes/<int:code_id>/")
@guard(Role.SITE_OWNER)
@path_object("code", find_code)
@blueprint.response(200, RechargeCodeSchema)
def show_code(code: Any) -> Any:
    """Show one recharge code."""
    return code


@blueprint.post("/wallet/recharge-codes/<int:code_id>/void/")
@guard(Role.SITE_OWNER)
@path_object("code", find_code)
@blueprint.body(VoidSchema)
@blueprint.response(200, RechargeCodeSchema)
def void_code(values: dict[str, Any], code: Any) -> Any:
    """Cancel a recharge code that nobody has used."""
    service.void_code(caller(), code.id, values["reason"])
    # Neither who used it nor anything else that is shown has changed.
    return code


@blueprint.post("/wallet/recharge-codes/bulk/")
@guard(Role.SITE_OWNER)
@idempotent
@blueprint.body(NewBatchSchema)
@blueprint.response(201, RechargeBatchSchema)
def make_batch(values: dict[str, Any]) -> Any:
    """Make a batch of recharge codes: all of them or none."""
    return batch_with_counts(service.issue_batch(caller(), **values))
