"""Batches of recharge codes: listing, exporting and cancelling them."""

from typing import Any

from flask import Response
from sqlalchemy import Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.wallet import service
from edutrack.wallet.exporting import batch_as_csv
from edutrack.wallet.models import RechargeBatch
from edutrack.wallet.queries.batches import batch_with_counts, batches, find_batch
from edutrack.wallet.schemas import RechargeBatchSchema, VoidSchema
from edutrack.wallet.views.room import blueprint


@blueprint.get("/wallet/batches/")
@guard(Role.SITE_OWNER)
@blueprint.page(RechargeBatchSchema)
def list_batches() -> Select[Any]:
    """List batches of recharge codes, newest first; codes that were made alone are in none."""
    return batches()


@blueprint.get("/wallet/batches/<int:batch_id>/")
@guard(Role.SITE_OWNER)
@path_object("batch", find_batch)
@blueprint.response(200, RechargeBatchSchema)
def show_batch(batch: RechargeBatch) -> Any:
    """Show one batch of recharge codes."""
    return batch_with_counts(batch)


@blueprint.get("/wallet/batches/<int:batch_id>/codes.csv")
@guard(Role.SITE_OWNER)
@path_object("batch", find_batch)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="text/csv")
def export_codes(batch: RechargeBatch) -> Response:
    """Download all codes of a batch in the clear, as a CSV file; each download is audited."""
    service.record_export(caller(), batch, "csv")
    return batch_as_csv(batch)


@blueprint.post("/wallet/batches/<int:batch_id>/void/")
@guard(Role.SITE_OWNER)
@path_object("batch", find_batch)
@blueprint.body(VoidSchema)
@blueprint.response(200, RechargeBatchSchema)
def void_batch(values: dict[str, Any], batch: RechargeBatch) -> Any:
    """Cancel the codes of a batch that nobody has used."""
    return batch_with_counts(service.void_batch(caller(), batch, values["reason"]))
