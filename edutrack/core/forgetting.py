"""Forgetting: rows that have served their purpose are deleted (rules.md, "What is forgotten").

Each room says of its own tables from when on nothing asks for a row any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import ColumnElement, delete, select

from edutrack.core import clock
from edutrack.core.chores import start_chore
from edutrack.core.database import Base
from edutrack.core.statements import run
from edutrack.core.transaction import in_transaction

_PAUSE_SECONDS = 3600.0
#: Rows a transaction.
_BATCH = 1000


@dataclass(frozen=True)
class _Kind:
    model: type[Base]
    has_served: Callable[[datetime], ColumnElement[bool]]
    kept: timedelta


_kinds: list[_Kind] = []


def forget(model: type[Base], has_served: Callable[[datetime], ColumnElement[bool]], *, kept: timedelta) -> None:
    """Declare that rows of `model` are deleted once they have served their purpose, and were `kept` for a while more.

    `has_served` makes the condition that a row had served it by a moment.
    """
    _kinds.append(_Kind(model, has_served, kept))


def forget_what_has_served() -> int:
    """Delete what has served its purpose, a batch a transaction; return how many rows went.

    What another process is deleting already is left to it.
    """
    return sum(_forget_kind(kind) for kind in _kinds)


def start_forgetting(app: Flask) -> None:
    """Have a server process forget every hour."""
    start_chore(app, "forgetting", forget_what_has_served, every=_PAUSE_SECONDS)


def _forget_kind(kind: _Kind) -> int:
    (key,) = kind.model.__mapper__.primary_key
    outlived = (
        select(key)
        .where(kind.has_served(clock.now() - kind.kept))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = delete(kind.model).where(key.in_(outlived))
    gone = 0
    while batch := in_transaction(lambda: run(statement).rowcount):
        gone += batch
    return gone
