"""Requests for courses: those that wait for an answer, answered many at a time."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select

from edutrack.core.fields import Id
from edutrack.courses.models import Enrollment
from edutrack.courses.queries.enrollments import list_enrollments
from edutrack.courses.schemas.enrollments import RESPONSE_NOTE_LENGTH, BulkResponseSchema
from edutrack.courses.service import enrollments as service
from edutrack.owner.catalogue import course_choices
from edutrack.owner.console.access import local_target, page
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView

_ANSWER = BulkResponseSchema()


class EnrollmentsView(ServiceModelView):
    """Students who ask for a place in a course, those who have waited longest first."""

    title = _("Enrolment requests")
    section = _("School")
    icon = "check"
    slug = "enrollments"
    empty = _("No request is waiting for an answer.")
    search_hint = _("Student’s name or code")
    list_template = "console/courses/requests.html"
    columns = (
        Column("student_name", _("Student"), value=lambda row: _student(row)),
        Column("student_code", _("Student code")),
        Column("course_name", _("Course")),
        Column("teacher_name", _("Teacher")),
        Column("grade_name", _("Grade")),
        Column("enrolled_at", _("Asked")),
    )
    filters = (ListFilter("course", _("Course"), Id(), choices=course_choices),)

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the requests that wait."""
        waiting = list_enrollments(self.caller, status="pending", search=search, **filters)
        return waiting.order_by(None).order_by(Enrollment.enrolled_at, Enrollment.id)

    def show(self, template: str, **context: Any) -> str:
        """Return a page that knows how long a note may be."""
        return super().show(template, note_length=RESPONSE_NOTE_LENGTH, **context)

    @page("/answer/", methods=("POST",))
    def answer(self) -> ResponseReturnValue:
        """Give the ticked requests one answer; those that were answered meanwhile are passed over."""
        return self.act(
            lambda values: service.respond_to_many(
                self.caller, values["ids"], values["status"], values["response_note"]
            ),
            schema=_ANSWER,
            done=lambda answered: _said(answered, request.form["status"]),
            to=local_target(request.form.get("next")),
        )


def _said(answered: int, status: str) -> str:
    if not answered:
        return gettext("Nothing was answered: tick the requests first. Others may have answered them meanwhile.")
    if status == "approved":
        return gettext("Requests approved: %(count)s. The students have been told.", count=answered)
    return gettext("Requests rejected: %(count)s. The students have been told.", count=answered)


def _student(row: Any) -> Markup:
    address = url_for("console_students.show_student", student_id=row.student)
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, row.student_name)
