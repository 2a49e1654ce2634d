"""What holds for all the console's pages about people: tokens, who is not there, and the number of statements."""

import re

import pytest

from edutrack.accounts.models import Student, Teacher, User
from edutrack.core.audit import AuditEntry
from tests.factories import (
    create_assistant,
    create_attempt,
    create_course,
    create_enrollment,
    create_homework,
    create_homework_submission,
    create_lecture,
    create_purchase,
    create_quiz,
    create_student,
    create_teacher,
    create_video,
    give_balance,
)
from tests.owner.people import ACCOUNTS, ASSISTANTS, QUEUE, STUDENTS, TEACHERS, rows_of, statements_of

UNCOUNTED = 1  # the console's session, which `counted_statements` leaves out
MOST_STATEMENTS = 10 - UNCOUNTED


def changing_paths():
    teacher, student = create_teacher(), create_student(status="pending")
    enrollment = create_enrollment(student, create_course(), status="pending")
    purchase = create_purchase(student, create_lecture())
    return [
        f"{TEACHERS}{teacher.id}/edit/",
        f"{TEACHERS}{teacher.id}/deactivate/",
        f"{TEACHERS}{teacher.id}/activate/",
        f"{STUDENTS}{student.id}/status/",
        f"{STUDENTS}{student.id}/activate/",
        f"{STUDENTS}{student.id}/deactivate/",
        f"{STUDENTS}{student.id}/adjust/",
        f"{STUDENTS}{student.id}/enrollments/{enrollment.id}/respond/",
        f"{STUDENTS}{student.id}/purchases/{purchase.id}/reopen/",
        f"{ACCOUNTS}{student.user_id}/password/",
        f"{ACCOUNTS}{student.user_id}/link/",
        f"{ACCOUNTS}{student.user_id}/sessions/end/",
    ]


def test_no_form_changes_anything_without_its_token(console):
    paths = [*changing_paths(), f"{TEACHERS}new/", f"{STUDENTS}change/", f"{QUEUE}decide/"]
    tables = (User, Teacher, Student, AuditEntry)
    before = [rows_of(table) for table in tables]

    for path in paths:
        assert console.post(path, {"status": "verified"}, token="").status_code == 400, path

    assert [rows_of(table) for table in tables] == before


def test_who_is_not_there_is_not_found(console):
    for path in changing_paths():
        for number in ("0", "999999", str(2**63)):
            missing = re.sub(r"/\d+/", f"/{number}/", path)
            assert console.post(missing, {"status": "verified", "new_password": "x" * 12}).status_code == 404, missing
    for path in (f"{STUDENTS}999999/", f"{TEACHERS}999999/", f"{ASSISTANTS}999999/", f"{ACCOUNTS}999999/password/"):
        assert console.get(path).status_code == 404, path
    for tab in ("learning", "money", "history", "adjust"):
        assert console.get(f"{STUDENTS}999999/{tab}/").status_code == 404, tab


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (TEACHERS, 4),
        (f"{TEACHERS}new/", 3),
        (f"{TEACHERS}{{teacher}}/", 5),
        (f"{TEACHERS}{{teacher}}/edit/", 4),
        (ASSISTANTS, 3),
        (f"{ASSISTANTS}{{assistant}}/", 2),
        (f"{ACCOUNTS}{{user}}/password/", 1),
        (STUDENTS, 5),
        (QUEUE, 2),
        (f"{STUDENTS}{{student}}/", 2),
        (f"{STUDENTS}{{student}}/learning/", 6),
        (f"{STUDENTS}{{student}}/money/", 6),
        (f"{STUDENTS}{{student}}/history/", 4),
        (f"{STUDENTS}{{student}}/adjust/", 3),
        (f"{STUDENTS}{{student}}/purchases/{{purchase}}/reopen/", 2),
    ],
)
def test_a_page_takes_few_statements_however_many_rows_it_shows(console, path, count):
    teacher, student = create_teacher(), create_student(status="pending")

    def add():
        course = create_course(teacher)
        create_enrollment(student, course)
        create_assistant(teacher)
        create_student(status="pending")
        lecture = create_lecture(course)
        create_video(lecture)
        create_attempt(student, create_quiz(lecture))
        create_homework_submission(student, create_homework(lecture))
        give_balance(student, course, "10.00")
        return create_purchase(student, lecture), create_assistant(teacher)

    purchase, assistant = add()
    ids = {"teacher": teacher.id, "student": student.id, "user": student.user_id}
    path = path.format(**ids, assistant=assistant.id, purchase=purchase.id)
    for action in ("suspended_temporary", "pending"):
        console.post(f"{STUDENTS}{student.id}/status/", {"status": action})
    few = statements_of(console, path)
    for _ in range(3):
        add()
    console.post(f"{STUDENTS}{student.id}/status/", {"status": "declined"})
    console.post(f"{STUDENTS}{student.id}/status/", {"status": "pending"})

    assert (few, statements_of(console, path)) == (count, count)
    assert count <= MOST_STATEMENTS


@pytest.mark.parametrize("page", ["0", "x", "2", "99999999999999999999"])
@pytest.mark.parametrize("tab", ["learning", "money", "history"])
def test_a_page_that_is_not_there_is_the_nearest_one(console, tab, page):
    assert console.get(f"{STUDENTS}{create_student().id}/{tab}/?page={page}").status_code == 200
