"""A student who may not use courses: what each route answers, whatever keeps them out, from the next request on."""

import pytest

from edutrack.core.extensions import db
from tests.factories import create_student
from tests.signing_in import LOGOUT, ME, cookies_of, log_in, refresh, with_cookies
from tests.students.school import School
from tests.students.walk import GUARDED_ROUTES, SAMPLES, ask

NOT_VERIFIED = b'{"detail":"Your account is not verified yet."}'
INACTIVE = b'{"detail":"Your account is inactive. Please contact an administrator."}'
NO_LONGER_VALID = b'{"detail":"This link is no longer valid."}'
#: Where students learn where they stand, whatever that is, and what they may look at before they are verified.
OPEN_TO_ALL = {
    ("POST", "/api/accounts/logout/"),
    ("GET", "/api/accounts/me/"),
    ("POST", "/api/accounts/password/change/"),
    ("POST", "/api/accounts/email/resend/"),
    ("GET", "/api/accounts/profile/me/"),
    ("GET", "/api/notifications/"),
    ("GET", "/api/notifications/unread_count/"),
    ("POST", "/api/notifications/mark_all_read/"),
    ("POST", "/api/notifications/<int:notification_id>/mark_read/"),
    ("GET", "/api/courses/by_subject/<int:subject_id>/"),
    ("GET", "/api/courses/<int:course_id>/preview/"),
}
#: Besides, for those who wait to be verified.
OPEN_WHILE_WAITING = {("PATCH", "/api/accounts/profile/me/")}
#: Every state that shuts a student out: status, active flag, what is answered, and what stays open.
BLOCKED = {
    "pending": ("pending", False, NOT_VERIFIED, OPEN_TO_ALL | OPEN_WHILE_WAITING),
    "pending but active": ("pending", True, NOT_VERIFIED, OPEN_TO_ALL | OPEN_WHILE_WAITING),
    "declined": ("declined", False, NOT_VERIFIED, OPEN_TO_ALL | OPEN_WHILE_WAITING),
    "suspended for now": ("suspended_temporary", False, INACTIVE, OPEN_TO_ALL),
    "suspended for now but active": ("suspended_temporary", True, INACTIVE, OPEN_TO_ALL),
    "suspended for good": ("suspended_permanent", False, INACTIVE, OPEN_TO_ALL),
    "verified but inactive": ("verified", False, INACTIVE, OPEN_TO_ALL),
}
SHUT = sorted(set(GUARDED_ROUTES) - OPEN_TO_ALL - OPEN_WHILE_WAITING)


def answers(client, school):
    """Return the answer to one request of every route that looks at a student's account; signing out comes last."""
    routes = sorted(GUARDED_ROUTES, key=lambda route: "logout" in route[1])
    return {route: ask(client, route, school.own, SAMPLES[route][0]) for route in routes}


@pytest.mark.parametrize(("status", "is_active", "refusal", "open_routes"), BLOCKED.values(), ids=BLOCKED)
def test_each_route_answers_a_blocked_student_as_documented(api, status, is_active, refusal, open_routes):
    school = School(api)
    school.student.status, school.student.user.is_active = status, is_active
    db.session.commit()

    found = answers(school.client, school)

    refused = {route for route, answer in found.items() if (answer.status, answer.body) == (403, refusal)}
    assert set(found) - refused == open_routes
    assert {route: answer for route, answer in found.items() if answer.status in (401, 403)}.keys() == refused


def test_a_verified_student_is_refused_nowhere(api):
    school = School(api)

    assert [answer for answer in answers(school.client, school).values() if answer.status in (401, 403)] == []


@pytest.mark.parametrize(("status", "is_active"), [row[:2] for row in BLOCKED.values()], ids=BLOCKED)
def test_a_blocked_student_signs_in_stays_signed_in_and_signs_out(app, status, is_active):
    student = create_student(status=status, is_active=is_active)

    signed_in = log_in(app, student)
    refreshed = refresh(app, cookies_of(signed_in))
    access = {"access_token": cookies_of(refreshed)["access_token"]}
    shown = with_cookies(app, ME, "GET", **access)
    signed_out = with_cookies(app, LOGOUT, **access)

    told = {"role": "student", "name": student.name_ar, "is_active": is_active}
    assert [(response.status_code, response.json) for response in (signed_in, refreshed)] == [(200, told)] * 2
    assert (shown.status_code, shown.json["is_active"]) == (200, is_active)
    assert (signed_out.status_code, signed_out.json) == (200, {"message": "Successfully logged out"})


def test_the_body_is_not_looked_at_before_the_account(api):
    school = School(api)
    school.student.status = "suspended_temporary"
    db.session.commit()
    client = school.client

    found = {
        route: ask(client, route, ids, body)
        for route in SHUT
        for ids in (school.hidden, school.missing)
        for body in SAMPLES[route]
    }

    assert {(answer.status, answer.body) for answer in found.values()} == {(403, INACTIVE)}


CHANGES = {
    "suspended for now": ({"status": "suspended_temporary"}, INACTIVE),
    "suspended for good": ({"status": "suspended_permanent"}, INACTIVE),
    "declined": ({"status": "declined"}, NOT_VERIFIED),
    "switched off": ({"is_active": False}, INACTIVE),
}


@pytest.mark.parametrize(("change", "refusal"), CHANGES.values(), ids=CHANGES)
def test_a_block_bites_at_the_next_request_with_a_token_from_before(api, change, refusal):
    school = School(api)
    client, owner = school.client, api.as_(school.owner)

    def answers_to_reading():
        found = [ask(client, route, school.own, None) for route in SHUT if route[0] == "GET"]
        return {(answer.status, answer.body if answer.status == 403 else b"") for answer in found}

    before = answers_to_reading()
    _set_status(owner, school.student, change)
    during = answers_to_reading()
    _set_status(owner, school.student, {"status": "verified"})
    after = answers_to_reading()

    assert (before, during, after) == ({(200, b"")}, {(403, refusal)}, {(200, b"")})


@pytest.mark.parametrize("change", [row[0] for row in CHANGES.values()], ids=CHANGES)
def test_links_from_before_work_for_nobody_while_the_student_is_blocked(api, change):
    school = School(api)
    owner = api.as_(school.owner)
    plays = (("GET", "/api/videos/<int:video_id>/play/"), "token={playback}")
    gives = (("GET", "/api/materials/<int:material_id>/download/"), "token={download}")

    def answers_to_links():
        return [
            (answer.status, answer.body)
            for answer in (ask(api, route, school.own, None, query) for route, query in (plays, gives))
        ]

    before = answers_to_links()
    _set_status(owner, school.student, change)
    during = answers_to_links()
    _set_status(owner, school.student, {"status": "verified"})

    assert before == answers_to_links() == [(302, b""), (200, b"a bought material")]
    assert during == [(403, NO_LONGER_VALID)] * 2


def _set_status(owner, student, change):
    assert owner.patch(f"/api/accounts/students/{student.id}/status/", change).status_code == 200
