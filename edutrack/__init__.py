"""EduTrack: the backend of an online-tutoring business."""

import os
from collections.abc import Mapping
from pathlib import Path

import orjson
from flask import Flask
from flask.typing import ResponseReturnValue

from edutrack.accounts.views import blueprint as accounts
from edutrack.core import embedded, extensions, health, metrics, openapi
from edutrack.core.auth import init_tokens
from edutrack.core.blueprint import bound_body_size
from edutrack.core.files import init_files
from edutrack.core.headers import init_headers
from edutrack.core.json import OrjsonProvider
from edutrack.core.limits import init_limits
from edutrack.core.logs import init_logs
from edutrack.core.origins import init_cors
from edutrack.core.proxies import init_proxies
from edutrack.core.rendering import init_errors
from edutrack.core.sealing import init_sealing
from edutrack.core.settings import load_settings
from edutrack.core.spooling import SpooledResponse
from edutrack.core.transaction import in_transaction
from edutrack.core.urls import init_urls
from edutrack.courses.views import blueprint as courses
from edutrack.notifications.views import blueprint as notifications
from edutrack.owner.console import init_console
from edutrack.owner.views import blueprint as figures
from edutrack.quizzes.views import blueprint as quizzes
from edutrack.structure.views import blueprint as structure
from edutrack.students.views import blueprint as students
from edutrack.wallet.views import blueprint as wallet

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class EduTrack(Flask):
    """Flask with orjson and with one database transaction around every view."""

    json_provider_class = OrjsonProvider

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view that the request matched, inside its transaction, and then write what is too long for memory."""
        response = in_transaction(lambda: self.make_response(super(EduTrack, self).dispatch_request()))
        if isinstance(response, SpooledResponse):
            response.spool()
        return response


def create_app(environment: Mapping[str, str] = os.environ) -> EduTrack:
    """Return the application, set up from the settings in `environment`.

    Without DATABASE_URL the embedded database is started, or the running one joined, and kept for this process's life.
    """
    app = EduTrack(__name__, static_folder=None)
    app.config.update(load_settings(environment))
    _init_core(app)
    _init_rooms(app)
    return app


def _init_core(app: EduTrack) -> None:
    config = app.config
    config["MAX_CONTENT_LENGTH"] = config["MAX_UPLOAD_MB"] * 1024 * 1024
    config["SQLALCHEMY_DATABASE_URI"] = config["DATABASE_URL"] or embedded.attach(Path(config["EDUTRACK_DATA_DIR"]))
    config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": 5,
        "max_overflow": 10,
        # The connection used last has its statements prepared and its caches warm.
        "pool_use_lifo": True,
        "pool_recycle": 1800,
        "pool_timeout": 10,
        # Error messages would carry them into the log, password hashes and all.
        "hide_parameters": True,
        "json_deserializer": orjson.loads,
        # None: never; otherwise psycopg's own way.
        "connect_args": {} if config["DATABASE_PREPARED_STATEMENTS"] else {"prepare_threshold": None},
    }
    init_logs(app)
    init_proxies(app)
    init_urls(app)
    init_cors(app)
    app.before_request(bound_body_size(config["MAX_BODY_KB"] * 1024))
    init_errors(app)
    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory=str(_MIGRATIONS))
    init_tokens(app)
    init_limits(app)
    init_sealing(app)
    init_headers(app)
    init_files(app)
    metrics.init_metrics(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(openapi.blueprint)


def _init_rooms(app: EduTrack) -> None:
    app.config.update(API_TITLE="EduTrack", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = openapi.DescribedApi(app)
    for room in (structure, accounts, notifications, students, courses, wallet, quizzes, figures):
        api.register_blueprint(room, url_prefix="/api")
    init_console(app)
