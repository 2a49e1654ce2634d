"""A student walks over everything that a student can call, and finds nothing that is not theirs to see."""

import json
import re

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.signing import sign
from tests.students.school import CANARY, School
from tests.students.walk import FORBIDDEN_KEYS, SAMPLES, STUDENT_ROUTES, Answer, ask, leaks, walk

#: Answers about hidden things that are documented to differ from those about missing ones.
TOLD = {
    ("GET", "/api/courses/<int:course_id>/lectures/"): (403, {"error": "You are not enrolled in this course"}),
    ("GET", "/api/lectures/<int:lecture_id>/watch/"): (403, {"detail": "You must purchase this lecture."}),
    ("DELETE", "/api/enrollments/<int:enrollment_id>/"): (
        403,
        {"error": "You can only cancel your own enrollments"},
    ),
    ("POST", "/api/progress/"): (403, {"detail": "You must purchase this lecture to track progress."}),
    ("POST", "/api/purchases/"): (400, {"detail": "This course is not available."}),
    ("POST", "/api/enrollments/"): (400, {"detail": "This course is not available."}),
    ("GET", "/api/homeworks/<int:homework_id>/"): (403, {"detail": "You must purchase this lecture."}),
    ("POST", "/api/homeworks/<int:homework_id>/submit/"): (403, {"detail": "You must purchase this lecture."}),
    ("GET", "/api/quizzes/<int:quiz_id>/"): (403, {"detail": "You must purchase this lecture."}),
    ("POST", "/api/quizzes/<int:quiz_id>/start/"): (403, {"detail": "You must purchase this lecture."}),
    ("PUT", "/api/quizzes/<int:quiz_id>/answers/"): (400, {"detail": "You have no running attempt for this quiz."}),
    ("POST", "/api/quizzes/<int:quiz_id>/submit/"): (400, {"detail": "You have no running attempt for this quiz."}),
}
#: Forms that say which names, addresses and ids are taken.
SAYING_WHAT_IS_TAKEN = [("PATCH", "/api/accounts/profile/me/"), ("POST", "/api/accounts/students/register/")]


def found_on_a_walk(school):
    """Return what the walk found that a student should not have got, by what was asked."""
    answers = list(walk(school))
    return {answer.asked: found for answer in answers if (found := leaks(answer, school.secrets))}


def test_every_route_that_a_student_can_call_has_a_request():
    assert sorted(set(STUDENT_ROUTES) ^ set(SAMPLES)) == []


def test_nothing_hidden_reaches_a_student(api):
    assert found_on_a_walk(School(api)) == {}


def test_the_walk_gets_through_to_what_is_the_students_own(api):
    """A walk that is refused everywhere would find nothing either."""
    school = School(api)
    client = school.client
    refused = [("POST", "/api/accounts/login/"), ("POST", "/api/accounts/token/refresh/")]
    refused += [route for route in STUDENT_ROUTES if not route[1].startswith("/api/") or "password" in route[1]]
    refused += [("POST", f"/api/accounts/{end}/") for end in ("email/verify", "logout", "students/register")]
    answered = {
        route: [ask(client, route, school.own, body, "token={playback}").status for body in SAMPLES[route]]
        # Reading first, then as the table has them: what is handed in takes no more answers.
        for route in sorted(STUDENT_ROUTES, key=lambda route: route[0] != "GET")
        if route not in refused
    }
    download = ("GET", "/api/materials/<int:material_id>/download/")
    answered[download] = [ask(client, download, school.own, None, "token={download}").status]

    assert {route: found for route, found in answered.items() if not {200, 201, 302} & set(found)} == {}


def test_the_walk_finds_what_is_planted_among_the_students_own(api):
    school = School(api)
    school.student.name_ar = school.lecture.name = school.material.title = CANARY
    school.homework.title = school.quiz.title = school.taken.title = school.enrollment.response_note = CANARY
    school.notification.params = {**school.notification.params, "course_name": CANARY}
    db.session.commit()

    found = found_on_a_walk(school)

    places = {
        *("/accounts/me/", "/profile/me/", "/enrollments/mine/", "/progress/", "/wallet/balances/", "/notifications/"),
        *("/lectures/", "/watch/", "/preview/", "/purchases/mine/", "/materials/mine/"),
        *("/homeworks/", "/homeworks/submissions/", "/quizzes/", "/quizzes/submissions/"),
    }
    assert {place for place in places if not any(place in asked for asked in found)} == set()
    assert set().union(*found.values()) == {CANARY}


@pytest.mark.parametrize("key", sorted(FORBIDDEN_KEYS))
def test_a_forbidden_key_is_found_wherever_it_nests(key):
    body = json.dumps({"results": [{"videos": [{key: None}]}]}).encode()

    assert leaks(Answer("GET /api/courses/", 200, body), []) == [key]


def test_a_hidden_text_is_found_inside_a_signed_token(app):
    with app.test_request_context():
        token = sign({"source": CANARY}, "playback", clock.now())
    body = json.dumps({"playback_url": f"http://localhost/api/videos/1/play/?token={token}"}).encode()

    assert leaks(Answer("GET /api/lectures/1/watch/", 200, body), []) == [f"{CANARY} in a token"]


def _names_something_hidden(route, school):
    differing = {name for name, value in school.hidden.items() if value != school.own[name]}
    named = set(re.findall(r"<int:(\\w+)>", route[1]))
    for body in SAMPLES[route]:
        named |= {value.strip("{}") for value in (body or {}).values() if isinstance(value, str)}
    return bool(named & differing)


def test_what_is_hidden_is_answered_like_what_is_missing_unless_documented(api):
    school = School(api)
    client = school.client
    wrong = {}
    for route in STUDENT_ROUTES:
        if route in SAYING_WHAT_IS_TAKEN or not _names_something_hidden(route, school):
            continue
        for body in SAMPLES[route][-1:]:
            hidden, missing = (ask(client, route, ids, body) for ids in (school.hidden, school.missing))
            if route in TOLD:
                is_right = (hidden.status, json.loads(hidden.body)) == TOLD[route]
            else:
                is_right = (hidden.status, hidden.body) == (missing.status, missing.body)
            if not is_right:
                wrong[route] = (hidden, missing)

    assert wrong == {}
