"""Courses: finding, adding and changing them, and each as the tree of what is in it."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma
import orjson
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select
from wtforms import FileField, StringField, TextAreaField

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid
from edutrack.core.fields import Boolean, Id
from edutrack.core.files import public_url
from edutrack.core.schemas import Schema, plain_messages
from edutrack.courses.models import DESCRIPTION_LENGTH, NAME_LENGTH, Course, Lecture, Topic, Video
from edutrack.courses.queries.scope import find_course, find_lecture, find_topic, find_video
from edutrack.courses.schemas.catalogue import CourseChangesSchema, NewCourseSchema, ReorderSchema
from edutrack.courses.service import courses as service
from edutrack.courses.service import reordering
from edutrack.owner import catalogue
from edutrack.owner.console.access import local_target, page
from edutrack.owner.console.course_lectures import LecturePages, lecture_url
from edutrack.owner.console.course_materials import MaterialPages
from edutrack.owner.console.course_topics import TopicPages, course_url, trail_to
from edutrack.owner.console.course_videos import PLATFORM_LABELS, VideoPages
from edutrack.owner.console.forms import Choice, ConsoleForm, Switch
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from edutrack.owner.console.once import NewForm, made_once
from edutrack.owner.contents import contents_of


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


class NewCourseForm(NewForm):
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


class CoursesView(TopicPages, LecturePages, VideoPages, MaterialPages, ServiceModelView):
    """All courses, newest first, and the pages of what is in them."""

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
        Column("request_count", _("Requests"), value=lambda row: _requests(row)),
        Column("is_active", _("State"), value=lambda row: activity_badge(row.is_active)),
        Column(
            "created_at",
            _("Added"),
            value=lambda row: row.created_at.astimezone(clock.business_zone()).date(),
            sort=Course.created_at,
        ),
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
        """Return the address of the course's page."""
        return course_url(row.id)

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
            lambda values: made_once(
                self.caller, "course", values, lambda: service.create_course(self.caller, **values)
            ),
            schema=NewCourseSchema(),
            done=_("The course has been added."),
            to=course_url,
            template="console/courses/new.html",
            title=_("New course"),
        )

    @page("/<int:course_id>/")
    def show_course(self, course_id: int) -> str:
        """Show a course as a tree: topics, lectures, and what is in each."""
        course = find_course(self.caller, course_id)
        row = catalogue.course_row(self.caller, course)
        return self.show(
            "console/courses/course.html",
            title=row.name,
            course=row,
            topics=contents_of(self.caller, course),
            opened={"topic": request.args.get("topic"), "lecture": request.args.get("lecture")},
            platforms=PLATFORM_LABELS,
            state_of=_state_of_exercise,
        )

    @page("/<int:course_id>/edit/", methods=("GET", "POST"))
    def edit(self, course_id: int) -> ResponseReturnValue:
        """Show a course's form and change it; its teacher and grade stay."""
        course = find_course(self.caller, course_id)
        return self.form_page(
            CourseForm(obj=course),
            lambda values: service.change_course(self.caller, course, **values),
            schema=_CHANGES,
            done=_("The course has been changed."),
            to=course_url(course_id),
            template="console/courses/edit.html",
            title=_("Settings of the course"),
            trail=trail_to(course),
            course_id=course_id,
            picture=public_url(course.cover_picture),
            back=course_url(course_id),
        )

    @page("/<int:course_id>/delete/", methods=("POST",))
    def delete_course(self, course_id: int) -> ResponseReturnValue:
        """Delete a course that nobody uses, with all that is in it."""
        course = find_course(self.caller, course_id)
        return self.act(
            lambda: service.delete_course(self.caller, course),
            done=_("The course has been deleted."),
            back=url_for(f"{self.endpoint}.edit", course_id=course_id),
        )

    @page("/<int:course_id>/order/", methods=("POST",))
    def reorder(self, course_id: int) -> ResponseReturnValue:
        """Put everything in a course into the order that it was dragged into."""
        course = find_course(self.caller, course_id)
        return self.act(
            lambda: reordering.reorder_course(self.caller, course, **_sent_order()),
            done=_("The new order has been saved."),
            to=course_url(course_id),
        )

    @page("/<any(topics, lectures, videos):kind>/<int:item_id>/before/<int:follower_id>/", methods=("POST",))
    def move(self, kind: str, item_id: int, follower_id: int) -> ResponseReturnValue:
        """Put a topic, lecture or video right before another one."""
        item = _FINDERS[kind](self.caller, item_id)
        return self.act(
            lambda: reordering.put_before(self.caller, item, follower_id),
            done=_("The new order has been saved."),
            to=_place_of(item),
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


def _requests(row: Any) -> Any:
    """Return how many ask for a place in a course, leading to them; nothing where nobody does."""
    if not row.request_count:
        return None
    address = url_for("console_enrollments.index", course=row.id)
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, row.request_count)


def _place_of(item: Topic | Lecture | Video) -> str:
    """Return the address of the course's page, scrolled to something, with what it lies in opened."""
    if isinstance(item, Topic):
        return course_url(item.course_id, at=f"topic-{item.id}")
    if isinstance(item, Lecture):
        return course_url(item.course_id, topic=item.topic_id, at=f"lecture-{item.id}")
    return lecture_url(item.lecture)


def _state_of_exercise(exercise: Any) -> tuple[Any, str] | None:
    """Return the state of a homework or quiz in a word, and the kind of its badge; None where students can do it."""
    if not exercise.is_active:
        return _("Hidden"), "quiet"
    now = clock.now()
    if exercise.opens_at and exercise.opens_at > now:
        return _("Not open yet"), "waiting"
    return (_("Closed"), "quiet") if exercise.closes_at and exercise.closes_at <= now else None


def _sent_order() -> dict[str, Any]:
    """Return the order that came with the request, as the API's schema reads it; raises Invalid."""
    try:
        read: dict[str, Any] = ReorderSchema().load({"topics": orjson.loads(request.form.get("topics", ""))})
    except orjson.JSONDecodeError:
        raise Invalid({"topics": ["Invalid value."]}) from None
    except ma.ValidationError as error:
        raise Invalid(plain_messages(error.messages)) from None
    return read


_FINDERS: dict[str, Callable[[Caller, int], Any]] = {
    "topics": find_topic,
    "lectures": find_lecture,
    "videos": find_video,
}

#: Teacher and grade of a course cannot be changed, so the form does not have them.
_CHANGES: ma.Schema = CourseChangesSchema(partial=True, exclude=("teacher", "grade"))


def _asked_teacher() -> int | None:
    try:
        return Id().deserialize(request.values.get("teacher", ""))
    except ma.ValidationError:
        return None
