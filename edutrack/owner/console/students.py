"""Students: the list, one student's page with money and access, and the queue of those who wait to be verified."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select

from edutrack.accounts.models import STUDENT_STATUSES, Student
from edutrack.core import fields
from edutrack.core.extensions import db
from edutrack.courses.models import Purchase
from edutrack.courses.queries.enrollments import enrollments_of_student
from edutrack.courses.queries.purchases import purchases_of_student
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import Choice, ConsoleForm
from edutrack.owner.console.identity import identity_of, verdict_label
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.people import GENDER_LABELS, PEOPLE, STATUS_LABELS, account_badge, badge, status_badge
from edutrack.structure.models import Governorate, Grade, SchoolType
from edutrack.structure.queries import list_items
from edutrack.students import queries, service
from edutrack.students.schemas import StudentStatusChangeSchema
from edutrack.wallet.codes import serial
from edutrack.wallet.queries.balances import balances, transactions

#: Latest entries of the ledger that a student's page shows.
_LEDGER_ENTRIES = 50
_ENTRY_KINDS = {"recharge_code": _("Recharge code"), "purchase": _("Purchase"), "adjustment": _("Correction")}
_ENROLLMENT_LABELS = {
    "pending": (_("Waiting"), "waiting"),
    "approved": (_("Approved"), "good"),
    "rejected": (_("Rejected"), "bad"),
}
_status_change = StudentStatusChangeSchema(only=("status",))


class StatusForm(ConsoleForm):
    """Where a student's account is to stand."""

    status = Choice(_("Status"))


class StudentsView(ServiceModelView):
    """Everybody who learns."""

    title = _("Students")
    section = PEOPLE
    icon = "student"
    slug = "students"
    empty = _("Nobody has registered yet.")
    search_hint = _("Name, student code or a whole national ID")
    list_template = "console/people/list.html"
    tie_breaker = Student.id
    columns = (
        Column("name_ar", _("Name"), sort=Student.search_folded),
        Column("student_code", _("Student code")),
        Column("status", _("Status"), value=lambda row: status_badge(row.status)),
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
        return _address(row.id)

    @page("/<int:student_id>/")
    def show_student(self, student_id: int) -> str:
        """Show all that is known of a student."""
        student = queries.profile(queries.find_student(self.caller, student_id).id)
        form = StatusForm(data={"status": student.status})
        form.status.offer(STATUS_LABELS.items())
        return self.show(
            "console/people/student.html",
            title=student.name_ar,
            student=student,
            identity=identity_of(student),
            form=form,
            genders=GENDER_LABELS,
            status_badge=status_badge,
            account_badge=account_badge,
            verdict_label=verdict_label,
            enrollment_badge=lambda status: badge(*_ENROLLMENT_LABELS[status]),
            window_badge=_window_badge,
            entry_kinds=_ENTRY_KINDS,
            reference_of=_reference,
            **_dealings(student_id),
        )

    @page("/<int:student_id>/status/", methods=("POST",))
    def change_status(self, student_id: int) -> ResponseReturnValue:
        """Give a student another status."""
        student = queries.lock_student(self.caller, student_id)
        return self.act(
            lambda values: service.change_status(self.caller, student, **values),
            schema=_status_change,
            done=_("The status has been changed, and the student told."),
            to=_address(student_id),
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
            to=_address(student_id),
        )


class VerificationView(ServiceModelView):
    """Students who wait to be verified, those who have waited longest first."""

    title = _("To verify")
    section = PEOPLE
    icon = "check"
    slug = "verification"
    empty = _("Nobody is waiting to be verified.")
    columns = ()
    list_template = "console/people/verification.html"

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the students who wait."""
        waiting = queries.students(self.caller, status="pending")
        return queries.with_names(waiting).order_by(None).order_by(Student.id)

    def show(self, template: str, **context: Any) -> str:
        """Return a page that knows how to compare a student to the national id."""
        return super().show(
            template, identity_of=identity_of, verdict_label=verdict_label, genders=GENDER_LABELS, **context
        )

    @page("/<int:student_id>/verify/", methods=("POST",))
    def verify(self, student_id: int) -> ResponseReturnValue:
        """Verify a student."""
        return self._decide(student_id, "verified", done=_("The student has been verified, and told."))

    @page("/<int:student_id>/decline/", methods=("POST",))
    def decline(self, student_id: int) -> ResponseReturnValue:
        """Decline a student, who may then mend the profile."""
        return self._decide(student_id, "declined", done=_("The student has been declined, and told."))

    def _decide(self, student_id: int, status: str, *, done: Any) -> ResponseReturnValue:
        student = queries.lock_student(self.caller, student_id)
        return self.act(lambda: service.change_status(self.caller, student, status=status), done=done)


def _address(student_id: int) -> str:
    return url_for("console_students.show_student", student_id=student_id)


def _choices_of(kind: Any) -> list[tuple[int, str]]:
    return [(item.id, item.name) for item in list_items(kind)]


def _dealings(student_id: int) -> dict[str, Any]:
    """Return a student's courses and money, in five statements."""
    entries = db.session.execute(transactions(student_id, None).limit(_LEDGER_ENTRIES + 1)).all()
    return {
        "enrollments": enrollments_of_student(student_id),
        "purchases": purchases_of_student(student_id),
        "balances": db.session.scalars(balances(student_id)).all(),
        "entries": entries[:_LEDGER_ENTRIES],
        "has_more_entries": len(entries) > _LEDGER_ENTRIES,
    }


def _window_badge(purchase: Purchase) -> Markup:
    return badge(gettext("Expired"), "quiet") if purchase.is_expired else badge(gettext("Open"), "good")


def _reference(entry: Any) -> Any:
    """Return what an entry of the ledger is about: the code's serial, the lecture, or the reason of a correction."""
    if entry.batch_id is not None:
        return Markup('<bdi class="code">{}</bdi>').format(serial(entry.batch_id, entry.number))
    return entry.lecture_name or entry.note
