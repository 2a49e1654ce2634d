"""What a student learns: requests for courses and their answers, progress, attempts, homework."""

from decimal import Decimal

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from edutrack.core.errors import NotFound
from edutrack.courses.models import Enrollment
from edutrack.courses.queries.enrollments import enrollments_of_student, find_enrollment
from edutrack.courses.queries.watching import progress_of_lectures
from edutrack.courses.schemas.enrollments import BulkResponseSchema
from edutrack.courses.service.enrollments import respond
from edutrack.owner.console.access import page
from edutrack.owner.console.lists import fetch_page
from edutrack.owner.console.people import badge
from edutrack.owner.console.student_frame import StudentPages, student_url
from edutrack.quizzes.queries.homeworks import submissions_of_student
from edutrack.quizzes.queries.submissions import attempts_of_student
from edutrack.students import queries

_ATTEMPTS_ON_A_PAGE = 25
_TAB = "show_learning"
_ENROLLMENT_LABELS = {
    "pending": (_("Waiting"), "waiting"),
    "approved": (_("Approved"), "good"),
    "rejected": (_("Rejected"), "bad"),
}
_ATTEMPT_LABELS = {
    "in_progress": (_("Running"), "waiting"),
    "submitted": (_("Waits for grading"), "waiting"),
    "graded": (_("Graded"), "quiet"),
}
_answer = BulkResponseSchema(only=("status", "response_note"))


class LearningPages(StudentPages):
    """The tab about learning, and what is done there."""

    @page("/<int:student_id>/learning/")
    def show_learning(self, student_id: int) -> str:
        """Show a student's courses, progress, attempts and homework."""
        student = queries.show_student(self.caller, student_id)
        return self.show_tab(
            _TAB,
            student,
            "console/people/student_learning.html",
            enrollments=enrollments_of_student(student_id),
            lectures=progress_of_lectures(student_id),
            attempts=fetch_page(attempts_of_student(student_id), _ATTEMPTS_ON_A_PAGE),
            homework=submissions_of_student(student_id),
            enrollment_badge=lambda status: badge(*_ENROLLMENT_LABELS[status]),
            score=_score,
            attempt_badge=lambda status: badge(*_ATTEMPT_LABELS[status]),
        )

    @page("/<int:student_id>/enrollments/<int:enrollment_id>/respond/", methods=("POST",))
    def respond_to_enrollment(self, student_id: int, enrollment_id: int) -> ResponseReturnValue:
        """Approve a student's request for a course, or reject it."""
        enrollment = self._enrollment_of(student_id, enrollment_id)
        return self.act(
            lambda values: respond(self.caller, enrollment, values["status"], values["response_note"]),
            schema=_answer,
            done=_("The request has been answered, and the student told."),
            to=student_url(student_id, _TAB),
        )

    def _enrollment_of(self, student_id: int, enrollment_id: int) -> Enrollment:
        found = find_enrollment(self.caller, enrollment_id)
        if found.student_id != student_id:
            raise NotFound()
        return found


def _score(points: Decimal, most: Decimal) -> Markup:
    """Return points out of those that could be had, in the order in which they are read in either language."""
    return Markup('<bdi class="number" dir="ltr">{} / {}</bdi>').format(
        *(f"{value:.2f}".removesuffix(".00") for value in (points, most))
    )
