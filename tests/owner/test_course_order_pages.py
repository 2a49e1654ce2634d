"""Putting a course in order, by arrows and by dragging."""

import json
import re

import pytest
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture, Topic, Video
from tests.factories import create_course, create_lecture, create_topic, create_video
from tests.owner.contents import COURSES, last_verb, names_in_order, page_of


class TestOrder:
    @pytest.fixture
    def course(self, app):
        course = create_course()
        for order, name in enumerate("ABC", 1):
            create_topic(course, name=name, order=order)
        return course

    @pytest.fixture
    def topics(self, course):
        return {topic.name: topic.id for topic in db.session.scalars(select(Topic).filter_by(course_id=course.id))}

    def names(self, course):
        return names_in_order(Topic, Topic.course_id == course.id)

    def move(self, console, kind, first, second):
        return console.post(f"{COURSES}{kind}/{first}/before/{second}/")

    def test_the_buttons_of_the_page_move_a_topic(self, console, course, topics):
        def press(label):
            found = re.search(rf'formaction="([^"]+)"[^>]* aria-label="{label}"', page_of(console, course).text)
            return console.post(found[1])

        sent = press("Move up: C")
        assert (sent.status_code, sent.location) == (303, f"{COURSES}{course.id}/#topic-{topics['C']}")
        assert self.names(course) == ["A", "C", "B"]
        press("Move down: A")

        assert self.names(course) == ["C", "A", "B"]
        assert last_verb() == "course.reordered"

    def test_a_button_pressed_twice_moves_once(self, console, course, topics):
        for _ in range(2):
            assert self.move(console, "topics", topics["C"], topics["B"]).status_code == 303

        assert self.names(course) == ["A", "C", "B"]
        assert db.session.scalars(select(AuditEntry.verb)).all().count("course.reordered") == 1

    def test_lectures_move_in_their_topic_and_videos_in_their_lecture(self, console, topics):
        topic = db.session.get(Topic, topics["A"])
        one, two = (create_lecture(topic=topic, order=order) for order in (1, 2))
        film, clip = (create_video(one, order=order) for order in (1, 2))

        sent = self.move(console, "lectures", two.id, one.id)
        self.move(console, "videos", clip.id, film.id)

        assert sent.location.endswith(f"?topic={topic.id}#lecture-{two.id}")
        assert names_in_order(Lecture, Lecture.topic_id == topic.id) == [two.name, one.name]
        assert names_in_order(Video, Video.lecture_id == one.id) == [clip.name, film.name]

    def test_what_does_not_stand_side_by_side_is_not_moved(self, console, course, topics):
        for other in (create_topic().id, topics["A"], 999_999, 9_223_372_036_854_775_808):
            sent = self.move(console, "topics", topics["A"], other)

            assert sent.status_code == 303
            assert "no longer stand side by side" in console.get(sent.location).text
        assert self.names(course) == ["A", "B", "C"]

    def test_the_whole_order_is_set_as_through_the_api(self, console, course, topics):
        lectures = [create_lecture(topic=db.session.get(Topic, topics["C"]), order=order) for order in (1, 2)]
        whole = [
            {"id": topics["C"], "lectures": [{"id": lecture.id, "videos": []} for lecture in reversed(lectures)]},
            {"id": topics["A"], "lectures": []},
        ]

        sent = console.post(f"{COURSES}{course.id}/order/", {"topics": json.dumps(whole)})

        assert (sent.status_code, sent.location) == (303, f"{COURSES}{course.id}/")
        assert self.names(course) == ["C", "A", "B"]
        assert names_in_order(Lecture, Lecture.topic_id == topics["C"]) == [lectures[1].name, lectures[0].name]

    @pytest.mark.parametrize(
        "topics", ["", "{", "[1]", '{"a": 1}', '[{"id": "x"}]', '[{"id": 999999}]', "[" * 3000, '"\ud800"', "1e999"]
    )
    def test_an_order_that_is_none_changes_nothing(self, console, course, topics):
        form = {"topics": topics.encode("utf-8", "surrogatepass")}

        sent = console.post(f"{COURSES}{course.id}/order/", form)

        assert sent.status_code == 303
        assert "alert-danger" in console.get(sent.location).text
        assert self.names(course) == ["A", "B", "C"]
