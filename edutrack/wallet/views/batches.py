"""Batches of recharge codes: listing, exporting and cancelling them."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from sqlalchemy import Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.csv_files import csv_response
from edutrack.core.fields import iso_z
from edutrack.core.sealing import unseal
from edutrack.wallet import service
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import RechargeBatch
from edutrack.wallet.queries.batches import batch_with_counts, batches, codes_of_batch, find_batch
from edutrack.wallet.schemas import RechargeBatchSchema, VoidSchema
from edutrack.wallet.views.room import blueprint

_COLUMNS = ("code", "serial", "value", "expires_at", "status")


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
    service.record_export(caller(), batch)
    parts = ((_cells(row) for row in part) for part in codes_of_batch(batch.id))
    return csv_response(f"batch-{batch.id:06d}-codes.csv", _COLUMNS, parts)


@blueprint.post("/wallet/batches/<int:batch_id>/void/")
@guard(Role.SITE_OWNER)
@path_object("batch", find_batch)
@blueprint.body(VoidSchema)
@blueprint.response(200, RechargeBatchSchema)
def void_batch(values: dict[str, Any], batch: RechargeBatch) -> Any:
    """Cancel the codes of a batch that nobody has used."""
    return batch_with_counts(service.void_batch(caller(), batch, values["reason"]))


def _cells(code: Any) -> Sequence[Any]:
    """Return a code as one row of the file, in the order of its columns."""
    return (
        printed_code(unseal(code.sealed, "recharge-code")),
        serial(code.batch_id, code.number),
        code.value,
        None if code.expires_at is None else iso_z(code.expires_at),
        code.status,
    )
