"""Each deed that is told: to whom, of which type, with which ids, and never without the deed itself."""

import re

import pytest
from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.core.openapi import describe
from edutrack.courses.service import telling
from edutrack.notifications.models import NOTIFICATION_TYPES, Notification
from edutrack.notifications.schemas import METADATA_KEYS
from edutrack.notifications.texts import TEMPLATES
from edutrack.quizzes.service import marking
from edutrack.students import service as students
from edutrack.wallet.service import buying, ledger
from tests.factories import (
    create_assistant,
    create_attempt,
    create_code,
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
    give_balance,
)

#: The texts' own words; what is filled in may be in any language.
LATIN, ARABIC = re.compile("[A-Za-z]"), re.compile("[\u0600-\u06ff]")


class World:
    """A course with its people, and everything that can happen to a student in it."""

    def __init__(self, api):
        self.lecture = create_lecture()
        self.course = self.lecture.topic.course
        self.student, self.asking = create_student(), create_student()
        self.people = {
            "student": self.student,
            "asking": self.asking,
            "teacher": self.course.teacher,
            "assistant": create_assistant(self.course.teacher),
            "off assistant": create_assistant(self.course.teacher, is_active=False),
            "other assistant": create_assistant(),
            "classmate": create_student(),
            "other student": create_student(),
            "owner": create_site_owner(),
        }
        create_enrollment(self.student, self.course)
        create_enrollment(self.people["classmate"], self.course)
        waiting = create_enrollment(self.asking, self.course, "pending")
        give_balance(self.student, self.course, "500.00")
        reopened = create_lecture(topic=self.lecture.topic)
        quiz = create_quiz(self.lecture, questions=[create_question(self.course.teacher, "written")])
        attempt = create_attempt(self.student, quiz, ["نص"])
        self.ids = {
            "quiz": quiz.id,
            "attempt": attempt.id,
            "grades": [{"answer_id": attempt.answers[0].id, "points_awarded": 1}],
            "askable": create_course(self.course.teacher).id,
            "waiting": waiting.id,
            "course": self.course.id,
            "code": create_code(self.course)[0],
            "student": self.student.id,
            "lecture": self.lecture.id,
            "purchase": create_purchase(self.student, reopened).id,
            "hidden": create_lecture(topic=self.lecture.topic, is_active=False).id,
            "topic": self.lecture.topic_id,
        }
        self.clients = {name: api.as_(person) for name, person in self.people.items()}

    def do(self, deed):
        who, method, path, body = deed
        filled = {key: self.ids.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
        return self.clients[who].request(method, f"/api/{path.format(**self.ids)}", filled)

    def told(self):
        """Return who was told what, by the names of people."""
        db.session.rollback()
        names = {
            person.user_id if hasattr(person, "user_id") else person.id: name for name, person in self.people.items()
        }
        rows = db.session.execute(select(Notification.user_id, Notification.type))
        return sorted((names[user_id], kind) for user_id, kind in rows)

    def state(self):
        """Return what a student has and is, as the site owner and the student see it."""
        owner, student, asking = (self.clients[name] for name in ("owner", "student", "asking"))
        return [
            response.get_data()
            for response in (
                *(owner.get(f"/api/{path}/") for path in ("enrollments", "purchases", "lectures", "accounts/students")),
                *(client.get(f"/api/{path}/") for client in (student, asking) for path in ("wallet/balances",)),
                owner.get(f"/api/wallet/transactions/?student={self.student.id}"),
                owner.get("/api/wallet/recharge-codes/?is_used=true"),
                owner.get(f"/api/quizzes/submissions/{self.ids['attempt']}/"),
            )
        ]


NEW_LECTURE = {"topic": "topic", "name": "الحركة", "price": "50", "available_days": 7}
#: What happens, who hears of it, and as what.
DEEDS = {
    "asking": (
        ("student", "POST", "enrollments/", {"course": "askable"}),
        [("assistant", "enrollment_requested"), ("teacher", "enrollment_requested")],
    ),
    "approving": (
        ("assistant", "POST", "enrollments/{waiting}/approve/", {}),
        [("asking", "enrollment_approved")],
    ),
    "rejecting": (("teacher", "POST", "enrollments/{waiting}/reject/", {}), [("asking", "enrollment_rejected")]),
    "redeeming": (
        ("student", "POST", "wallet/redeem/", {"code": "code", "course": "course"}),
        [("student", "balance_added")],
    ),
    "adjusting upwards": (
        (
            "owner",
            "POST",
            "wallet/adjustments/",
            {"student": "student", "course": "course", "amount": "5", "reason": "-"},
        ),
        [("student", "balance_added")],
    ),
    "buying": (("student", "POST", "purchases/", {"lecture": "lecture"}), [("teacher", "lecture_purchased")]),
    "reopening": (
        ("teacher", "POST", "purchases/{purchase}/reopen/", {"extra_days": 2}),
        [("student", "lecture_reopened")],
    ),
    "publishing": (
        ("teacher", "PATCH", "lectures/{hidden}/", {"is_active": True}),
        [("classmate", "lecture_published"), ("student", "lecture_published")],
    ),
    "creating a lecture": (
        ("teacher", "POST", "lectures/", NEW_LECTURE),
        [("classmate", "lecture_published"), ("student", "lecture_published")],
    ),
    "grading": (
        ("teacher", "POST", "quizzes/submissions/{attempt}/grade/", {"answers": "grades"}),
        [("student", "quiz_graded")],
    ),
    "suspending": (
        ("owner", "PATCH", "accounts/students/{student}/status/", {"status": "suspended_temporary"}),
        [("student", "account_status_changed")],
    ),
}
#: Deeds that concern nobody else.
SILENT = {
    "adjusting downwards": (
        "owner",
        "POST",
        "wallet/adjustments/",
        {"student": "student", "course": "course", "amount": "-5", "reason": "-"},
    ),
    "changing a lecture": ("teacher", "PATCH", "lectures/{lecture}/", {"name": "السرعة"}),
    "hiding a lecture": ("teacher", "PATCH", "lectures/{lecture}/", {"is_active": False}),
    "taking a request back": ("asking", "DELETE", "enrollments/{waiting}/", {}),
}


@pytest.mark.parametrize(("deed", "expected"), DEEDS.values(), ids=DEEDS)
def test_a_deed_is_told_to_exactly_whom_it_concerns(api, deed, expected):
    world = World(api)

    assert world.do(deed).status_code in (200, 201)

    assert world.told() == expected


@pytest.mark.parametrize("deed", SILENT.values(), ids=SILENT)
def test_what_concerns_nobody_else_is_told_to_nobody(api, deed):
    world = World(api)

    assert world.do(deed).status_code in (200, 201)

    assert world.told() == []


def test_every_type_is_told_by_some_deed():
    assert {kind for _, expected in DEEDS.values() for _, kind in expected} == set(NOTIFICATION_TYPES)


def _failing_after(tell):
    def tell_and_fail(*args, **kwargs):
        tell(*args, **kwargs)
        raise RuntimeError("Something fails after the telling.")

    return tell_and_fail


@pytest.mark.parametrize("deed", [row[0] for row in DEEDS.values()], ids=DEEDS)
def test_deed_and_telling_happen_together_or_not_at_all(api, monkeypatch, deed):
    world = World(api)
    for module, name in (
        (telling, "notify_all"),
        (buying, "notify"),
        (ledger, "notify"),
        (students, "notify_all"),
        (marking, "notify_all"),
    ):
        monkeypatch.setattr(module, name, _failing_after(getattr(module, name)))
    before = world.state()

    response = world.do(deed)

    assert (response.status_code, response.json) == (500, {"detail": "Internal server error"})
    assert world.told() == []
    assert world.state() == before


@pytest.mark.parametrize(("deed", "expected"), DEEDS.values(), ids=DEEDS)
def test_the_ids_are_those_that_the_description_names(api, deed, expected):
    world = World(api)
    world.do(deed)

    for name, kind in expected:
        (item,) = world.clients[name].get("/api/notifications/").json["results"]
        assert item["notification_type"] == kind
        assert set(item["metadata"] or ()) == set(METADATA_KEYS[kind])


def test_the_description_says_which_ids_each_type_has(app):
    described = describe()["components"]["schemas"]["Notification"]["properties"]["metadata"]

    assert described["type"] == ["object", "null"]
    for kind in NOTIFICATION_TYPES:
        assert (
            f"`{kind}`: {', '.join(f'`{key}`' for key in METADATA_KEYS[kind]) or 'null'}." in described["description"]
        )


@pytest.mark.parametrize("kind", NOTIFICATION_TYPES)
def test_every_type_reads_in_english_and_in_arabic(kind):
    template = TEMPLATES[kind]
    messages = [template.message] if hasattr(template.message, "en") else template.message.values()

    for wording in (template.display, template.title, *messages):
        english, arabic = (re.sub(r"{\w+}", "", text) for text in (wording.en, wording.ar))
        assert LATIN.search(english)
        assert not ARABIC.search(english)
        assert ARABIC.search(arabic)
        assert not LATIN.search(arabic)
        assert set(re.findall(r"{(\w+)}", wording.en)) == set(re.findall(r"{(\w+)}", wording.ar))
