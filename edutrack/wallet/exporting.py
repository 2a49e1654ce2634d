"""A batch's codes as a file."""

from collections.abc import Sequence
from typing import Any

from flask import Response

from edutrack.core.csv_files import csv_response
from edutrack.core.fields import iso_z
from edutrack.core.sealing import unseal
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import RechargeBatch
from edutrack.wallet.queries.batches import codes_of_batch

_COLUMNS = ("code", "serial", "value", "expires_at", "status")


def batch_as_csv(batch: RechargeBatch) -> Response:
    """Answer all codes of a batch in the clear, as a CSV file that is streamed; who takes it away is recorded first."""
    parts = ((_cells(row) for row in part) for part in codes_of_batch(batch.id))
    return csv_response(f"batch-{batch.id:06d}-codes.csv", _COLUMNS, parts)


def _cells(code: Any) -> Sequence[Any]:
    """Return a code as one row of the file, in the order of its columns."""
    return (
        printed_code(unseal(code.sealed, "recharge-code")),
        serial(code.batch_id, code.number),
        code.value,
        None if code.expires_at is None else iso_z(code.expires_at),
        code.status,
    )
