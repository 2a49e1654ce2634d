"""Students: the list, changing those that are ticked, and one student's profile and account."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from edutrack.accounts.models import STUDENT_STATUSES, Student
from edutrack.accounts.queries import open_session_count
from edutrack.core import fields
from edutrack.owner.console.access import local_target, page
from edutrack.owner.console.forms import Choice, ConsoleForm
from edutrack.owner.console.identity import identity_of, verdict_label
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.people import (
    GENDER_LABELS,
    PEOPLE,
    STATUS_LABELS,
    SWITCHED_ON_FROM,
    standing_badges,
)
from edutrack.owner.console.student_frame import student_url
from edutrack.owner.console.student_history import HistoryPages
from edutrack.owner.console.student_learning import LearningPages
from edutrack.owner.console.student_money import MoneyPages
from edutrack.owner.console.ticks import TickedStudentsSchema, seen_by, tick_of, told_of
from edutrack.structure.models import Governorate, Grade, SchoolType
from edutrack.structure.queries import list_items
from edutrack.students import queries, service
from edutrack.students.schemas import StudentStatusChangeSchema

_status_change = StudentStatusChangeSchema(only=("status",))
#: What can be done with ticked students: the change, as the service takes it.
_CHANGES: dict[str, dict[str, Any]] = {
    "activate": {"is_active": True, "only_from": SWITCHED_ON_FROM},
    "deactivate": {"is_active": False},
    **{status: {"status": status} for status in STATUS_LABELS},
}


class StatusForm(ConsoleForm):
    """Where a student's account is to stand."""

    status = Choice(_("Status"))


class ChangeTickedSchema(TickedStudentsSchema):
    """What is to be done with the ticked students."""

    change = fields.Choice(_CHANGES, required=True)


class StudentsView(LearningPages, MoneyPages, HistoryPages, ServiceModelView):
    """Everybody who learns."""

    title = _("Students")
    section = PEOPLE
    icon = "student"
    slug = "students"
    empty = _("Nobody has registered yet.")
    search_hint = _("Name, student code or a whole national ID")
    list_template = "console/people/students.html"
    has_ticks = True
    tie_breaker = Student.id
    columns = (
        Column("name_ar", _("Name"), sort=Student.search_folded),
        Column("student_code", _("Student code")),
        Column("status", _("Status"), value=standing_badges),
        Column("grade", _("Grade"), value=lambda row: row.grade and row.grade.name),
        Column("school_type", _("School type"), value=lambda row: row.school_type and row.school_type.name),
        Column("governorate", _("Governorate"), value=lambda row: row.governorate.name),
        Column("created_at", _("Registered"), sort=Student.created_at),
    )
    filters = (
        ListFilter("status", _("Status"), fields.Choice(STUDENT_STATUSES), choices=tuple(STATUS_LABELS.items())),
        ListFilter("grade", _("Grade"), fields.Id(), choices=lambda: _choices_of(Grade)),
        ListFilter("school_type", _("School type"), fields.Id(), choices=lambda: _choices_of(SchoolType)),
        ListFilter("governorate", _("Governorate"), fields.Id(), choices=lambda: _choices_of(Governorate)),
    )

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the students who pass the filters, with the names of what they belong to."""
        return queries.with_names(queries.students(self.caller, search=search, **filters))

    def link(self, row: Any) -> str:
        """Return the address of the student's page."""
        return student_url(row.id)

    @page("/")
    def index(self) -> str:
        """Show the list, with a box at each student."""
        return self.show(self.list_template, list=self.read_page(), tick_of=tick_of, statuses=STATUS_LABELS)

    @page("/change/", methods=("POST",))
    def change_ticked(self) -> ResponseReturnValue:
        """Change the ticked students together, and say what became of each."""
        return self.act(
            lambda values: service.change_statuses(self.caller, seen_by(values), **_CHANGES[values["change"]]),
            schema=ChangeTickedSchema(),
            done=lambda changes: told_of(
                changes, _("The student has been changed, and told."), _("Students changed and told: %(count)s.")
            ),
            to=local_target(request.form.get("next")),
        )

    @page("/<int:student_id>/")
    def show_student(self, student_id: int) -> str:
        """Show who a student is, and where the account stands."""
        student = queries.show_student(self.caller, student_id)
        form = StatusForm(data={"status": student.status})
        form.status.offer(STATUS_LABELS.items())
        return self.show_tab(
            "show_student",
            student,
            "console/people/student.html",
            identity=identity_of(student),
            form=form,
            genders=GENDER_LABELS,
            verdict_label=verdict_label,
            can_be_switched_on=student.status in SWITCHED_ON_FROM,
            sessions=open_session_count(student.user_id),
        )

    @page("/<int:student_id>/status/", methods=("POST",))
    def change_status(self, student_id: int) -> ResponseReturnValue:
        """Give a student another status."""
        student = queries.lock_student(self.caller, student_id)
        return self.act(
            lambda values: service.change_status(self.caller, student, **values),
            schema=_status_change,
            done=_("The status has been changed, and the student told."),
            to=student_url(student_id),
        )

    @page("/<int:student_id>/activate/", methods=("POST",))
    def activate(self, student_id: int) -> ResponseReturnValue:
        """Open the courses to a student again."""
        return self._switch(student_id, is_active=True, done=_("The account is active again."))

    @page("/<int:student_id>/deactivate/", methods=("POST",))
    def deactivate(self, student_id: int) -> ResponseReturnValue:
        """Close the courses to a student, whose status stays."""
        return self._switch(student_id, is_active=False, done=_("The account is no longer active."))

    def _switch(self, student_id: int, *, is_active: bool, done: Any) -> ResponseReturnValue:
        student = queries.lock_student(self.caller, student_id)
        return self.act(
            lambda: service.change_status(self.caller, student, is_active=is_active),
            done=done,
            to=student_url(student_id),
        )


def _choices_of(kind: Any) -> list[tuple[int, str]]:
    return [(item.id, item.name) for item in list_items(kind)]
