"""One request, one transaction: committed once when the view has answered, rolled back when it raised.

Services flush and never commit. What must not happen before the commit (mail) registers with `after_commit`; what must
be kept although the request failed (a failed login's count) registers with `after_rollback` and gets a transaction of
its own.
"""

from collections.abc import Callable
from typing import Any

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
            committing = True
            db.session.commit()
        except DBAPIError as error:
            db.session.rollback()
            _run_after_rollback()
            rule = violated_rule(error) if isinstance(error, IntegrityError) else None
            if rule is not None:
                raise rule from error
            if not attempts_left or not _worth_retrying(error, committing):
                raise
            _rewind_uploads()
        except StartAgain as again:
            again.wait_empty_handed()
        except BaseException:
            db.session.rollback()
            _run_after_rollback()
            raise
        else:
            for action in g.after_commit:
                action()
            return result
    raise AssertionError("unreachable: the last attempt returns or raises")


def _worth_retrying(error: DBAPIError, committing: bool) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or state in _CONNECTION_ENDED:
        # Of a commit that was not answered nobody knows whether it happened: the client asks again with its key.
        return not committing
    return state in _WORTH_RETRYING


def _run_after_rollback() -> None:
    for action in g.after_rollback:
        action()
    if g.after_rollback:
        db.session.commit()


def _rewind_uploads() -> None:
    for upload in request.files.values() if request else ():
        upload.stream.seek(0)
