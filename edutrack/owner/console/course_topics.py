"""Topics of a course: adding, changing and deleting them."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import StringField, TextAreaField

from edutrack.courses.models import DESCRIPTION_LENGTH, NAME_LENGTH, Course
from edutrack.courses.queries.scope import find_course, find_topic
from edutrack.courses.schemas.catalogue import NewTopicSchema, TopicChangesSchema
from edutrack.courses.service import topics as service
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import Switch
from edutrack.owner.console.once import NewForm, made_once
from edutrack.owner.console.pages import ConsoleView, Trail

# The course stands in the address.
_NEW = NewTopicSchema(exclude=("course",))
_CHANGES = TopicChangesSchema(partial=True, exclude=("course",))


class TopicForm(NewForm):
    """A chapter; its place is changed on the course's page."""

    name = StringField(_("Name"), render_kw={"maxlength": NAME_LENGTH, "dir": "auto"})
    description = TextAreaField(_("Description"), render_kw={"maxlength": DESCRIPTION_LENGTH, "rows": 4, "dir": "auto"})
    is_active = Switch(_("Students see the topic"), default=True)


def course_url(course_id: int, *, topic: int | None = None, lecture: int | None = None, at: str | None = None) -> str:
    """Return the address of a course's page, with a topic and a lecture opened, scrolled to them or to `at`."""
    at = at or (f"lecture-{lecture}" if lecture else f"topic-{topic}" if topic else None)
    return url_for("console_courses.show_course", course_id=course_id, topic=topic, lecture=lecture, _anchor=at)


def trail_to(course: Course) -> Trail:
    """Return the steps from the courses to what lies in one of them."""
    return [(course.name, course_url(course.id))]


class TopicPages(ConsoleView):
    """The pages of topics."""

    @page("/<int:course_id>/topics/new/", methods=("GET", "POST"))
    def new_topic(self, course_id: int) -> ResponseReturnValue:
        """Add a topic to a course, as the last one."""
        course = find_course(self.caller, course_id)

        def create(values: dict[str, Any]) -> int:
            return made_once(
                self.caller, "topic", values, lambda: service.create_topic(self.caller, course=course_id, **values)
            )

        return self.form_page(
            TopicForm(),
            create,
            schema=_NEW,
            done=_("The topic has been added."),
            to=lambda topic_id: course_url(course_id, topic=topic_id),
            title=_("New topic"),
            trail=trail_to(course),
            submit=_("Add the topic"),
            back=course_url(course_id),
        )

    @page("/topics/<int:topic_id>/", methods=("GET", "POST"))
    def edit_topic(self, topic_id: int) -> ResponseReturnValue:
        """Show a topic and change it."""
        topic = find_topic(self.caller, topic_id)
        return self.form_page(
            TopicForm(obj=topic),
            lambda values: service.change_topic(self.caller, topic, **values),
            schema=_CHANGES,
            done=_("The topic has been changed."),
            to=course_url(topic.course_id, topic=topic_id),
            template="console/courses/part.html",
            title=topic.name,
            trail=trail_to(topic.course),
            back=course_url(topic.course_id, topic=topic_id),
            delete_url=url_for(f"{self.endpoint}.delete_topic", topic_id=topic_id),
            delete_label=_("Delete the topic"),
            delete_question=_("Shall the topic go, with all lectures, videos and files in it?"),
        )

    @page("/topics/<int:topic_id>/delete/", methods=("POST",))
    def delete_topic(self, topic_id: int) -> ResponseReturnValue:
        """Delete a topic of which nobody has bought anything."""
        topic = find_topic(self.caller, topic_id)
        return self.act(
            lambda: service.delete_topic(self.caller, topic),
            done=_("The topic has been deleted."),
            to=course_url(topic.course_id),
            back=url_for(f"{self.endpoint}.edit_topic", topic_id=topic_id),
        )
