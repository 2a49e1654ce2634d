"""Asking for a course, taking that back, and answering."""

from typing import Any, Literal

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, NotFound, Rejected, invalid_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Enrollment
from edutrack.courses.queries.enrollments import course_on_offer, enrollment_row
from edutrack.courses.queries.scope import own_courses
from edutrack.courses.service.telling import tell_of_answer, tell_of_request

Answer = Literal["approved", "rejected"]

_NOT_AVAILABLE = "This course is not available."
_DOES_NOT_FIT = "This course is not for your grade, school type or division."
_ALREADY_ASKED = "You are already enrolled or have a pending request for this course."
_NOT_PENDING = "This enrollment is not pending."


def enroll(caller: Caller, course_id: int) -> Row[*tuple[Any, ...]]:
    """Ask for a place in a course for the calling student; return the pending enrolment.

    Raises Invalid for a course that does not exist; Rejected for one that is not available or not meant for the
    student, and where a request is pending or approved. After a rejection the same row asks again (rules.md,
    "Enrolment").
    """
    course = course_on_offer(caller.student_id, course_id)
    if course is None:
        raise invalid_pk("course", course_id)
    if not course.is_available:
        raise Rejected(_NOT_AVAILABLE)
    if not course.fits:
        raise Rejected(_DOES_NOT_FIT)
    enrollment_id = request_place(caller.student_id, course_id)
    if enrollment_id is None:
        raise Rejected(_ALREADY_ASKED)
    tell_of_request(enrollment_id)
    return enrollment_row(enrollment_id)


def request_place(student_id: int, course_id: int) -> int | None:
    """Write a pending enrolment, over a rejected one if need be; return its id, None where one stands already."""
    request = {"status": "pending", "enrolled_at": clock.now()}
    unanswered = {"approved_by_id": None, "responded_at": None, "response_note": None}
    return db.session.scalar(
        insert(Enrollment)
        .values(student_id=student_id, course_id=course_id, **request)
        .on_conflict_do_update(
            index_elements=[Enrollment.student_id, Enrollment.course_id],
            set_=request | unanswered,
            where=Enrollment.status == "rejected",
        )
        .returning(Enrollment.id)
    )


def cancel_enrollment(caller: Caller, enrollment_id: int) -> None:
    """Delete a pending enrolment of the calling student.

    Raises NotFound where there is none of that id, Forbidden where it is another student's, Rejected where it has been
    answered: an answer that comes at the same moment either finds the request or is not taken back (rules.md,
    "Enrolment").
    """
    if delete_pending(caller.student_id, enrollment_id):
        return
    standing = db.session.execute(
        select(Enrollment.student_id, Enrollment.status).where(Enrollment.id == enrollment_id)
    ).one_or_none()
    if standing is None:
        raise NotFound("Enrollment not found", key="error")
    if standing.student_id != caller.student_id:
        raise Forbidden("You can only cancel your own enrollments", key="error")
    raise Rejected(f"Cannot cancel enrollment with status: {standing.status}", key="error")


def delete_pending(student_id: int, enrollment_id: int) -> bool:
    """Delete a student's enrolment if it is still pending; return whether it was."""
    deleted = db.session.scalar(
        delete(Enrollment)
        .where(Enrollment.id == enrollment_id, Enrollment.student_id == student_id, Enrollment.status == "pending")
        .returning(Enrollment.id)
        .execution_options(synchronize_session=False)
    )
    return deleted is not None


def respond(caller: Caller, enrollment: Enrollment, answer: Answer, note: str | None) -> Row[*tuple[Any, ...]]:
    """Approve or reject a pending enrolment; return it.

    Raises Rejected where it has been answered already, NotFound where it was cancelled in the meantime (rules.md,
    "Enrolment").
    """
    enrollment_id = enrollment.id
    answered = db.session.scalar(
        update(Enrollment)
        .where(Enrollment.id == enrollment_id, Enrollment.status == "pending")
        .values(_answer(caller, answer, note))
        .returning(Enrollment)
        .execution_options(synchronize_session=False)
    )
    if answered is None:
        if db.session.scalar(select(Enrollment.id).where(Enrollment.id == enrollment_id)) is None:
            raise NotFound()
        raise Rejected(_NOT_PENDING)
    audit.record(caller, f"enrollment.{answer}", answered)
    tell_of_answer([enrollment_id], answer)
    db.session.flush()
    return enrollment_row(enrollment_id)


def respond_to_many(caller: Caller, enrollment_ids: list[int], answer: Answer, note: str | None) -> int:
    """Give all pending enrolments among these in the caller's courses one answer; return how many there were.

    Others are passed over, whatever the reason (rules.md, "Enrolment").
    """
    own = select(Course.id).where(own_courses(caller))
    answered = db.session.scalars(
        update(Enrollment)
        .where(Enrollment.id.in_(enrollment_ids), Enrollment.status == "pending", Enrollment.course_id.in_(own))
        .values(_answer(caller, answer, note))
        .returning(Enrollment)
        .execution_options(synchronize_session=False)
    ).all()
    for enrollment in answered:
        audit.record(caller, f"enrollment.{answer}", enrollment)
    if answered:
        tell_of_answer([enrollment.id for enrollment in answered], answer)
    db.session.flush()
    return len(answered)


def _answer(caller: Caller, answer: Answer, note: str | None) -> dict[str, Any]:
    return {
        "status": answer,
        "approved_by_id": caller.user_id,
        "responded_at": clock.now(),
        "response_note": note or None,
    }
