"""What a monitoring system reads at /metrics: requests, deeds with money, the database pool, and what lags behind.

The processes of one server count into files that they share (PROMETHEUS_MULTIPROC_DIR, which `edutrack serve` sets), so
whichever of them is asked answers for all.
"""

import hmac
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from edutrack.core.auth import View, public
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

#: Where the processes of one server count together; unset: each for itself.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_THIS_MACHINE = ("127.0.0.1", "::1")
#: What a proxy on this machine adds: who comes through it is somewhere else.
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DEED = "counted_deed"
_beginning = threading.Lock()

blueprint = Blueprint("metrics", __name__)


@dataclass(frozen=True)
class Measure:
    """Something that is asked of the database whenever somebody reads the metrics."""

    name: str
    help: str
    ask: Callable[[], float]


_measures: list[Measure] = []


def measure(name: str, help: str, ask: Callable[[], float]) -> None:
    """Declare a figure of a room's own; `ask` reads it, with no more than one cheap statement."""
    _measures.append(Measure(name, help, ask))


def counted(deed: str) -> Callable[[View], View]:
    """Count the requests of this view as a deed, by what became of them."""

    def decorate(view: View) -> View:
        setattr(view, _DEED, deed)
        return view

    return decorate


class Meters:
    """The counters of one process."""

    def __init__(self) -> None:
        """Begin to count."""
        # Imported by whoever serves the first request: how it counts depends on a variable that the server sets only
        # once the application has been made.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        routes = ("method", "route")
        self._requests = Counter("edutrack_requests", "Requests answered.", (*routes, "status"), registry=self.registry)
        self._seconds = Histogram(
            "edutrack_request_seconds", "Time to an answer.", routes, buckets=_BUCKETS, registry=self.registry
        )
        self._deeds = Counter("edutrack_deeds", "What people did.", ("deed", "outcome"), registry=self.registry)
        self._in_use, self._limit = (
            Gauge(f"edutrack_database_connections{name}", text, registry=self.registry, multiprocess_mode="livesum")
            for name, text in (("", "Database connections in use."), ("_limit", "Database connections at most."))
        )
        self._watch(db.engine.pool)

    def count(self, response: Response) -> None:
        """Count the request that has just been answered."""
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        self._requests.labels(method, route, str(response.status_code)).inc()
        self._seconds.labels(method, route).observe(time.perf_counter() - g.started)
        deed = getattr(current_app.view_functions.get(request.endpoint or ""), _DEED, None)
        if deed is not None:
            self._deeds.labels(deed, _outcome(response)).inc()

    def _watch(self, pool: Any) -> None:
        if not isinstance(pool, QueuePool):
            return
        self._limit.set(pool.size() + pool._max_overflow)
        event.listen(pool, "checkout", lambda *_: self._in_use.set(pool.checkedout()))
        # Heard before the connection is back.
        event.listen(pool, "checkin", lambda *_: self._in_use.set(max(pool.checkedout() - 1, 0)))


def init_metrics(app: Flask) -> None:
    """Register /metrics, and count requests where METRICS_ENABLED says so."""
    app.register_blueprint(blueprint)
    if app.config["METRICS_ENABLED"]:

        @app.after_request
        def count_request(response: Response) -> Response:
            _meters().count(response)
            return response


@blueprint.get("/metrics")
@public
def show_metrics() -> Response:
    """Answer what has been counted, in Prometheus' text format; nobody else learns that it is there."""
    if not _may_read():
        raise NotFound()
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return Response(generate_latest(_everything()), content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    config = current_app.config
    if not config["METRICS_ENABLED"]:
        return False
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if config["METRICS_TOKEN"] and hmac.compare_digest(token.encode(), config["METRICS_TOKEN"].encode()):
        return True
    return request.remote_addr in _THIS_MACHINE and not any(name in request.headers for name in _FORWARDED)


def _meters() -> Meters:
    with _beginning:
        meters: Meters | None = current_app.extensions.get("meters")
        if meters is None:
            meters = current_app.extensions["meters"] = Meters()
    return meters


def _outcome(response: Response) -> str:
    if "Idempotency-Replayed" in response.headers:
        return "replayed"
    if response.status_code < 400:
        return "done"
    return "refused" if response.status_code < 500 else "failed"


class _Asked:
    """The declared measures, as a collector."""

    def collect(self) -> "list[Metric]":
        from prometheus_client.core import GaugeMetricFamily

        found: list[Metric] = []
        is_up = 1
        try:
            for asked in _measures:
                found.append(GaugeMetricFamily(asked.name, asked.help, asked.ask()))
        except DBAPIError:
            db.session.rollback()
            is_up = 0
        found.append(GaugeMetricFamily("edutrack_database_up", "Whether the database answers.", is_up))
        return found


def _everything() -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    folder = os.environ.get(SHARED_FOLDER)
    if folder is None:
        registry = CollectorRegistry()
        registry.register(_meters().registry)
    else:
        _forget_ended(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    registry.register(_Asked())
    return registry


def _forget_ended(folder: Path) -> None:
    """Remove what processes that are gone had in use; what they counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        if not Path(f"/proc/{path.stem.rpartition('_')[2]}").exists():
            with suppress(FileNotFoundError):
                path.unlink()
