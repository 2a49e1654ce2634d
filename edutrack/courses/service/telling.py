"""Who is told what about enrolments, purchases and lectures; each telling is one statement."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Select, literal, select, union_all

from edutrack.accounts.models import Assistant, Student, Teacher, User
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, Topic
from edutrack.notifications.service import notify_all


def tell_of_request(enrollment_id: int) -> None:
    """Tell a course's teacher and their active assistants that a student asks for a place."""
    assistants = select(Assistant.user_id, Assistant.teacher_id).join(Assistant.user).where(User.is_active)
    staff = union_all(select(Teacher.user_id, Teacher.id.label("teacher_id")), assistants).subquery()
    notify_all(
        "enrollment_requested",
        _about_enrollments(staff.c.user_id, Student.name_ar.label("student_name"))
        .join(staff, staff.c.teacher_id == Course.teacher_id)
        .where(Enrollment.id == enrollment_id),
    )


def tell_of_answer(enrollment_ids: Sequence[int], answer: Literal["approved", "rejected"]) -> None:
    """Tell students how their requests were answered."""
    notify_all(
        "enrollment_approved" if answer == "approved" else "enrollment_rejected",
        _about_enrollments(Student.user_id).where(Enrollment.id.in_(enrollment_ids)),
    )


def tell_of_reopening(purchase_id: int, extra_days: int) -> None:
    """Tell a student that a lecture of theirs is open for longer."""
    notify_all(
        "lecture_reopened",
        select(
            Student.user_id,
            Purchase.id.label("purchase_id"),
            Purchase.lecture_id,
            Purchase.course_id,
            Lecture.name.label("lecture_name"),
            literal(extra_days).label("extra_days"),
        )
        .join(Purchase.student)
        .join(Purchase.lecture)
        .where(Purchase.id == purchase_id),
    )


def tell_of_lecture(lecture_id: int) -> None:
    """Tell the students approved in a lecture's course that it is there; nobody while its topic or course is hidden."""
    notify_all(
        "lecture_published",
        select(
            Student.user_id,
            Lecture.id.label("lecture_id"),
            Lecture.course_id,
            Lecture.name.label("lecture_name"),
            Course.name.label("course_name"),
        )
        .select_from(Lecture)
        .join(Lecture.topic)
        .join(Topic.course)
        .join(Enrollment, Enrollment.course_id == Course.id)
        .join(Enrollment.student)
        .where(Lecture.id == lecture_id, Topic.is_active, Course.is_active, Enrollment.status == "approved"),
    )


def _about_enrollments(user_id: Any, *params: Any) -> Select[*tuple[Any, ...]]:
    """Return the select of what is told to `user_id` about enrolments, joined with course and student."""
    return (
        select(
            user_id,
            Enrollment.id.label("enrollment_id"),
            Enrollment.course_id,
            Enrollment.student_id,
            Course.name.label("course_name"),
            *params,
        )
        .select_from(Enrollment)
        .join(Enrollment.course)
        .join(Enrollment.student)
    )
