"""Everything at /owner/: pages for people who run the site, on the same queries and services as the API."""

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from edutrack.owner.console.access import admit, console_route, csrf
from edutrack.owner.console.accounts import AccountsView
from edutrack.owner.console.assistants import AssistantsView
from edutrack.owner.console.audit_log import AuditLogView
from edutrack.owner.console.codes import CodesView
from edutrack.owner.console.courses import CoursesView
from edutrack.owner.console.enrollments import EnrollmentsView
from edutrack.owner.console.errors import error_page, init_error_pages
from edutrack.owner.console.home import HomeView
from edutrack.owner.console.language import init_language
from edutrack.owner.console.ledger import LedgerView
from edutrack.owner.console.pages import ConsoleView
from edutrack.owner.console.printing import blueprint as printing_blueprint
from edutrack.owner.console.rendering import init_rendering, script_nonce
from edutrack.owner.console.revenue import RevenueView
from edutrack.owner.console.sessions import blueprint as session_blueprint
from edutrack.owner.console.sessions import init_sessions
from edutrack.owner.console.settings import SettingsView
from edutrack.owner.console.spending import SpendingView
from edutrack.owner.console.structure import StructureView
from edutrack.owner.console.students import StudentsView
from edutrack.owner.console.teachers import TeachersView
from edutrack.owner.console.trend import TrendView
from edutrack.owner.console.verification import VerificationView

#: The rooms, in the order of the menu; those of one section stand together.
VIEWS: tuple[type[ConsoleView], ...] = (
    TeachersView,
    AssistantsView,
    StudentsView,
    VerificationView,
    AccountsView,
    CoursesView,
    EnrollmentsView,
    StructureView,
    CodesView,
    RevenueView,
    TrendView,
    SpendingView,
    AuditLogView,
    LedgerView,
    SettingsView,
)


@session_blueprint.route("/<path:unknown>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@console_route
def show_unknown(unknown: str) -> ResponseReturnValue:
    """Answer whatever no page stands at."""
    return error_page(404)


def init_console(app: Flask) -> None:
    """Put the console into the application."""
    # Everything under /owner/ is checked by `admit`, and nothing else: the API is guarded by origins instead.
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    csrf.init_app(app)
    init_language(app)
    init_sessions(app)
    init_rendering(app)
    app.before_request(admit)
    admin = Admin(
        app,
        name="EduTrack",
        url="/owner",
        index_view=HomeView(),
        theme=Bootstrap4Theme(base_template="console/base.html"),
        csp_nonce_generator=script_nonce,
    )
    app.register_blueprint(printing_blueprint)
    for view in VIEWS:
        admin.add_view(view())
    init_error_pages(app)
