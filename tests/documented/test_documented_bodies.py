"""Every documented body against a real answer: exactly its keys, each value of its kind, full and with its nulls.

How a body is written down in the frontends' documents stands in a module for each room. Each row names the request that
answers it in a school where everything is filled in, and in one where whatever may be missing is.
"""

import pytest

from tests.documented import accounts, courses, notifications, owner, quizzes, students, wallet
from tests.documented.courses import PURCHASE
from tests.documented.kinds import faults, nullables, page, word
from tests.documented.school import build_school
from tests.documented.students import PROFILE
from tests.factories import registration_form

#: In this order: the first only read, buying comes after purchases are listed, and a new password ends the session.
ROOMS = (students, notifications, courses, owner, wallet, quizzes, accounts)
BODIES = {name: row for room in ROOMS for name, row in room.BODIES.items()}
#: A page of one row has no neighbours; the tests of pages have more.
NEVER_FILLED = {"next", "previous"}
#: Registration demands them, as long as `school` is the only educational state.
NEVER_NULL = {
    "grade",
    "grade_name",
    "school_type",
    "school_type_name",
    "governorate_name",
    "area_name",
}


def documented(name, *, full):
    """Return the kind of a body in that school: what was never reopened has an empty log."""
    kind = BODIES[name][-1]
    if kind in ([PURCHASE], page(PURCHASE)) and not full:
        unopened = PURCHASE | {"reopen_logs": word([])}
        return [unopened] if isinstance(kind, list) else page(unopened)
    return kind


def test_no_room_names_a_row_like_another():
    assert len(BODIES) == sum(len(room.BODIES) for room in ROOMS)


@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
def test_each_body_is_as_documented(api, full):
    school = build_school(api, full=full)

    found = {}
    for name in BODIES:
        response = school.ask(BODIES[name])
        assert response.status_code in (200, 201), (name, response.text)
        found[name] = faults(response.json, documented(name, full=full))

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_every_nullable_place_is_seen_filled_and_null(api):
    seen = {True: set(), False: set()}
    for full in (True, False):
        school = build_school(api, full=full)
        for name in BODIES:
            for place, null in nullables(school.ask(BODIES[name]).json, documented(name, full=full)):
                seen[null].add(place)

    assert seen[True] - seen[False] == NEVER_FILLED
    assert seen[False] - seen[True] == NEVER_NULL


def test_a_registration_answers_the_profile(api):
    response = api.post("/api/accounts/students/register/", registration_form())

    assert response.status_code == 201
    assert faults(response.json, PROFILE) == []
