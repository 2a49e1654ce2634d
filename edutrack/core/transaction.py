"""One request, one transaction: committed once when the view has answered, rolled back when it raised.

Services flush and never commit. What must not happen before the commit (mail) registers with `after_commit`; what must
be kept although the request failed (a failed login's count) registers with `after_rollback` and gets a transaction of
its own.
"""

from collections.abc import Callable
from typing import Any

import structlog
from flask import g, request
from sqlalchemy.exc import DBAPIError, IntegrityError

from edutrack.core.database import violated_rule
from edutrack.core.extensions import db
from edutrack.core.turns import stepping_aside

#: serialization_failure and deadlock_detected: the same transaction may succeed when it is run again.
#: foreign_key_violation: another request removed what this one had just read; run again, it sees that it is gone.
_WORTH_RETRYING = frozenset({"40001", "40P01", "23503"})
#: admin_shutdown and crash_shutdown: the server ended the connection.
_CONNECTION_ENDED = frozenset({"57P01", "57P02"})
_RETRIES = 3
_log = structlog.get_logger()


class StartAgain(Exception):
    """A request that has written nothing has to wait: its transaction ends, `wait` runs, and all of it runs again."""

    def __init__(self, wait: Callable[[], object]) -> None:
        super().__init__("The transaction starts again.")
        self._wait = wait

    def wait_empty_handed(self) -> None:
        """Wait, and meanwhile hold neither a database connection nor a turn."""
        db.session.rollback()
        with stepping_aside(empty_handed=True):
            self._wait()


def after_commit(action: Callable[[], object]) -> None:
    """Run `action` once what has been written so far is committed; forget it when that is rolled back."""
    g.setdefault("after_commit", []).append(action)


def after_rollback(action: Callable[[], object]) -> None:
    """Run `action` in a transaction of its own when this one has been rolled back; forget it when it is committed."""
    g.setdefault("after_rollback", []).append(action)


def release_connection() -> None:
    """Give the database connection back before waiting for somebody else, such as a provider's server.

    Only for a request that has read and not written: its transaction ends here, and whatever follows is another one.
    """
    db.session.rollback()


def in_transaction(work: Callable[[], Any]) -> Any:
    """Return what `work` returns, after committing what it wrote.

    A constraint violation that a room has declared (`database.when_violated`) is raised as its domain error. After a
    deadlock, a serialisation failure or a reference to what is gone the whole of it runs again, at most three times; so
    it does when its connection was lost before the commit was asked for (rules.md, Retries).
    """
    for attempts_left in range(_RETRIES, -1, -1):
        g.after_commit = []
        g.after_rollback = []
        committing = False
        try:
            result = work()
            db.session.flush()
            committing = True
            db.session.commit()
        except DBAPIError as error:
            db.session.rollback()
            if committing and _connection_was_lost(error):
                # Nobody knows whether it happened. The client asks again with its key; a file that the rows may name
                # stays.
                raise
            _run_after_rollback()
            rule = violated_rule(error) if isinstance(error, IntegrityError) else None
            if rule is not None:
                raise rule from error
            if not attempts_left or not (_connection_was_lost(error) or _state_of(error) in _WORTH_RETRYING):
                raise
            _rewind_uploads()
        except StartAgain as again:
            again.wait_empty_handed()
        except BaseException:
            db.session.rollback()
            if not committing:
                _run_after_rollback()
            raise
        else:
            _run_after_commit()
            return result
    raise AssertionError("unreachable: the last attempt returns or raises")


def _connection_was_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or _state_of(error) in _CONNECTION_ENDED


def _state_of(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _run_after_commit() -> None:
    for action in g.after_commit:
        try:
            action()
        except Exception as failure:
            # What is committed is answered as done.
            _log.error("after_commit_failed", exc_info=failure)


def _run_after_rollback() -> None:
    for action in g.after_rollback:
        action()
    if g.after_rollback:
        db.session.commit()


def _rewind_uploads() -> None:
    for _, upload in request.files.items(multi=True) if request else ():
        upload.stream.seek(0)
