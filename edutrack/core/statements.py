"""Statements that are built once, with named parameters, and run for every request that needs them."""

from typing import Any, TypeVarTuple, overload

from sqlalchemy import CursorResult, Executable
from sqlalchemy.sql.selectable import TypedReturnsRows

from edutrack.core.extensions import db

Columns = TypeVarTuple("Columns")


@overload
def run(statement: TypedReturnsRows[*Columns], **parameters: Any) -> CursorResult[*Columns]: ...


@overload
def run(statement: Executable, **parameters: Any) -> CursorResult[*tuple[Any, ...]]: ...


def run(statement: Executable, **parameters: Any) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement in the request's transaction, with values for its parameters; the rows are plain.

    It goes past what the session does for objects, which costs more than a short statement: no object is made of the
    rows, none that is held is brought up to date, and none that waits to be written is written first.
    """
    return db.session.connection().execute(statement, parameters)
