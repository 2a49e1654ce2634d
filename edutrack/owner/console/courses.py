"""Courses: finding, adding and changing them."""

from typing import Any

import marshmallow as ma
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select
from wtforms import FileField, StringField, TextAreaField

from edutrack.core.fields import Boolean, Id
from edutrack.core.files import public_url
from edutrack.core.schemas import Schema
from edutrack.courses.models import DESCRIPTION_LENGTH, NAME_LENGTH, Course
from edutrack.courses.queries.scope import find_course
from edutrack.courses.schemas.catalogue import CourseChangesSchema, NewCourseSchema
from edutrack.courses.service import courses as service
from edutrack.owner import catalogue
from edutrack.owner.console.access import local_target, page
from edutrack.owner.console.forms import Choice, ConsoleForm, Switch
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView


class CourseForm(ConsoleForm):
    """What can be changed of a course."""

    name = StringField(_("Name"), render_kw={"maxlength": NAME_LENGTH, "dir": "auto"})
    description = TextAreaField(_("Description"), render_kw={"maxlength": DESCRIPTION_LENGTH, "rows": 6, "dir": "auto"})
    cover_picture = FileField(
        _("Cover picture"),
        description=_("JPEG, PNG or WebP; without one, the course keeps the picture that it has."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    is_active = Switch(_("Students see the course"), default=True)


class NewCourseForm(ConsoleForm):
    """A course to be given: by whom and to which grade stays for ever."""

    teacher = Choice(_("Teacher"))
    grade = Choice(_("Grade"), empty=_("Choose a grade"), description=_("Those that the teacher teaches."))
    name = StringField(_("Name"), render_kw={"maxlength": NAME_LENGTH, "dir": "auto"})
    description = TextAreaField(_("Description"), render_kw={"maxlength": DESCRIPTION_LENGTH, "rows": 6, "dir": "auto"})
    cover_picture = FileField(
        _("Cover picture"),
        description=_("JPEG, PNG or WebP."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    is_active = Switch(_("Students see the course"), default=True)


class ActivitySchema(Schema):
    """Whether a course is to be seen."""

    is_active = Boolean(required=True)


class CoursesView(ServiceModelView):
    """All courses, newest first."""

    title = _("Courses")
    section = _("School")
    icon = "course"
    slug = "courses"
    empty = _("There is no course yet.")
    search_hint = _("Course, description or teacher")
    list_template = "console/courses/list.html"
    has_row_actions = True
    columns = (
        Column("name", _("Course"), sort=Course.name),
        Column("teacher_name", _("Teacher")),
        Column("grade_name", _("Grade")),
        Column("subject_name", _("Subject")),
        Column("lecture_count", _("Lectures")),
        Column("student_count", _("Students")),
        Column("is_active", _("State"), value=lambda row: activity_badge(row.is_active)),
        Column("created_at", _("Added"), sort=Course.created_at),
    )
    tie_breaker = Course.id
    filters = (
        ListFilter("teacher", _("Teacher"), Id(), choices=catalogue.teacher_choices),
        ListFilter("grade", _("Grade"), Id(), choices=catalogue.grade_choices),
        ListFilter("subject", _("Subject"), Id(), choices=catalogue.subject_choices),
        ListFilter("is_active", _("State"), Boolean(), choices=(("true", _("Shown")), ("false", _("Hidden")))),
    )

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the courses that pass the filters."""
        return catalogue.courses(self.caller, search=search, **filters)

    def link(self, row: Any) -> str:
        """Return the address at which the course is changed."""
        return url_for(f"{self.endpoint}.edit", course_id=row.id)

    @page("/new/", methods=("GET", "POST"))
    def new(self) -> ResponseReturnValue:
        """Add a course: first its teacher is chosen, then the grade among the teacher's."""
        teacher = catalogue.teacher_with_grades(_asked_teacher())
        if teacher is None and request.method == "GET":
            choices = catalogue.teacher_choices()
            return self.show("console/courses/teacher.html", title=_("New course"), choices=choices)
        form = NewCourseForm()
        form.teacher.offer([(teacher.id, teacher.name)] if teacher else [])
        form.grade.offer([(grade.id, grade.name) for grade in teacher.grades] if teacher else [])
        return self.form_page(
            form,
            lambda values: service.create_course(self.caller, **values),
            schema=NewCourseSchema(),
            done=_("The course has been added."),
            to=lambda course: url_for(f"{self.endpoint}.edit", course_id=course.id),
            template="console/courses/new.html",
            title=_("New course"),
        )

    @page("/<int:course_id>/", methods=("GET", "POST"))
    def edit(self, course_id: int) -> ResponseReturnValue:
        """Show a course and change it; its teacher and grade stay."""
        course = find_course(self.caller, course_id)
        row = catalogue.course_row(self.caller, course)
        return self.form_page(
            CourseForm(obj=course),
            lambda values: service.change_course(self.caller, course, **values),
            schema=_CHANGES,
            done=_("The course has been changed."),
            to=url_for(f"{self.endpoint}.edit", course_id=course_id),
            template="console/courses/course.html",
            title=row.name,
            course=row,
            picture=public_url(row.cover_picture),
        )

    @page("/<int:course_id>/activity/", methods=("POST",))
    def set_activity(self, course_id: int) -> ResponseReturnValue:
        """Show a course to students, or hide it from them."""
        course = find_course(self.caller, course_id)
        return self.act(
            lambda values: service.change_course(self.caller, course, **values),
            schema=ActivitySchema(),
            done=_("The course has been changed."),
            to=local_target(request.form.get("next")),
        )

    @page("/<int:course_id>/cover/", methods=("POST",))
    def remove_cover(self, course_id: int) -> ResponseReturnValue:
        """Take a course's picture away."""
        course = find_course(self.caller, course_id)
        return self.act(
            lambda: service.change_course(self.caller, course, cover_picture=None),
            done=_("The picture has been removed."),
            to=url_for(f"{self.endpoint}.edit", course_id=course_id),
        )


def activity_badge(is_active: bool) -> Markup:
    """Return whether students see a course, in a word."""
    kind, word = ("good", _("Shown")) if is_active else ("quiet", _("Hidden"))
    return Markup('<div><span class="badge badge-{}">{}</span></div>').format(kind, word)


#: Teacher and grade of a course cannot be changed, so the form does not have them.
_CHANGES: ma.Schema = CourseChangesSchema(partial=True, exclude=("teacher", "grade"))


def _asked_teacher() -> int | None:
    try:
        return Id().deserialize(request.values.get("teacher", ""))
    except ma.ValidationError:
        return None
