"""The declarative base, the column types that the whole schema shares, and constraint violations by name."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from psycopg import OperationalError
from sqlalchemy import BigInteger, Date, DateTime, Identity, Integer, MetaData, Numeric, Text, event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry
from sqlalchemy.pool import Pool

from edutrack.core.errors import DomainError

#: Largest id that PostgreSQL's bigint holds; whatever is larger names nothing.
MAX_ID = 2**63 - 1

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
#: Egyptian pounds.
Money = Annotated[Decimal, mapped_column(Numeric(12, 2))]
Int = Annotated[int, mapped_column(Integer)]


class Base(DeclarativeBase):
    """Base of every model: names every constraint, and gives Python types their PostgreSQL ones."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            int: BigInteger,
            str: Text,
            Decimal: Numeric(12, 2),
            date: Date,
            datetime: DateTime(timezone=True),
        },
    )


@event.listens_for(Engine, "handle_error")
def _forget_row_values(context: ExceptionContext) -> None:
    # PostgreSQL's DETAIL quotes the whole row, which a log must not hold; the diagnostics keep what code asks for.
    diagnostics = getattr(context.original_exception, "diag", None)
    message = getattr(diagnostics, "message_primary", None)
    if message and context.sqlalchemy_exception is not None:
        context.original_exception.args = (message,)
        context.sqlalchemy_exception.args = (message,)


@event.listens_for(Pool, "checkout")
def _replace_ended_connection(connection: Any, _record: object, _fairy: object) -> None:
    # Whoever ends an idle connection is heard at its socket, which costs no round trip to the server, as a ping would
    # for every request. Looked at twice, because a last message may stand before the end.
    try:
        connection.pgconn.consume_input()
        connection.pgconn.consume_input()
    except OperationalError as error:
        # The server has gone, and all other connections with it.
        raise InvalidatePoolError(str(error)) from error


_errors_by_constraint: dict[str, Callable[[], DomainError]] = {}


def when_violated(constraint: str, error: Callable[[], DomainError]) -> None:
    """Declare which domain error a violation of the named constraint or unique index is.

    The database decides, so two requests at the same moment cannot both pass a check made beforehand.
    """
    _errors_by_constraint[constraint] = error


def violated_rule(violation: IntegrityError) -> DomainError | None:
    """Return the domain error that a constraint violation stands for; None where nobody declared one."""
    make_error = _errors_by_constraint.get(violated_constraint(violation))
    return make_error() if make_error else None


def violated_constraint(violation: IntegrityError) -> str:
    """Return the name of the violated constraint or unique index; empty where the database names none."""
    return getattr(getattr(violation.orig, "diag", None), "constraint_name", None) or ""
