"""Every cell of the table of who may do what, over HTTP; and that the table and the routes name each other."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask_jwt_extended import create_access_token
from sqlalchemy import select

from edutrack.accounts.models import Session
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import VideoProgress
from edutrack.owner.console.access import is_console_path
from edutrack.structure.models import Area, Division, Governorate, SchoolType
from tests.api import Api, access_token
from tests.authorisation import ACTORS, HOLDERS, PUBLIC, READERS, ROUTES, STAFF, STUDENTS, TEACHING
from tests.factories import (
    any_grade,
    create_assistant,
    create_attempt,
    create_code,
    create_course,
    create_enrollment,
    create_homework,
    create_homework_submission,
    create_lecture,
    create_material,
    create_notification,
    create_purchase,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_topic,
    create_video,
    create_video_security,
    give_balance,
)

OUTCOMES = {
    (401, '{"detail":"Authentication credentials were not provided."}'): "401",
    (401, '{"error":"Invalid or expired refresh token"}'): "401",
    (403, '{"detail":"You do not have permission to perform this action."}'): "role",
    (403, '{"detail":"Your account is not verified yet."}'): "wait",
    (403, '{"detail":"Your account is inactive. Please contact an administrator."}'): "off",
    (403, '{"detail":"You must purchase this lecture."}'): "buy",
    (403, '{"error":"You can only cancel your own enrollments"}'): "own",
    (403, '{"error":"You are not enrolled in this course"}'): "enrol",
    (403, '{"detail":"This link is no longer valid."}'): "link",
    (404, '{"detail":"Not found."}'): "404",
    (404, '{"error":"Notification not found"}'): "404",
}
#: Part of every name in the teacher's courses and of the student: foreign answers are not to hold it.
CANARY = "canary"
LET_THROUGH = (200, 201, 204, 302, 400, 409)
CELLS = [
    pytest.param(method, rule, actor, expected, id=f"{method} {rule} {actor}")
    for (method, rule), row in ROUTES.items()
    for actor, expected in zip(ACTORS, row.split(), strict=True)
]


class World:
    """A school with one of everything: whose tokens the actors hold, and what the ids in paths stand for."""

    def __init__(self):
        teacher = create_teacher(name=CANARY)
        student = create_student(name_ar=CANARY, name_en=CANARY)
        course = create_course(teacher, name=CANARY)
        lecture = create_lecture(topic=create_topic(course, name=CANARY), name=CANARY)
        quiz = create_quiz(lecture, title=CANARY)
        enrollment = create_enrollment(student, course)
        purchase = create_purchase(student, lecture)
        video = create_video(lecture, name=CANARY)
        give_balance(student, course, "100.00")
        inactive = create_teacher(is_active=False)
        people = {
            "pending student": create_student(status="pending"),
            "student": student,
            "suspended student": create_student(status="suspended_temporary"),
            "other student": create_student(),
            "assistant": create_assistant(teacher, name=CANARY),
            "other assistant": create_assistant(),
            "teacher": teacher,
            "other teacher": create_teacher(),
            "inactive teacher": inactive,
            "assistant of the inactive": create_assistant(inactive),
            "site owner": create_site_owner(),
        }
        self.tokens = {actor: access_token(getattr(person, "user", person)) for actor, person in people.items()}
        self.tokens["expired token"] = _expired_token(people["site owner"])
        self.tokens["anonymous"] = None
        self.ids = {
            "teacher_id": teacher.id,
            "assistant_id": people["assistant"].id,
            "user_id": people["assistant"].user_id,
            "student_id": student.id,
            "subject_id": course.subject_id,
            "course_id": course.id,
            "topic_id": lecture.topic_id,
            "lecture_id": lecture.id,
            "video_id": video.id,
            "material_id": create_material(lecture, title=CANARY).id,
            "enrollment_id": enrollment.id,
            "purchase_id": purchase.id,
            "question_id": create_question(teacher, text=CANARY).id,
            "homework_id": create_homework(lecture, title=CANARY).id,
            "quiz_id": quiz.id,
            "submission_id": create_attempt(student, create_quiz(lecture, title=CANARY), [[1]]).id,
            "code_id": create_code(course)[1].id,
            "asset": "docs.css",
            "batch_id": create_code(course)[1].batch_id,
            "notification_id": create_notification(student).id,
        }
        _keep_progress(student, video)
        create_attempt(student, quiz, status="in_progress")
        create_homework_submission(student, create_homework(lecture, title=CANARY))
        self.items = {
            "grades": any_grade().id,
            "school-types": _first(SchoolType),
            "divisions": _first(Division),
            "subjects": create_subject().id,
            "governorates": _first(Governorate),
            "areas": _first(Area),
            "video-security": create_video_security().id,
        }

    def path(self, rule):
        """Return the path of a rule with the ids of the objects filled in."""

        def value(match):
            name = match[1].split(":")[-1]
            if name == "item_id":
                return str(self.items[rule.split("/")[3]])
            return str(self.ids.get(name, "nothing"))

        return re.sub("<([^>]+)>", value, rule)


def _first(model):
    return db.session.scalar(select(model.id).order_by(model.id).limit(1))


def _keep_progress(student, video):
    progress = VideoProgress(
        student=student,
        video=video,
        progress_seconds=60,
        duration_seconds=600,
        progress_percentage=Decimal("10.00"),
        is_completed=False,
        watch_count=1,
        last_watched_at=clock.now(),
    )
    db.session.add(progress)
    db.session.commit()


def _expired_token(user):
    now = clock.now()
    session = Session(user_id=user.id, refresh_jti="none", started_at=now, expires_at=now + timedelta(days=1))
    db.session.add(session)
    db.session.commit()
    return create_access_token(str(user.id), additional_claims={"sid": session.id}, expires_delta=timedelta(seconds=-1))


@pytest.fixture(scope="module")
def school(shared_app):
    """The world of the table, built once, and the connection that its changes are rolled back on."""
    engines = db._app_engines[shared_app]
    engine = engines[None]
    with shared_app.app_context(), engine.connect() as connection:
        transaction = connection.begin()
        engines[None] = connection
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            world = World()
            picture = Path(shared_app.config["MEDIA_DIR"]) / "public" / "nothing"
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.touch()
            db.session.remove()
            yield world, connection
        finally:
            db.session.remove()
            transaction.rollback()
            engines[None] = engine


@pytest.fixture
def world(school):
    """The world as it was built, whatever the tests before have done to it."""
    built, connection = school
    savepoint = connection.begin_nested()
    yield built
    db.session.remove()
    savepoint.rollback()


def outcome(response):
    """Return the table's word for a response."""
    if response.status_code in LET_THROUGH:
        return "ok"
    return OUTCOMES.get((response.status_code, response.text), f"{response.status_code} {response.text}")


