"""An application that many tests share, on a database that is new for each of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from edutrack import EduTrack, create_app
from edutrack.core.extensions import db


@contextmanager
def application(environment: Mapping[str, str]) -> Iterator[EduTrack]:
    """Yield an application, with what costs time for safety's sake made cheap."""
    app = create_app(environment)
    # A hash as cheap as argon2 allows: what it costs is no test's business but one.
    app.config["PASSWORD_HASH_COST"] = (1, 8)
    app.testing = True
    try:
        yield app
    finally:
        db._app_engines[app][None].dispose()


class RenewedApp:
    """The application of one database, and what makes that database anew."""

    def __init__(self, app: EduTrack, renew: Callable[[], str]) -> None:
        self.url: str = app.config["DATABASE_URL"]
        self._app = app
        self._renew = renew

    @contextmanager
    def anew(self) -> Iterator[EduTrack]:
        """Yield the application inside its context, its database and its settings as they were at first."""
        self._renew()
        settings = dict(self._app.config)
        try:
            with self._app.app_context():
                db.session.configure(join_transaction_mode="conditional_savepoint")
                yield self._app
                db.session.remove()
        finally:
            self._app.config.clear()
            self._app.config.update(settings)
            db._app_engines[self._app][None].dispose()


@contextmanager
def renewed_app(
    make_application: Callable[[Mapping[str, str]], AbstractContextManager[EduTrack]],
    environment: Mapping[str, str],
    make_database: Callable[[str], str],
    name: str,
) -> Iterator[RenewedApp]:
    """Yield an application that keeps its database's name, `name`."""
    with make_application({**environment, "DATABASE_URL": make_database(name)}) as app:
        yield RenewedApp(app, lambda: make_database(name))
