"""The list of students, and the first page about one, over HTTP with the console's session."""

import re

import pytest

from edutrack.core import clock
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.notifications.models import Notification
from tests.api import counted_statements
from tests.factories import any_grade, create_student
from tests.owner.people import QUEUE, STUDENTS, flashed, rows_of, ticks

CHANGE = f"{STUDENTS}change/"


def test_students_are_listed_searched_and_filtered(console):
    first = create_student(name_ar="أسماء مصطفى", status="pending")
    second = create_student(name_ar="يوسف علي", grade=any_grade("الصف الأول الإعدادي"))

    def shown(query=""):
        text = console.get(f"{STUDENTS}{query}").text
        return [name for name in ("أسماء مصطفى", "يوسف علي") if f"<bdi>{name}</bdi>" in text]

    assert shown() == ["أسماء مصطفى", "يوسف علي"]
    assert shown("?search=اسماء مصطفي") == ["أسماء مصطفى"]
    assert shown(f"?search={second.student_code}") == ["يوسف علي"]
    assert shown("?status=pending") == ["أسماء مصطفى"]
    assert shown(f"?grade={second.grade_id}") == ["يوسف علي"]
    assert shown(f"?school_type={first.school_type_id}") == ["أسماء مصطفى", "يوسف علي"]
    assert shown(f"?governorate={first.governorate_id}") == ["أسماء مصطفى", "يوسف علي"]
    assert shown(f"?governorate={first.governorate_id + 1}") == []


def test_a_school_without_students_says_so(console):
    assert "Nobody has registered yet." in console.get(STUDENTS).text
    assert "Nobody is waiting to be verified." in console.get(QUEUE).text


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ("activate", ("verified", False), ("verified", True)),
        ("activate", ("suspended_temporary", False), ("suspended_temporary", True)),
        ("deactivate", ("verified", True), ("verified", False)),
        ("verified", ("pending", False), ("verified", True)),
        ("declined", ("verified", True), ("declined", False)),
        ("suspended_temporary", ("verified", True), ("suspended_temporary", True)),
        ("suspended_permanent", ("verified", True), ("suspended_permanent", False)),
        ("pending", ("verified", True), ("pending", True)),
    ],
)
def test_ticked_students_are_changed_together(console, owner, change, before, after):
    status, is_active = before
    students = [create_student(status=status, is_active=is_active) for _ in range(2)]
    other = create_student()

    response = console.post(CHANGE, {"students": ticks(*students), "change": change, "next": f"{STUDENTS}?page=1"})

    assert (response.status_code, response.location) == (303, f"{STUDENTS}?page=1")
    assert flashed(console, response) == ["Students changed and told: 2."]
    db.session.expire_all()
    assert {(student.status, student.user.is_active) for student in students} == {after}
    assert (other.status, other.user.is_active) == ("verified", True)
    entries = rows_of(AuditEntry)
    assert [(entry["verb"], entry["actor_id"], entry["target_id"]) for entry in entries] == [
        ("student.status.changed", owner.id, student.id) for student in students
    ]
    assert len(rows_of(Notification)) == 2


def test_what_became_of_each_ticked_student_is_told(console):
    off, on = create_student(is_active=False), create_student(name_ar="مفعل من قبل")
    waiting = create_student(status="pending", name_ar="لم يوثق")
    moved = create_student(is_active=False, name_ar="تغير الآن")
    seen = ticks(off, on, waiting, moved)
    moved.updated_at = clock.now()
    db.session.commit()

    response = console.post(CHANGE, {"students": seen, "change": "activate", "next": STUDENTS})

    assert flashed(console, response) == [
        "The student has been changed, and told.",
        "Was so before: مفعل من قبل.",
        "Left alone, because they have changed meanwhile: تغير الآن.",
        "Left alone, because their status does not allow it: لم يوثق.",
    ]
    db.session.expire_all()
    assert [student.user.is_active for student in (off, on, waiting, moved)] == [True, True, False, False]


