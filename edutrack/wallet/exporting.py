"""A batch's codes as a file."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response

from edutrack.core.csv_files import csv_response
from edutrack.core.fields import iso_z
from edutrack.core.sealing import unseal
from edutrack.core.xlsx_files import xlsx_response
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import RechargeBatch
from edutrack.wallet.queries.batches import codes_of_batch

_COLUMNS = ("code", "serial", "value", "expires_at", "status")


def batch_as_csv(batch: RechargeBatch) -> Response:
    """Answer all codes of a batch in the clear, as a CSV file that is streamed; who takes it away is recorded first."""
    rows = _rows(batch, iso_z)
    return csv_response(f"batch-{batch.id:06d}-codes.csv", _COLUMNS, rows)


def batch_as_xlsx(batch: RechargeBatch) -> Response:
    """Answer what `batch_as_csv` does as a workbook, in which the expiry is a moment of business time."""
    return xlsx_response(f"batch-{batch.id:06d}-codes.xlsx", _COLUMNS, _rows(batch, lambda expiry: expiry))


def _rows(batch: RechargeBatch, moment: Callable[[datetime], Any]) -> Iterator[Iterator[Sequence[Any]]]:
    """Yield the codes of a batch part by part, each as a row in the order of the columns; `moment` writes expiries."""
    for part in codes_of_batch(batch.id):
        yield (
            (
                printed_code(unseal(code.sealed, "recharge-code")),
                serial(code.batch_id, code.number),
                code.value,
                None if code.expires_at is None else moment(code.expires_at),
                code.status,
            )
            for code in part
        )
