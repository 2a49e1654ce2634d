"""Routes of topics."""

from typing import Any

from sqlalchemy import Row, Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Rejected
from edutrack.courses.models import Topic
from edutrack.courses.queries import catalogue
from edutrack.courses.queries.scope import find_topic
from edutrack.courses.schemas.catalogue import (
    NewTopicSchema,
    TopicChangesSchema,
    TopicFilterSchema,
    TopicSchema,
)
from edutrack.courses.service import topics
from edutrack.courses.views.room import blueprint


@blueprint.get("/topics/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(TopicFilterSchema)
@blueprint.page(TopicSchema)
def list_topics(filters: dict[str, Any]) -> Select[Any]:
    """List the topics of the caller's courses, in their order."""
    return catalogue.list_topics(caller(), **filters)


@blueprint.post("/topics/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@blueprint.body(NewTopicSchema)
@blueprint.response(201, TopicSchema)
def create_topic(values: dict[str, Any]) -> Row[Any]:
    """Add a topic to a course."""
    return catalogue.topic_item(topics.create_topic(caller(), **values))


@blueprint.get("/topics/<int:topic_id>/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("topic", find_topic)
@blueprint.response(200, TopicSchema)
def show_topic(topic: Topic) -> Row[Any]:
    """Show a topic."""
    return catalogue.topic_item(topic)


@blueprint.patch("/topics/<int:topic_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("topic", find_topic)
@blueprint.body(TopicChangesSchema(partial=True))
@blueprint.response(200, TopicSchema)
def change_topic(values: dict[str, Any], topic: Topic) -> Row[Any]:
    """Change a topic."""
    return catalogue.topic_item(topics.change_topic(caller(), topic, **values))


@blueprint.delete("/topics/<int:topic_id>/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@path_object("topic", find_topic)
@blueprint.response(204)
@blueprint.refusals(
    Rejected("Cannot delete a topic that has purchases."),
    Rejected("Cannot delete a topic that has watch progress."),
    Rejected("Cannot delete a topic that has submissions."),
)
def delete_topic(topic: Topic) -> None:
    """Delete a topic with its lectures, where nobody has bought or watched one."""
    topics.delete_topic(caller(), topic)
