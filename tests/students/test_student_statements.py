"""How many SQL statements each request of a student runs, and that they do not grow with what there is."""

import pytest

from tests.api import counted_statements
from tests.students.school import School
from tests.students.walk import GUARDED_ROUTES, SAMPLES, ask

#: Besides authentication (one), idempotency and audit; of a request that succeeds.
STATEMENTS = {
    # The session says everything.
    ("GET", "/api/accounts/me/"): 0,
    ("GET", "/api/accounts/profile/me/"): 1,
    # Home and school are looked at only where one of them changes (test_profile.py).
    ("PATCH", "/api/accounts/profile/me/"): 2,
    # Refused before anything is read; a change that succeeds is pinned in accounts/test_password_change.py.
    ("POST", "/api/accounts/password/change/"): 0,
    # The user, and the mail in the outbox.
    ("POST", "/api/accounts/email/resend/"): 2,
    ("POST", "/api/accounts/logout/"): 1,
    # A page is its count and its rows.
    ("GET", "/api/notifications/"): 2,
    ("GET", "/api/notifications/unread_count/"): 1,
    ("POST", "/api/notifications/mark_all_read/"): 1,
    ("POST", "/api/notifications/<int:notification_id>/mark_read/"): 1,
    # The subject of the path, too.
    ("GET", "/api/courses/by_subject/<int:subject_id>/"): 3,
    ("GET", "/api/courses/<int:course_id>/preview/"): 1,
    ("GET", "/api/courses/enrolled/"): 2,
    ("GET", "/api/courses/<int:course_id>/lectures/"): 2,
    # The lecture with its purchase, the videos, the materials.
    ("GET", "/api/lectures/<int:lecture_id>/watch/"): 3,
    ("GET", "/api/materials/mine/"): 1,
    ("GET", "/api/enrollments/mine/"): 1,
    # What is on offer, the request, the notifications, the answer.
    ("POST", "/api/enrollments/"): 4,
    ("DELETE", "/api/enrollments/<int:enrollment_id>/"): 1,
    ("GET", "/api/progress/"): 2,
    ("GET", "/api/progress/<int:video_id>/"): 1,
    ("POST", "/api/progress/"): 2,
    # The purchases, and all their reopenings.
    ("GET", "/api/purchases/mine/"): 2,
    ("POST", "/api/purchases/"): 5,
    ("GET", "/api/wallet/balances/"): 1,
    ("GET", "/api/wallet/transactions/"): 2,
    ("POST", "/api/wallet/redeem/"): 4,
    ("GET", "/api/homeworks/"): 2,
    # The homework of the path, and then whole.
    ("GET", "/api/homeworks/<int:homework_id>/"): 2,
    ("GET", "/api/homeworks/submissions/"): 1,
    # May it be handed in, its questions, the choices, the submission, its answers.
    ("POST", "/api/homeworks/<int:homework_id>/submit/"): 5,
    ("GET", "/api/quizzes/"): 2,
    ("GET", "/api/quizzes/<int:quiz_id>/"): 2,
    # The quiz with the running attempt; then its questions, or all that starting, saving and handing in write.
    ("GET", "/api/quizzes/<int:quiz_id>/attempt/"): 2,
    ("POST", "/api/quizzes/<int:quiz_id>/start/"): 2,
    ("PUT", "/api/quizzes/<int:quiz_id>/answers/"): 3,
    ("POST", "/api/quizzes/<int:quiz_id>/submit/"): 4,
    # What is overdue, and then the attempts; of one, its answers, too.
    ("GET", "/api/quizzes/submissions/"): 2,
    ("GET", "/api/quizzes/submissions/<int:submission_id>/"): 3,
}
REFUSED = [("POST", "/api/accounts/password/change/")]


@pytest.mark.parametrize("rows", [1, 4])
def test_each_route_of_a_student_runs_so_many_statements_however_much_there_is(api, monkeypatch, rows):
    # Somebody else delivers.
    monkeypatch.setitem(api.app.config, "MAIL_HOST", "mail.example.org")
    school = School(api, rows)
    client, counts, refused = school.client, {}, []

    # Reading first, because writing shuts what is read; signing out last.
    for route in sorted(GUARDED_ROUTES, key=lambda route: (route[0] != "GET", "logout" in route[1])):
        with counted_statements() as statements:
            answer = ask(client, route, school.own, SAMPLES[route][-1])
        counts[route] = len(statements)
        refused += [route] if answer.status >= 400 else []

    assert counts == STATEMENTS
    assert refused == REFUSED


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        ("/api/videos/<int:video_id>/play/", "token={playback}"),
        ("/api/materials/<int:material_id>/download/", "token={download}"),
    ],
)
@pytest.mark.parametrize("rows", [1, 4])
def test_a_link_runs_one_statement_however_much_there_is(api, rule, query, rows):
    school = School(api, rows)

    with counted_statements() as statements:
        answer = ask(api, ("GET", rule), school.own, None, query)

    assert (answer.status < 400, len(statements)) == (True, 1)
