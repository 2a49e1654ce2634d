"""What a site owner does for anybody's account: another password, a link to choose one, the end of all sessions."""

from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Row
from wtforms import PasswordField

from edutrack.accounts import queries, service
from edutrack.accounts.schemas import NewPasswordSchema
from edutrack.core.caller import Role
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import ConsoleForm
from edutrack.owner.console.pages import ConsoleView, Trail, room_at

#: The room in which a person of each role stands, with the page there and the name of its number.
_ROOMS = {
    Role.STUDENT: ("console_students", "show_student", "student_id"),
    Role.TEACHER: ("console_teachers", "show_teacher", "teacher_id"),
    Role.ASSISTANT: ("console_assistants", "show_assistant", "assistant_id"),
}


class PasswordForm(ConsoleForm):
    """A password that a site owner chooses for somebody."""

    new_password = PasswordField(
        _("New password"),
        description=_("At least 8 characters, not only digits, and not like the username. It is not shown again."),
        render_kw={"dir": "ltr", "autocomplete": "new-password"},
    )


class AccountsView(ConsoleView):
    """Accounts, whosever they are; its pages stand in the room of the person they are about."""

    title = _("Accounts")
    slug = "accounts"

    def is_visible(self) -> bool:
        """Return that the menu leaves it out."""
        return False

    def show(self, template: str, *, title: Any = None, trail: Trail | None = None, **context: Any) -> str:
        """Return a page in the frame of the room in which the `person` of the context stands."""
        person = context["person"]
        room, _page, _number = _ROOMS[Role(person.role)]
        return room_at(room).show(template, title=title, trail=[(person.name, _address(person))], **context)

    @page("/")
    def index(self) -> ResponseReturnValue:
        """Lead whoever shortens an address to where most accounts are."""
        return redirect(room_at("console_students").home, 303)

    @page("/<int:user_id>/password/", methods=("GET", "POST"))
    def password(self, user_id: int) -> ResponseReturnValue:
        """Give somebody another password, which ends all of their sessions."""
        person = queries.find_person(user_id)
        return self.form_page(
            PasswordForm(),
            lambda values: service.reset_password_of(
                self.caller, queries.lock_user_of(self.caller, user_id), values["new_password"]
            ),
            schema=NewPasswordSchema(),
            done=_("The password has been changed, and all sessions have ended."),
            to=_address(person),
            template="console/people/password.html",
            title=_("New password"),
            person=person,
            back=_address(person),
        )

    @page("/<int:user_id>/link/", methods=("POST",))
    def mail_link(self, user_id: int) -> ResponseReturnValue:
        """Mail somebody the link by which they choose another password themselves."""
        person = queries.find_person(user_id)
        return self.act(
            lambda: service.mail_reset_link(self.caller, queries.lock_user_of(self.caller, user_id)),
            done=_("A link to choose a new password is on its way by e-mail. It is good for one hour."),
            to=_address(person),
        )

    @page("/<int:user_id>/sessions/end/", methods=("POST",))
    def end_sessions(self, user_id: int) -> ResponseReturnValue:
        """Sign somebody out everywhere."""
        person = queries.find_person(user_id)
        return self.act(
            lambda: service.sign_out_everywhere(self.caller, queries.lock_user_of(self.caller, user_id)),
            done=lambda ended: [(_ended(ended), "success")],
            to=_address(person),
        )


def _address(person: Row[Any]) -> str:
    room, view, number = _ROOMS[Role(person.role)]
    return url_for(f"{room}.{view}", **{number: person.profile_id})


def _ended(count: int) -> str:
    return gettext("Sessions ended: %(count)s.", count=count) if count else gettext("No session was open.")
