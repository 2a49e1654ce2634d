"""`edutrack serve` with the guard of redeeming taken out: what the races must find, or they find nothing.

A code is read, and then marked as used; between the two somebody else may read it as well.
"""

import os
import time
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import click
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy import Row, select, update

from edutrack import serving
from edutrack.core.extensions import db
from edutrack.core.turns import stepping_aside
from edutrack.wallet.models import RechargeCode
from edutrack.wallet.service import redeeming

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: As long as a busy server takes from one statement to the next.
_MEANWHILE = 0.005


def worker_application() -> "WSGIApplication":
    """Return the application of one worker process, broken."""
    redeeming._use_up = _use_up_carelessly
    return serving.worker_application()


def _use_up_carelessly(seals: list[bytes], course_id: int, student_id: int, now: datetime) -> Row[int, Decimal] | None:
    unused = select(RechargeCode.id, RechargeCode.value).filter_by(course_id=course_id, used_by_id=None)
    code = db.session.execute(unused.where(RechargeCode.sealed.in_(seals))).one_or_none()
    if code is not None:
        with stepping_aside():
            time.sleep(_MEANWHILE)
        db.session.execute(update(RechargeCode).filter_by(id=code.id).values(used_by_id=student_id, used_at=now))
    return code


@click.command()
@click.option("--port", type=int)
@click.option("--workers", type=int)
def main(port: int, workers: int) -> None:
    """Serve until told to stop."""
    os.environ[serving._MASTER] = str(os.getpid())
    Granian(
        "attacks.broken:worker_application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=256,
        factory=True,
        websockets=False,
        log_access=False,
        backpressure=1024,
    ).serve()


if __name__ == "__main__":
    main()
