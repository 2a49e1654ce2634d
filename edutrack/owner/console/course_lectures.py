"""Lectures of a course: adding, pricing, moving between topics and deleting them."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import StringField, TextAreaField

from edutrack.courses.models import DESCRIPTION_LENGTH, NAME_LENGTH, Lecture
from edutrack.courses.queries.scope import find_lecture, find_topic
from edutrack.courses.schemas.catalogue import LectureChangesSchema, NewLectureSchema
from edutrack.courses.service import lectures as service
from edutrack.owner.console.access import page
from edutrack.owner.console.course_topics import course_url, trail_to
from edutrack.owner.console.forms import Choice, Switch
from edutrack.owner.console.once import NewForm, made_once
from edutrack.owner.console.pages import ConsoleView, Trail
from edutrack.owner.contents import topic_choices

# The topic stands in the address.
_NEW = NewLectureSchema(exclude=("topic",))
_CHANGES = LectureChangesSchema(partial=True)
_MONEY = {"inputmode": "decimal", "dir": "ltr", "maxlength": 20}


class NewLectureForm(NewForm):
    """What is sold: a price, and the days for which it opens."""

    name = StringField(_("Name"), render_kw={"maxlength": NAME_LENGTH, "dir": "auto"})
    description = TextAreaField(_("Description"), render_kw={"maxlength": DESCRIPTION_LENGTH, "rows": 4, "dir": "auto"})
    price = StringField(_("Price in pounds"), description=_("0 makes it free."), render_kw=_MONEY)
    discount = StringField(
        _("Discount in pounds"), default="0", description=_("Taken off the price; at most all of it."), render_kw=_MONEY
    )
    available_days = StringField(
        _("Open for how many days"),
        description=_("Counted from each purchase. Who has bought keeps the price and the days of that time."),
        render_kw={"inputmode": "numeric", "dir": "ltr", "maxlength": 10},
    )
    is_active = Switch(_("Students see the lecture and can buy it"), default=True)


class LectureForm(NewLectureForm):
    """A lecture that is there; it may move to another topic of its course."""

    topic = Choice(_("Topic"), description=_("In another topic it comes last."))


def lecture_url(lecture: Lecture) -> str:
    """Return the address of the course's page, opened at a lecture."""
    return course_url(lecture.course_id, topic=lecture.topic_id, lecture=lecture.id)


def trail_to_lecture(lecture: Lecture) -> Trail:
    """Return the steps from the courses to what lies in a lecture."""
    address = url_for("console_courses.edit_lecture", lecture_id=lecture.id)
    return [*trail_to(lecture.topic.course), (lecture.name, address)]


class LecturePages(ConsoleView):
    """The pages of lectures."""

    @page("/topics/<int:topic_id>/lectures/new/", methods=("GET", "POST"))
    def new_lecture(self, topic_id: int) -> ResponseReturnValue:
        """Add a lecture to a topic, as the last one."""
        topic = find_topic(self.caller, topic_id)

        def create(values: dict[str, Any]) -> int:
            return made_once(
                self.caller, "lecture", values, lambda: service.create_lecture(self.caller, topic=topic_id, **values)
            )

        return self.form_page(
            NewLectureForm(),
            create,
            schema=_NEW,
            done=_("The lecture has been added."),
            to=lambda lecture_id: course_url(topic.course_id, topic=topic_id, lecture=lecture_id),
            title=_("New lecture"),
            trail=[*trail_to(topic.course), (topic.name, course_url(topic.course_id, topic=topic_id))],
            submit=_("Add the lecture"),
            back=course_url(topic.course_id, topic=topic_id),
        )

    @page("/lectures/<int:lecture_id>/", methods=("GET", "POST"))
    def edit_lecture(self, lecture_id: int) -> ResponseReturnValue:
        """Show a lecture and change it."""
        lecture = find_lecture(self.caller, lecture_id)
        form = LectureForm(data=_as_typed(lecture))
        form.topic.offer(topic_choices(lecture.course_id))
        return self.form_page(
            form,
            lambda values: service.change_lecture(self.caller, lecture, **values),
            schema=_CHANGES,
            done=_("The lecture has been changed."),
            to=lecture_url,
            template="console/courses/part.html",
            title=lecture.name,
            trail=trail_to(lecture.topic.course),
            back=lecture_url(lecture),
            delete_url=url_for(f"{self.endpoint}.delete_lecture", lecture_id=lecture_id),
            delete_label=_("Delete the lecture"),
            delete_question=_("Shall the lecture go, with all videos and files in it?"),
        )

    @page("/lectures/<int:lecture_id>/delete/", methods=("POST",))
    def delete_lecture(self, lecture_id: int) -> ResponseReturnValue:
        """Delete a lecture that nobody has bought."""
        lecture = find_lecture(self.caller, lecture_id)
        return self.act(
            lambda: service.delete_lecture(self.caller, lecture),
            done=_("The lecture has been deleted."),
            to=course_url(lecture.course_id, topic=lecture.topic_id),
            back=url_for(f"{self.endpoint}.edit_lecture", lecture_id=lecture_id),
        )


def _as_typed(lecture: Lecture) -> dict[str, Any]:
    """Return what a lecture's form holds before anything is typed into it."""
    names = ("name", "description", "price", "discount", "available_days", "is_active")
    return {name: getattr(lecture, name) for name in names} | {"topic": lecture.topic_id}