def call(app, method, path, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {} if method in ("POST", "PUT", "PATCH") else None
    response = Api(app).request(method, path, body, headers=headers)
    response.get_data()
    response.close()
    return response


@pytest.mark.parametrize(("method", "rule", "actor", "expected"), CELLS)
def test_the_actor_is_answered_as_the_table_says(shared_app, world, method, rule, actor, expected):
    response = call(shared_app, method, world.path(rule), world.tokens[actor])

    assert outcome(response) == expected


def _declared(app):
    # The console's routes are walked over in owner/test_console_access.py.
    rules = [rule for rule in app.url_map.iter_rules() if not is_console_path(rule.rule)]
    return {(method, rule.rule) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_the_table_names_every_route_and_no_other(shared_app):
    assert sorted(_declared(shared_app) ^ set(ROUTES)) == []


#: What is answered to whoever may not know whether the object is there.
TELLING_NOTHING = ("401", "role", "wait", "off", "404", "link")


@pytest.mark.parametrize(("method", "rule"), [route for route in ROUTES if "<" in route[1]])
def test_what_is_hidden_is_answered_like_what_is_missing(shared_app, world, method, rule):
    cells = zip(ACTORS, ROUTES[method, rule].split(), strict=True)
    kept_out = [actor for actor, expected in cells if expected in TELLING_NOTHING]

    def answers(path):
        called = {actor: call(shared_app, method, path, world.tokens[actor]) for actor in kept_out}
        return {actor: (response.status_code, response.data) for actor, response in called.items()}

    assert answers(world.path(rule)) == answers(re.sub("<[^>]+>", str(2**62), rule))


#: The column that a person's answers move to when the site owner deactivates the teacher.
BLOCKED_WITH_THE_TEACHER = {
    "teacher": "inactive teacher",
    "assistant": "assistant of the inactive",
    "other teacher": "other teacher",
    "student": "student",
}


def test_deactivating_a_teacher_blocks_teacher_and_assistants_everywhere_and_nobody_else(shared_app, world):
    """From the very next request on, with tokens from before; activating lets them in again."""
    signing_out = ("POST", "/api/accounts/logout/")

    def cells(actor, column):
        """Return what the actor is answered on every route, and what the table says of the column."""
        # What goes through is only read, so that the school stays as it is.
        asked = {
            route: dict(zip(ACTORS, row.split(), strict=True))[column]
            for route, row in ROUTES.items()
            if route != signing_out and row != PUBLIC
        }
        asked = {route: cell for route, cell in asked.items() if route[0] == "GET" or cell == "off"}
        found = {
            (method, rule): outcome(call(shared_app, method, world.path(rule), world.tokens[actor]))
            for method, rule in asked
        }
        return found, asked

    def set_active(is_active):
        path = f"/api/accounts/teachers/{world.ids['teacher_id']}/"
        headers = {"Authorization": f"Bearer {world.tokens['site owner']}"}
        assert Api(shared_app).patch(path, {"is_active": is_active}, headers=headers).status_code == 200

    set_active(False)
    for actor, column in BLOCKED_WITH_THE_TEACHER.items():
        found, expected = cells(actor, column)
        assert found == expected
    set_active(True)
    for actor in ("teacher", "assistant"):
        found, expected = cells(actor, actor)
        assert found == expected


LISTS = {rule: row for (method, rule), row in ROUTES.items() if method == "GET"}
#: Answers figures that name nothing.
del LISTS["/api/teacher/dashboard/"]
SCOPED_LISTS = [rule for rule, row in LISTS.items() if row in (STAFF, TEACHING, READERS)]
OWN_LISTS = [rule for rule, row in LISTS.items() if row in (STUDENTS, HOLDERS, READERS)]


@pytest.mark.parametrize(
    ("rule", "actor"),
    [
        *((rule, actor) for rule in SCOPED_LISTS for actor in ("other teacher", "other assistant")),
        *((rule, "other student") for rule in OWN_LISTS),
    ],
)
@pytest.mark.parametrize("query", ["", "?all=true", "?course={course_id}&lecture={lecture_id}&student={student_id}"])
def test_no_list_shows_what_belongs_to_others(shared_app, world, rule, actor, query):
    response = call(shared_app, "GET", rule + query.format(**world.ids), world.tokens[actor])

    assert outcome(response) in ("ok", "buy")
    assert CANARY not in response.text


@pytest.mark.parametrize(
    ("rule", "actor"), [*((rule, "teacher") for rule in SCOPED_LISTS), *((rule, "student") for rule in OWN_LISTS)]
)
def test_the_list_shows_it_to_whom_it_belongs(shared_app, world, rule, actor):
    response = call(shared_app, "GET", rule, world.tokens[actor])

    assert response.status_code == 200
    assert CANARY in response.text
