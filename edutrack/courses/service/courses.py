"""Courses: who gives what to which grade."""

from typing import Any, BinaryIO

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from edutrack.accounts.models import Teacher, teacher_grades
from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.database import when_violated
from edutrack.core.errors import Invalid, Rejected, no_such_pk
from edutrack.core.extensions import db
from edutrack.core.files import remove_file
from edutrack.core.images import save_picture
from edutrack.courses.models import Course, Enrollment, Lecture, Topic
from edutrack.courses.queries.scope import lock_course
from edutrack.courses.service.changes import change
from edutrack.courses.service.deletion import delete_lectures, delete_rows, deleting
from edutrack.structure.models import Grade

when_violated(
    "uq_courses_teacher_id_grade_id_name",
    lambda: Invalid({"non_field_errors": ["A course with this Teacher, Grade, and Name already exists."]}),
)


def create_course(
    caller: Caller,
    *,
    name: str,
    teacher: int,
    grade: int,
    description: str | None = None,
    cover_picture: Any = None,
    is_active: bool = True,
) -> Course:
    """Add a course of a teacher for a grade; its subject is the teacher's (rules.md, "Courses").

    Raises Invalid where teacher or grade do not exist, where the teacher does not teach the grade, for a picture that
    is none, and where the teacher has a course of that name for that grade already.
    """
    giver = _teacher_of_grade(teacher, grade)
    course = Course(
        name=name,
        teacher=giver,
        grade_id=grade,
        subject_id=giver.subject_id,
        description=description,
        cover_picture=_stored_cover(cover_picture),
        is_active=is_active,
    )
    db.session.add(course)
    audit.record(caller, "course.created", course, name=name, teacher=teacher, grade=grade)
    db.session.flush()
    return course


def change_course(caller: Caller, course: Course, **values: Any) -> Course:
    """Change name, description, picture or activity of a course (rules.md, "Courses").

    Raises Invalid where another teacher or grade is asked for, for a picture that is none, and for a name that the
    teacher's courses of the grade have already.
    """
    course = lock_course(caller, course.id)
    refusals = {
        field: [f"Cannot change the {field} of an existing course."]
        for field, current in (("teacher", course.teacher_id), ("grade", course.grade_id))
        if values.pop(field, current) != current
    }
    if refusals:
        raise Invalid(refusals)
    if "cover_picture" in values:
        values["cover_picture"] = _stored_cover(values["cover_picture"])
        remove_file(course.cover_picture)
    changed = change(course, values)
    audit.record(caller, "course.changed", course, changed=changed)
    db.session.flush()
    return course


def delete_course(caller: Caller, course: Course) -> None:
    """Delete a course that nobody has enrolled in and no code was made for (rules.md, "Deleting content").

    Topics, lectures, videos and materials go with it. Raises Rejected where students or money would be left behind.
    """
    # Whoever adds to the course or changes it at this moment has finished, or finds it gone.
    course = lock_course(caller, course.id, whole=True)
    course_id = course.id
    audit.record(caller, "course.deleted", course, name=course.name)
    remove_file(course.cover_picture)
    try:
        with deleting("course"):
            delete_lectures(Lecture.course_id == course_id)
            delete_rows(Topic, Topic.course_id == course_id)
            delete_rows(Course, Course.id == course_id)
    except Rejected:
        # Students come first among several reasons, whichever foreign key PostgreSQL looked at first.
        if db.session.scalar(select(exists().where(Enrollment.course_id == course_id))):
            raise Rejected("Cannot delete a course that has students enrolled in it.") from None
        raise


def _teacher_of_grade(teacher_id: int, grade_id: int) -> Teacher:
    teacher = db.session.get(Teacher, teacher_id, options=[joinedload(Teacher.subject)])
    grade = db.session.get(Grade, grade_id)
    missing = {
        field: [no_such_pk(value)]
        for field, value, found in (("teacher", teacher_id, teacher), ("grade", grade_id, grade))
        if found is None
    }
    if teacher is None or grade is None:
        raise Invalid(missing)
    pair = teacher_grades.c
    if not db.session.scalar(select(exists().where(pair.teacher_id == teacher_id, pair.grade_id == grade_id))):
        raise Invalid({"grade": [f"Teacher {teacher.name} does not teach grade {grade.name}."]})
    return teacher


def _stored_cover(upload: Any) -> str | None:
    if upload is None:
        return None
    content: BinaryIO = upload.stream
    return save_picture(content, "cover_picture")
