"""Teachers: the list, one teacher with courses and revenue, adding and changing them, blocking and admitting them."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Row, Select
from wtforms import EmailField, FileField, PasswordField, StringField, TelField, TextAreaField

from edutrack.accounts import queries, service
from edutrack.accounts.models import NAME_LENGTH, USERNAME_LENGTH, Teacher, User
from edutrack.accounts.schemas import TeacherFormSchema
from edutrack.core.extensions import db
from edutrack.core.fields import Boolean, Id
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import Choice, Choices, ConsoleForm
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.people import GENDER_LABELS, PEOPLE, account_badge, person_cell, picture_path
from edutrack.owner.figures.teachers import figures_of_teacher
from edutrack.structure.models import Grade, Subject, VideoSecurity
from edutrack.structure.queries import list_items

_new_teacher = TeacherFormSchema()
_changed_teacher = TeacherFormSchema(partial=True)
_TEXTS = ("username", "name", "phone", "secondary_phone", "gmail", "gender", "biography", "facebook")


class TeacherForm(ConsoleForm):
    """What a site owner says about a teacher; the fields are those of the API's form."""

    # One that is left empty is then missed, rather than called a wrong choice.
    left_out_when_empty = ("password", "gender", "subject")

    name = StringField(_("Name"), render_kw={"dir": "auto", "maxlength": NAME_LENGTH, "autocomplete": "off"})
    gender = Choice(_("Gender"), empty=_("Choose…"))
    phone = TelField(_("Mobile number"), render_kw={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"})
    secondary_phone = TelField(
        _("Second mobile number"), render_kw={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}
    )
    username = StringField(
        _("Username"),
        description=_("What the teacher signs in with."),
        render_kw={"dir": "auto", "maxlength": USERNAME_LENGTH, "autocomplete": "off"},
    )
    password = PasswordField(_("Password"), render_kw={"dir": "ltr", "autocomplete": "new-password"})
    gmail = EmailField(_("E-mail address"), render_kw={"dir": "ltr", "autocomplete": "off"})
    subject = Choice(_("Subject"), empty=_("Choose…"))
    grades = Choices(_("Grades"), description=_("The grades that learn the subject."))
    video_security = Choice(_("Video protection"), empty=_("None"))
    profile_picture = FileField(
        _("Picture"),
        description=_("JPEG, PNG or WebP, of at most 20 million pixels."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    biography = TextAreaField(_("About the teacher"), render_kw={"dir": "auto", "rows": 4})
    facebook = StringField(_("Facebook page"), render_kw={"dir": "ltr", "maxlength": NAME_LENGTH})


class TeachersView(ServiceModelView):
    """Everybody who teaches."""

    title = _("Teachers")
    section = PEOPLE
    icon = "teacher"
    slug = "teachers"
    empty = _("There are no teachers yet. Add the first one.")
    search_hint = _("Name")
    tie_breaker = Teacher.id
    list_template = "console/people/list.html"
    columns = (
        Column("name", _("Name"), value=lambda row: person_cell(row), sort=Teacher.name_folded),
        Column("username", _("Username"), sort=User.username),
        Column("subject", _("Subject"), value=lambda row: row.subject_detail["name"]),
        Column("grades", _("Grades"), value=lambda row: "، ".join(grade["name"] for grade in row.grades_detail)),
        Column("phone", _("Mobile number")),
        Column("is_active", _("Account"), value=lambda row: account_badge(row.is_active)),
        Column("created_at", _("Since"), sort=Teacher.created_at),
    )
    filters = (
        ListFilter("is_active", _("Account"), Boolean(), choices=(("true", _("Active")), ("false", _("Inactive")))),
        ListFilter("subject", _("Subject"), Id(), choices=lambda: _named_choices(list_items(Subject))),
        ListFilter("grades", _("Grade"), Id(), choices=lambda: _named_choices(list_items(Grade))),
    )

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the teachers who pass the filters."""
        return queries.teachers(search=search, **filters)

    def link(self, row: Any) -> str:
        """Return the address of the teacher's page."""
        return _address(row.id)

    def actions(self) -> Sequence[tuple[Any, str]]:
        """Return the button that leads to the form for a new teacher."""
        return ((_("Add a teacher"), url_for(f"{self.endpoint}.create")),)

    @page("/new/", methods=("GET", "POST"))
    def create(self) -> ResponseReturnValue:
        """Add a teacher, with the account to sign in with."""
        form = TeacherForm()
        return self.form_page(
            form,
            lambda values: service.create_teacher(self.caller, values),
            schema=_new_teacher,
            done=_("The teacher has been added."),
            to=lambda teacher: _address(teacher.id),
            template="console/people/teacher_form.html",
            picture_path=picture_path,
            title=_("Add a teacher"),
            teacher=None,
            back=self.home,
            grades_by_subject=_offer_teaching(form),
        )

    @page("/<int:teacher_id>/")
    def show_teacher(self, teacher_id: int) -> str:
        """Show a teacher with courses, students, revenue and assistants."""
        teacher = queries.show_teacher(teacher_id)
        return self.show(
            "console/people/teacher.html",
            title=teacher.name,
            teacher=teacher,
            figures=figures_of_teacher(teacher_id),
            assistants=db.session.execute(queries.assistants(teacher=teacher_id)).all(),
            sessions=queries.open_session_count(teacher.user_id),
            genders=GENDER_LABELS,
            account_badge=account_badge,
            picture_path=picture_path,
        )

    @page("/<int:teacher_id>/edit/", methods=("GET", "POST"))
    def edit(self, teacher_id: int) -> ResponseReturnValue:
        """Show a teacher's form, and change what was changed in it."""
        shown = queries.show_teacher(teacher_id)
        form = TeacherForm(data=_as_typed(shown))
        form.password.description = gettext("Leave it empty to keep the password. Another one ends all sessions.")
        for always_chosen in (form.gender, form.subject):
            always_chosen.empty = None
        return self.form_page(
            form,
            lambda values: self._change(shown, values),
            schema=_changed_teacher,
            done=_("The changes have been saved."),
            to=_address(teacher_id),
            template="console/people/teacher_form.html",
            picture_path=picture_path,
            title=_("Edit the teacher"),
            trail=[(shown.name, _address(teacher_id))],
            teacher=shown,
            back=_address(teacher_id),
            grades_by_subject=_offer_teaching(form),
        )

    @page("/<int:teacher_id>/activate/", methods=("POST",))
    def activate(self, teacher_id: int) -> ResponseReturnValue:
        """Admit a teacher again."""
        return self._switch(teacher_id, is_active=True, done=_("The account is active again."))

    @page("/<int:teacher_id>/deactivate/", methods=("POST",))
    def deactivate(self, teacher_id: int) -> ResponseReturnValue:
        """Block a teacher, and the assistants with the teacher."""
        return self._switch(teacher_id, is_active=False, done=_("The account is no longer active."))

    def _change(self, shown: Row[Any], values: Mapping[str, Any]) -> None:
        # A form sends all that it shows: what is still as it was shown is no change, and the audit trail says so.
        changes = {name: value for name, value in values.items() if not _is_as_shown(shown, name, value)}
        service.change_teacher(self.caller, queries.lock_teacher(self.caller, shown.id), changes)

    def _switch(self, teacher_id: int, *, is_active: bool, done: Any) -> ResponseReturnValue:
        teacher = queries.lock_teacher(self.caller, teacher_id)
        return self.act(
            lambda: service.change_teacher(self.caller, teacher, {"is_active": is_active}),
            done=done,
            to=_address(teacher_id),
        )


def _address(teacher_id: int) -> str:
    return url_for("console_teachers.show_teacher", teacher_id=teacher_id)


def _named_choices(items: Sequence[Any]) -> list[tuple[int, str]]:
    """Return items of the structure as choices, whether they come as objects or as they are shown."""
    return [(item["id"], item["name"]) if isinstance(item, dict) else (item.id, item.name) for item in items]


def _offer_teaching(form: TeacherForm) -> dict[str, list[int]]:
    """Give the form its choices; return the ids of each subject's grades, for the script that follows the subject."""
    subjects = list_items(Subject)
    form.gender.offer(GENDER_LABELS.items())
    form.subject.offer(_named_choices(subjects))
    form.grades.offer(_named_choices(list_items(Grade)))
    form.video_security.offer(_named_choices(list_items(VideoSecurity)))
    return {str(subject["id"]): subject["grade_ids"] for subject in subjects}


def _stored(shown: Row[Any], name: str) -> Any:
    match name:
        case "subject":
            return shown.subject_id
        case "grades":
            return shown.grade_ids
        case "video_security":
            return shown.video_security_id
    return getattr(shown, name)


def _as_typed(shown: Row[Any]) -> dict[str, Any]:
    """Return what a teacher's form holds before anything is typed into it."""
    return {name: _stored(shown, name) for name in (*_TEXTS, "subject", "grades", "video_security")}


def _is_as_shown(shown: Row[Any], name: str, value: Any) -> bool:
    if name == "profile_picture":
        return value is None and shown.profile_picture is None
    if name == "password":
        return False
    stored = _stored(shown, name)
    if name == "grades":
        return set(value) == set(stored)
    if name == "biography" and value and stored:
        # Browsers end lines their own way.
        return bool(value.splitlines() == stored.splitlines())
    return bool((value or None) == (stored or None))
