"""`Idempotency-Key`: a request sent again answers the first response again and has no second effect.

The key's row is the first thing that a request writes, in its own transaction: a second request with the same key
waits for the first at the unique index, then finds the stored answer (or, where the first failed, runs itself).
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import orjson
from flask import current_app, request
from sqlalchemy import LargeBinary, Row, UniqueConstraint, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core import clock
from edutrack.core.auth import View, caller
from edutrack.core.caller import Caller
from edutrack.core.database import Base, Id, Int
from edutrack.core.errors import Invalid, KeyReused
from edutrack.core.extensions import db
from edutrack.core.forgetting import forget
from edutrack.core.sealing import seal, unseal

KEPT = timedelta(hours=24)
LONGEST_KEY = 255


class IdempotencyKey(Base):
    """The answer that was given to a user's request with a key; sealed, because it may be a recharge code."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "endpoint", "key"),)

    id: Mapped[Id]
    #: No foreign key: the row outlives nothing and is read by nobody else.
    user_id: Mapped[int]
    endpoint: Mapped[str]
    key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[Int | None]
    sealed_body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


forget(IdempotencyKey, lambda at: IdempotencyKey.created_at < at, kept=KEPT + timedelta(hours=1))


def idempotent(view: View) -> View:
    """Honour the `Idempotency-Key` header of requests to this view; stands between the guard and the body."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key:
            return view(*args, **kwargs)
        if len(key) > LONGEST_KEY:
            raise Invalid({"Idempotency-Key": [f"Ensure this field has no more than {LONGEST_KEY} characters."]})
        return _run_once(key, lambda: view(*args, **kwargs))

    once.idempotent = True  # type: ignore[attr-defined]
    return once  # type: ignore[return-value]


def done_once(asking: Caller, deed: str, key: str, content: str, work: Callable[[], str]) -> str:
    """Return what `work` returns; where the caller has done the deed with this key before, what it returned then.

    For forms that may be sent twice: `key` is made with the form, `content` is what it says. Raises KeyReused where
    the key came with other content before.
    """
    owner = {"user_id": asking.user_id, "endpoint": deed, "key": key}
    digest = hashlib.sha256(content.encode()).digest()
    row_id = _claim(owner, digest)
    if row_id is None:
        return unseal(_first_answer(owner, digest).sealed_body, "stored-answer")
    result = work()
    _keep(row_id, 200, result)
    return result


def _run_once(key: str, run: Callable[[], Any]) -> Any:
    asked = (request.path.rstrip("/").encode(), _content())
    digest = hashlib.sha256(b"\n".join(asked)).digest()
    owner = {"user_id": caller().user_id, "endpoint": str(request.endpoint), "key": key}
    row_id = _claim(owner, digest)
    if row_id is None:
        return _replay(owner, digest)
    response = current_app.make_response(run())
    _keep(row_id, response.status_code, response.get_data(as_text=True))
    return response


def _content() -> bytes:
    """Return the body of the request; what is the same JSON, however it is written, is the same body."""
    body = request.get_data()
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (ValueError, TypeError):
        # No JSON, or nested deeper than is written: the view says so.
        return body


def _claim(owner: dict[str, Any], digest: bytes) -> int | None:
    """Return the id of the row that is this request's own now; None where another has finished with the key."""
    values = {"request_hash": digest, "created_at": clock.now(), "status": None, "sealed_body": None}
    return db.session.scalar(
        insert(IdempotencyKey)
        .values(**owner, **values)
        .on_conflict_do_update(
            index_elements=["user_id", "endpoint", "key"],
            set_=values,
            where=IdempotencyKey.created_at < clock.now() - KEPT,
        )
        .returning(IdempotencyKey.id)
    )


def _keep(row_id: int, status: int, body: str) -> None:
    db.session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == row_id)
        .values(status=status, sealed_body=seal(body, "stored-answer"))
    )


def _first_answer(owner: dict[str, Any], digest: bytes) -> Row[*tuple[Any, ...]]:
    first = db.session.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.sealed_body).filter_by(**owner)
    ).one()
    if first.request_hash != digest:
        raise KeyReused("This Idempotency-Key was already used with another request.")
    return first


def _replay(owner: dict[str, Any], digest: bytes) -> Any:
    first = _first_answer(owner, digest)
    body = unseal(first.sealed_body, "stored-answer")
    response = current_app.response_class(body, first.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response
