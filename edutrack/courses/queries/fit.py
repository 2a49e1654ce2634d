"""Which courses are meant for a student: asked when browsing and when enrolling, answered in one place."""

from sqlalchemy import BindParameter, ColumnElement, or_, select

from edutrack.accounts.models import Student
from edutrack.courses.models import Course
from edutrack.structure.models import subject_divisions, subject_school_types


def fits_student(student_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Return the condition that a course is meant for the student (rules.md, "Who a course is for").

    The grades are the same; the course's subject names the student's school type or none at all, and the student's
    division or none at all. A student of a grade without divisions has none, so no division can shut them out.
    """
    schools, divisions = subject_school_types.c, subject_divisions.c
    restricted_schools = select(schools.subject_id).where(schools.subject_id == Course.subject_id)
    restricted_divisions = select(divisions.subject_id).where(divisions.subject_id == Course.subject_id)
    return (
        select(Student.id)
        .where(
            Student.id == student_id,
            Student.grade_id == Course.grade_id,
            or_(
                ~restricted_schools.correlate(Course).exists(),
                restricted_schools.where(schools.school_type_id == Student.school_type_id)
                .correlate(Course, Student)
                .exists(),
            ),
            or_(
                Student.division_id.is_(None),
                ~restricted_divisions.correlate(Course).exists(),
                restricted_divisions.where(divisions.division_id == Student.division_id)
                .correlate(Course, Student)
                .exists(),
            ),
        )
        .correlate(Course)
        .exists()
    )