def test_sending_the_ticks_twice_changes_nobody_twice(console):
    student = create_student(name_ar="سلمى حسن")
    form = {"students": ticks(student), "change": "deactivate", "next": STUDENTS}
    console.post(CHANGE, form)
    console.get(STUDENTS)

    response = console.post(CHANGE, form)

    assert flashed(console, response) == ["Left alone, because they have changed meanwhile: سلمى حسن."]
    assert (len(rows_of(AuditEntry)), len(rows_of(Notification))) == (1, 1)


def test_a_long_row_of_names_is_cut(console):
    students = [create_student(status="pending", name_ar=f"طالب {number}") for number in range(10)]

    response = console.post(CHANGE, {"students": ticks(*students), "change": "activate", "next": STUDENTS})

    (said,) = flashed(console, response)
    assert said.startswith("Left alone, because their status does not allow it: طالب 0, ")
    assert said.endswith("طالب 7 and 2 more.")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"change": "activate"}, "Tick at least one student first."),
        ({"students": ["1@2026-01-01T00:00:00Z"]}, "This field is required."),
        ({"students": ["1@2026-01-01T00:00:00Z"], "change": "delete"}, "&#34;delete&#34; is not a valid choice."),
        ({"students": ["nul\0@x"], "change": "activate"}, "Null characters are not allowed."),
    ],
)
def test_what_makes_no_sense_is_refused(console, form, message):
    create_student()

    assert flashed(console, console.post(CHANGE, form | {"next": STUDENTS})) == [message]
    assert rows_of(AuditEntry) == []


def test_changing_ticked_students_takes_the_same_statements_however_many_they_are(console):
    def statements_for(count):
        form = {"students": ticks(*(create_student() for _ in range(count))), "change": "deactivate"}
        with counted_statements() as statements:
            assert console.post(CHANGE, form).status_code == 303
        return len(statements)

    # The locked rows, the students, the users, the notifications; no mail, because the status stays.
    assert (statements_for(2), statements_for(15)) == (4, 4)


def test_a_students_page_shows_the_profile_and_the_account(console):
    student = create_student(name_ar="سلمى حسن", father_job="طبيب")

    text = console.get(f"{STUDENTS}{student.id}/").text

    for shown in ("سلمى حسن", student.student_code, "طبيب", student.user.username, student.user.gmail):
        assert shown in text, shown
    tabs = re.search(r'<nav class="tabs".*?</nav>', text, re.DOTALL)[0]
    assert re.findall(r'href="([^"]+)"', tabs) == [
        f"{STUDENTS}{student.id}/{tab}" for tab in ("", "learning/", "money/", "history/")
    ]
    assert re.findall(r'aria-current="page">(\w+)</a>', tabs) == ["Profile"]


def test_the_switch_is_offered_where_it_opens_something(console):
    def offered(student):
        text = console.get(f"{STUDENTS}{student.id}/").text
        return re.findall(r'action="/owner/students/\d+/((?:de)?activate)/"', text)

    assert offered(create_student()) == ["deactivate"]
    assert offered(create_student(is_active=False)) == ["activate"]
    assert offered(create_student(status="suspended_temporary", is_active=False)) == ["activate"]
    assert offered(create_student(status="declined")) == []


def test_the_status_is_changed_on_the_students_page(console):
    student = create_student()

    response = console.post(f"{STUDENTS}{student.id}/status/", {"status": "suspended_permanent"})

    assert (response.status_code, response.location) == (303, f"{STUDENTS}{student.id}/")
    assert flashed(console, response) == ["The status has been changed, and the student told."]
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("suspended_permanent", False)


def test_an_unknown_status_changes_nothing(console):
    student = create_student()

    response = console.post(f"{STUDENTS}{student.id}/status/", {"status": "gone", "is_active": "false"})

    assert flashed(console, response) == ["&#34;gone&#34; is not a valid choice."]
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("verified", True)
    assert rows_of(AuditEntry) == []


def test_a_verified_student_is_switched_off_and_on(console):
    student = create_student()

    console.post(f"{STUDENTS}{student.id}/deactivate/")
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("verified", False)

    console.post(f"{STUDENTS}{student.id}/activate/")
    db.session.expire_all()
    assert (student.status, student.user.is_active) == ("verified", True)
