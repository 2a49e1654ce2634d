"""Who gets into the console: a site owner with a console session, never an API token (rules.md, "Console").

Every route of the console declares a guard; one that declares none is closed all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import CSRFProtect

from edutrack.accounts import queries
from edutrack.core.auth import Guard, View, authorise
from edutrack.core.bodies import receive_form
from edutrack.core.caller import Caller, Role
from edutrack.core.errors import Forbidden
from edutrack.core.transaction import StartAgain

HOME = "/owner/"
#: Key of Flask's session under which the ids of user and session stand.
SIGNED_IN = "signed_in"

_ADMITTED = Guard(frozenset({Role.SITE_OWNER}))
csrf = CSRFProtect()


@dataclass(frozen=True)
class ConsoleGuard:
    """What a console route demands: a site owner's console session, or nothing (signing in, stylesheets)."""

    public: bool = False


_SIGNED_IN_ONLY = ConsoleGuard()


def console_route(view: View) -> View:
    """Declare a view that a signed-in site owner alone reaches."""
    view.guard = _SIGNED_IN_ONLY  # type: ignore[attr-defined]
    return view


def open_route(view: View) -> View:
    """Declare a view of the console that anybody reaches."""
    view.guard = ConsoleGuard(public=True)  # type: ignore[attr-defined]
    return view


def page(url: str = "/", methods: Sequence[str] = ("GET",)) -> Callable[[View], View]:
    """Expose a method of a console view under its URL, for signed-in site owners alone."""

    def decorate(view: View) -> View:
        exposed: Any = expose(url, methods)(console_route(view))
        return exposed

    return decorate


def is_console_path(path: str) -> bool:
    """Return whether a path belongs to the console."""
    return path == HOME.rstrip("/") or path.startswith(HOME)


def local_target(target: str | None) -> str:
    """Return `target` where it is a path of the console, else the console's home: nobody is sent elsewhere."""
    if not target or not target.startswith(HOME) or any(character in target for character in "\\\r\n\t"):
        return HOME
    return target


def admit() -> ResponseReturnValue | None:
    """Send strangers to the sign-in page, and refuse forms that did not come from a page of the console.

    Runs before every request; the order is the guards' everywhere: who is asking first, then what came along.
    """
    if not is_console_path(request.path):
        return None
    try:
        return _admit()
    except StartAgain as again:
        again.wait_empty_handed()
    # Who was welcome before the form had arrived need not be any more.
    return _admit()


def _admit() -> ResponseReturnValue | None:
    asking = _signed_in_owner()
    if asking is not None:
        g.caller = asking
        if request.mimetype == "multipart/form-data":
            # The token stands in the body, which is as large as the picture beside it.
            receive_form(request, current_app.config["MAX_CONTENT_LENGTH"])
    elif not _declared_guard().public:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("console_session.log_in", next=wanted), 303)
    csrf.protect()
    return None


def _declared_guard() -> ConsoleGuard:
    view = current_app.view_functions.get(request.endpoint or "")
    declared = getattr(view, "guard", None)
    return declared if isinstance(declared, ConsoleGuard) else _SIGNED_IN_ONLY


def _signed_in_owner() -> Caller | None:
    kept = session.get(SIGNED_IN)
    asking = queries.caller_of_session(*kept) if kept else None
    if asking is None:
        return None
    try:
        authorise(asking, _ADMITTED)
    except Forbidden:
        return None
    return asking
