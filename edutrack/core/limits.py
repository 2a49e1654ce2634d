"""Too many attempts: exact failure counters in the database, and loose limits per address by Flask-Limiter.

A failure counter is checked before the costly or secret part and written after the failed request was rolled back, in a
transaction of its own, so it holds across workers. Requests that run at the very same moment can each pass the check:
the overshoot is at most the number of server threads.
"""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, current_app
from flask_limiter import RateLimitExceeded
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Index, bindparam, delete, func, select
from sqlalchemy.orm import Mapped

from edutrack.core import clock
from edutrack.core.database import Base, Id
from edutrack.core.errors import Throttled
from edutrack.core.extensions import db, limiter
from edutrack.core.forgetting import forget
from edutrack.core.statements import run
from edutrack.core.transaction import after_rollback

#: Seconds.
_STORAGE_PATIENCE = 0.25


class FailedAttempt(Base):
    """One failed attempt of a kind (`login`, `redeem`) by a subject (an account and address, a student)."""

    __tablename__ = "failed_attempts"
    __table_args__ = (Index(None, "kind", "subject", "failed_at"),)

    id: Mapped[Id]
    kind: Mapped[str]
    subject: Mapped[str]
    failed_at: Mapped[datetime]


# No limit looks further back than an hour.
forget(FailedAttempt, lambda at: FailedAttempt.failed_at < at, kept=timedelta(days=1))


def refuse_after_failures(kind: str, subject: str, most: int, within: timedelta) -> None:
    """Raise Throttled where `subject` has failed `most` times within the time."""
    if not current_app.config["RATELIMIT_ENABLED"]:
        return
    failures, oldest = run(_FAILURES, kind=kind, subject=subject, since=clock.now() - within).one()
    if failures >= most:
        raise Throttled(int((oldest + within - clock.now()).total_seconds()) + 1)


_FAILURES = select(func.count(), func.min(FailedAttempt.failed_at)).where(
    FailedAttempt.kind == bindparam("kind"),
    FailedAttempt.subject == bindparam("subject"),
    FailedAttempt.failed_at > bindparam("since"),
)


def count_failure(kind: str, subject: str, within: timedelta) -> None:
    """Count one failure of `subject` once the request is rolled back, and forget those that no longer matter."""

    def write() -> None:
        session, now = db.session, clock.now()
        session.execute(
            delete(FailedAttempt).where(
                FailedAttempt.kind == kind, FailedAttempt.subject == subject, FailedAttempt.failed_at <= now - within
            )
        )
        session.add(FailedAttempt(kind=kind, subject=subject, failed_at=now))

    after_rollback(write)


def failed(response: Response) -> bool:
    """Return whether a request counts for a limit of failures."""
    return response.status_code >= 400


def init_limits(app: Flask) -> None:
    """Count per address where RATELIMIT_STORAGE_URI says, and turn Flask-Limiter's refusal into ours."""
    if app.config["RATELIMIT_STORAGE_URI"].startswith("redis"):
        # A request waits for the counts with its turn in hand; the process's own are the better answer soon.
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {
            "socket_connect_timeout": _STORAGE_PATIENCE,
            "socket_timeout": _STORAGE_PATIENCE,
            "retry": Retry(NoBackoff(), 1),
        }
    limiter.init_app(app)

    @app.errorhandler(RateLimitExceeded)
    def render_breach(_: RateLimitExceeded) -> Any:
        breached = limiter.current_limit
        wait = breached.reset_at - clock.now().timestamp() if breached else 1
        return app.handle_user_exception(Throttled(int(wait) + 1))
