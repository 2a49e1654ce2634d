"""Signing in to the console and out of it, and the language it is read in."""

from datetime import timedelta
from functools import partial

from flask import Blueprint, Flask, Request, current_app, flash, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField

from edutrack.accounts import service
from edutrack.core.caller import Role
from edutrack.core.extensions import limiter
from edutrack.core.limits import failed
from edutrack.core.proxies import client_address
from edutrack.core.transaction import after_commit
from edutrack.owner.console.access import HOME, SIGNED_IN, console_route, is_console_path, local_target, open_route
from edutrack.owner.console.errors import when_refused
from edutrack.owner.console.language import LANGUAGES, reading_language
from edutrack.owner.console.rendering import render_page

#: Without a request for so long, the console asks again; the session in the database ends after seven days anyway.
IDLE_LIFETIME = timedelta(hours=12)
COOKIE = "edutrack_console"

blueprint = Blueprint("console_session", __name__, url_prefix=HOME)


class ConsoleSessions(SecureCookieSessionInterface):
    """Flask's signed session cookie for the console's paths, and for no others."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds; nothing outside the console, whatever is sent."""
        return super().open_session(app, request) if is_console_path(request.path) else self.session_class()

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie is Secure, as those of the API are."""
        demanded: bool | None = app.config["COOKIE_SECURE"]
        return request.is_secure if demanded is None else demanded


def init_sessions(app: Flask) -> None:
    """Make Flask's session the console's."""
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_PATH=HOME,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=IDLE_LIFETIME,
    )
    app.session_interface = ConsoleSessions()
    app.register_blueprint(blueprint)


class SignInForm(FlaskForm):
    """Username and password."""

    username = StringField(
        _("Username"), render_kw={"autocomplete": "username", "autofocus": True, "required": True, "dir": "auto"}
    )
    password = PasswordField(_("Password"), render_kw={"autocomplete": "current-password", "required": True})


@blueprint.route("/login/", methods=["GET", "POST"])
@open_route
@limiter.limit(lambda: f"{current_app.config['LOGIN_FAILURES_PER_ADDRESS']}/hour", methods=["POST"], deduct_when=failed)
def log_in() -> ResponseReturnValue:
    """Show the sign-in form, or sign a site owner in."""
    target = local_target(request.args.get("next"))
    if request.method != "POST":
        return redirect(target, 303) if "caller" in g else render_page("console/login.html", form=SignInForm())
    form = SignInForm()
    when_refused(lambda error, status: (render_page("console/login.html", form=form, refusal=error), status))
    signed_in = service.log_in(
        (form.username.data or "").strip().replace("\0", ""),
        form.password.data or "",
        client_address(),
        most_failures=current_app.config["LOGIN_FAILURES_PER_ACCOUNT"],
        role=Role.SITE_OWNER,
    )
    _start_anew()
    session[SIGNED_IN] = [signed_in.caller.user_id, signed_in.session_id]
    return redirect(target, 303)


@blueprint.post("/logout/")
@console_route
def log_out() -> ResponseReturnValue:
    """End the console's session."""
    service.end_session(g.caller.session_id)
    _start_anew()
    after_commit(partial(flash, _("You have signed out."), "success"))
    return redirect(url_for("console_session.log_in"), 303)


@blueprint.post("/language/")
@open_route
def choose_language() -> ResponseReturnValue:
    """Show the console in another language from now on, and the same page again."""
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        session["language"] = chosen
        session.permanent = True
    return redirect(local_target(request.form.get("next")), 303)


def _start_anew() -> None:
    # Nothing of what the cookie held before survives, but for the language.
    language = reading_language()
    session.clear()
    session["language"] = language
    session.permanent = True
