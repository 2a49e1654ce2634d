"""Everything that a student can call: the routes, a request of each, and what would be wrong with an answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from itsdangerous import URLSafeSerializer
from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.structure.models import Area, Division, Governorate, SchoolType
from tests.api import Api
from tests.authorisation import ACTORS, ROUTES
from tests.factories import PASSWORD, any_grade, create_subject, create_video_security, registration_form
from tests.students.school import CANARY, School

#: What no body for a student has as a key, wherever it nests.
FORBIDDEN_KEYS = frozenset({"source", "file", "file_name", "is_correct", "model_answer", "password_hash"})
#: Describes bodies of everybody; shows nothing of anybody.
DESCRIPTION = ("GET", "/api/openapi.json")

Route = tuple[str, str]
#: What a student is let through to, and what anybody may call.
STUDENT_ROUTES: list[Route] = [
    route for route, row in ROUTES.items() if row.split()[ACTORS.index("student")] not in ("role", "404")
]
#: Those among them that take no public caller: a student's account is looked at.
GUARDED_ROUTES: list[Route] = [
    route
    for route in STUDENT_ROUTES
    if ROUTES[route].split()[ACTORS.index("anonymous")] == "401" and route[1] != "/api/accounts/token/refresh/"
]
#: What every GET is asked beside its plain self; who does not know a parameter ignores it.
QUERIES = (
    "",
    "all=true",
    "page_size=1",
    "page=2",
    f"search={CANARY}",
    "search={student_code}",
    "ordering=name",
    "ordering=-created_at",
    "is_read=false",
    "teacher={teacher}",
    "course={course}&lecture={lecture}&student={student}&student_id={student}&user={user}&is_active=false",
    "token={playback}",
    "token={download}",
)
_NOTHING: dict[str, Any] = {}
_CODE = {"code": "{code}", "course": "{course}"}
_WATCHED = {"video": "{video}", "progress_seconds": 30, "student": "{student}", "source": "x"}
_LOGIN = "/api/accounts/login/"
#: The bodies that each route is sent. `{…}` are ids of the student's own things, of hidden ones, and of none.
SAMPLES: dict[Route, tuple[dict[str, Any] | None, ...]] = {
    **{route: (None,) for route in STUDENT_ROUTES if route[0] == "GET" and not route[1].startswith("/api/")},
    **{route: (None,) for route in STUDENT_ROUTES if route[1].startswith(("/api/structure/", "/api/docs/"))},
    DESCRIPTION: (None,),
    ("POST", _LOGIN): (_NOTHING, {"username": "{username}", "password": "wrong"}, {"username": "{username}"}),
    ("POST", "/api/accounts/logout/"): (_NOTHING,),
    ("POST", "/api/accounts/token/refresh/"): (_NOTHING,),
    ("GET", "/api/accounts/me/"): (None,),
    ("POST", "/api/accounts/password/change/"): (
        _NOTHING,
        {"old_password": PASSWORD, "new_password": "another-one", "new_password_confirm": "x", "user": "{user}"},
    ),
    ("POST", "/api/accounts/password/reset/"): (_NOTHING, {"gmail": "{gmail}"}),
    ("POST", "/api/accounts/password/reset/confirm/"): (_NOTHING, {"token": "x", "user": "{user}"}),
    ("POST", "/api/accounts/email/verify/"): (_NOTHING, {"token": "x"}),
    ("POST", "/api/accounts/email/resend/"): (_NOTHING, {"gmail": "{gmail}", "user": "{user}"}),
    ("POST", "/api/accounts/students/register/"): (
        _NOTHING,
        {"username": "{username}", "gmail": "{gmail}", "national_id": "{national_id}"},
        {"form": True, "username": "{username}"},
        {"form": True, "gmail": "{gmail}"},
        {"form": True, "national_id": "{national_id}"},
    ),
    ("GET", "/api/accounts/profile/me/"): (None,),
    ("PATCH", "/api/accounts/profile/me/"): (
        _NOTHING,
        {"username": "{username}"},
        {"gmail": "{gmail}"},
        {"national_id": "{national_id}"},
        {"id": "{student}", "user_id": "{user}", "student_code": "{student_code}", "status": "verified"},
        {"grade": "{grade}", "area": "{area}"},
    ),
    ("GET", "/api/notifications/"): (None,),
    ("GET", "/api/notifications/unread_count/"): (None,),
    ("POST", "/api/notifications/mark_all_read/"): (_NOTHING, {"user": "{user}"}),
    ("POST", "/api/notifications/<int:notification_id>/mark_read/"): (_NOTHING,),
    ("GET", "/api/courses/by_subject/<int:subject_id>/"): (None,),
    ("GET", "/api/courses/<int:course_id>/preview/"): (None,),
    ("GET", "/api/courses/enrolled/"): (None,),
    ("GET", "/api/courses/<int:course_id>/lectures/"): (None,),
    ("GET", "/api/lectures/<int:lecture_id>/watch/"): (None,),
    ("GET", "/api/videos/<int:video_id>/play/"): (None,),
    ("GET", "/api/materials/mine/"): (None,),
    ("GET", "/api/materials/<int:material_id>/download/"): (None,),
    ("GET", "/api/enrollments/mine/"): (None,),
    ("GET", "/api/progress/"): (None,),
    ("GET", "/api/progress/<int:video_id>/"): (None,),
    ("POST", "/api/progress/"): (_NOTHING, _WATCHED),
    ("GET", "/api/purchases/mine/"): (None,),
    ("GET", "/api/wallet/balances/"): (None,),
    ("GET", "/api/wallet/transactions/"): (None,),
    ("POST", "/api/wallet/redeem/"): (_NOTHING, {"code": "{used_code}", "course": "{own_course}"}, _CODE),
    ("POST", "/api/purchases/"): (_NOTHING, {"lecture": "{unbought}", "student": "{student}", "amount_paid": "0"}),
    ("POST", "/api/enrollments/"): (_NOTHING, {"course": "{askable}", "student": "{student}", "status": "approved"}),
    ("DELETE", "/api/enrollments/<int:enrollment_id>/"): (None,),
    ("GET", "/api/homeworks/"): (None,),
    ("GET", "/api/homeworks/<int:homework_id>/"): (None,),
    ("GET", "/api/homeworks/submissions/"): (None,),
    ("POST", "/api/homeworks/<int:homework_id>/submit/"): (
        _NOTHING,
        {"answers": "{homework_answers}", "student": "{student}", "score": "10.00"},
    ),
    ("GET", "/api/quizzes/"): (None,),
    ("GET", "/api/quizzes/<int:quiz_id>/"): (None,),
    ("GET", "/api/quizzes/<int:quiz_id>/attempt/"): (None,),
    ("POST", "/api/quizzes/<int:quiz_id>/start/"): (_NOTHING,),
    ("PUT", "/api/quizzes/<int:quiz_id>/answers/"): (
        _NOTHING,
        {"answers": "{quiz_answers}", "submission_id": "{submission_id}"},
    ),
    ("POST", "/api/quizzes/<int:quiz_id>/submit/"): (
        _NOTHING,
        {"answers": "{quiz_answers}", "student": "{student}", "score": "10.00", "started_at": "2030-01-01T00:00:00Z"},
    ),
    ("GET", "/api/quizzes/submissions/"): (None,),
    ("GET", "/api/quizzes/submissions/<int:submission_id>/"): (None,),
}


@dataclass(frozen=True)
class Answer:
    """What one request of the walk was answered."""

    asked: str
    status: int
    body: bytes


def ask(client: Api, route: Route, ids: dict[str, Any], body: dict[str, Any] | None, query: str = "") -> Answer:
    """Send one request of the walk; `ids` fill in what path, query and body name in braces."""
    path, values = filled(route, ids, body, query)
    with client.request(route[0], path, values) as response:
        return Answer(f"{route[0]} {path} {values or ''}", response.status_code, response.get_data())


def walk(school: School) -> Iterator[Answer]:
    """Yield the answers to every request of the walk: reading first, because buying opens what was shut."""
    client = school.client
    asked: list[Any] = []
    for route in sorted(STUDENT_ROUTES, key=lambda route: route[0] != "GET"):
        # Signing out ends the session that the others still need.
        sender = school.client if "logout" in route[1] else client
        for ids in (school.own, school.hidden, school.missing):
            for body in SAMPLES[route]:
                for query in queries_of(route):
                    request = (route, *filled(route, ids, body, query))
                    if request not in asked:
                        asked.append(request)
                        yield ask(sender, route, ids, body, query)


def queries_of(route: Route) -> tuple[str, ...]:
    """Return the queries that a route is asked with; who serves everybody alike looks at tokens alone."""
    if route[0] != "GET":
        return ("",)
    return QUERIES if route in GUARDED_ROUTES else ("", "token={playback}", "token={download}")


def leaks(answer: Answer, secrets: list[str]) -> list[str]:
    """Return what a student should not have got: hidden texts, also inside signed tokens, and forbidden keys."""
    text = answer.body.decode("utf-8", "replace")
    found = [secret for secret in (CANARY, *secrets) if secret in text]
    for token in re.findall(r"token=([\w.-]+)", text) + re.findall(r"/files/([\w.-]+)/", text):
        _, payload = URLSafeSerializer("anybody").loads_unsafe(token)
        found += [f"{CANARY} in a token"] if CANARY in json.dumps(payload) else []
    if not answer.asked.startswith(" ".join(DESCRIPTION)) and text.startswith(("{", "[")):
        found += sorted(FORBIDDEN_KEYS & set(_keys(json.loads(text))))
    return found


def path_of(rule: str, ids: dict[str, Any]) -> str:
    """Return the path of a rule with ids filled in; what the structure holds belongs to nobody."""

    def value(match: re.Match[str]) -> str:
        name = match[1].split(":")[-1]
        return str(_item_of(rule) if name == "item_id" else ids[name])

    return re.sub("<([^>]+)>", value, rule)


def filled(
    route: Route, ids: dict[str, Any], body: dict[str, Any] | None, query: str
) -> tuple[str, dict[str, Any] | None]:
    """Return path and body of a request with ids filled in."""
    path = path_of(route[1], ids) + (f"?{query.format(**ids)}" if query else "")
    if body is None:
        return path, None
    values = {
        name: ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value
        for name, value in body.items()
    }
    return path, registration_form(**values) if values.pop("form", False) else values


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _item_of(rule: str) -> int:
    models: dict[str, Any] = {
        "school-types": SchoolType,
        "divisions": Division,
        "governorates": Governorate,
        "areas": Area,
    }
    name = rule.split("/")[3]
    if name in models:
        return db.session.scalars(select(models[name].id).order_by(models[name].id)).first() or 0
    makers: dict[str, Any] = {"grades": any_grade, "subjects": create_subject, "video-security": create_video_security}
    return int(makers[name]().id)
