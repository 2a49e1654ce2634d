"""The audit log: newest first and in words, narrowed by deed, actor, target and day, page by page."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.wallet.models import RechargeCode
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_batch,
    create_code,
    create_lecture,
    create_site_owner,
    create_student,
)

#: An hour before midnight in Cairo on 15 January 2026.
LATE = datetime(2026, 1, 15, 21, tzinfo=UTC)


@pytest.fixture
def owner(app):
    return create_site_owner(username="Manager")


def record(verb="teacher.changed", **values):
    entry = AuditEntry(
        **{"actor_id": None, "verb": verb, "target_type": None, "target_id": None, "details": {}, "recorded_at": LATE}
        | values
    )
    db.session.add(entry)
    db.session.commit()
    return entry


def plain(markup):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup)).strip()


def cells(page):
    """Return the rows of a page's table as lists of their texts: when, who, what was done, about what."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)[1:]
    return [[plain(cell) for cell in re.findall(r"<td.*?</td>", row, re.S)] for row in rows]


def facts(page):
    """Return what the details of a page's entries say, as pairs of label and value."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page.text, re.DOTALL)
    return [(plain(label), plain(value)) for label, value in found]


def actors(page):
    return [row[1] for row in cells(page)]


def test_an_entry_says_when_who_what_and_about_what(console, owner):
    student = create_student(name_ar="منى علي")
    record("balance.adjusted", actor_id=owner.id, target_type="students", target_id=student.id, details={"amount": "5"})

    page = console.get("/owner/audit/")

    assert cells(page) == [["15 Jan 2026, 23:00", "Manager", "A balance was corrected by 5 pounds", "Student منى علي"]]
    assert f'<a href="/owner/students/{student.id}/">' in page.text


def test_what_was_before_stands_beside_what_is_now(console):
    record(
        "student.status.changed",
        details={
            "before": {"status": "verified", "is_active": True},
            "after": {"status": "suspended_permanent", "is_active": True},
        },
    )

    assert facts(console.get("/owner/audit/")) == [("Status", "Verified then Suspended for good")]


def test_details_are_named_and_what_they_refer_to_is_called_by_its_name(console):
    lecture = create_lecture(name="الجبر")
    record(
        "lecture.changed",
        details={"changed": ["name", "price"], "price": "70.00", "lecture": lecture.id, "unheard_of": "<b>"},
    )

    assert facts(console.get("/owner/audit/")) == [
        ("Changed", "Name, Price"),
        ("Price", "70.00 EGP"),
        ("Lecture", "الجبر"),
        ("unheard_of", "&lt;b&gt;"),
    ]


def test_what_the_sentence_says_is_not_said_again(console):
    record("recharge_batch.range_voided", details={"first": 3, "last": 7, "voided": 4})

    page = console.get("/owner/audit/")

    assert cells(page)[0][2] == "Of the codes 3 to 7 , 4 were cancelled"
    assert facts(page) == []


@pytest.mark.parametrize(
    "details",
    [{}, {"amount": None}, {"amount": ["x"]}, {"amount": "%(x)s"}, {"price": "much"}, {"before": 1, "after": {}}],
)
def test_no_entry_is_so_odd_that_the_log_does_not_show_it(console, details):
    record("balance.adjusted", details=details, target_type="nothing_known", target_id=5)
    record("nobody.knows.this", details=details)

    page = console.get("/owner/audit/")

    assert page.status_code == 200
    assert [row[2].split()[0] for row in cells(page)] == ["nobody.knows.this", "A"]
    assert cells(page)[1][3] == "nothing_known 5"


def test_every_link_leads_to_a_page(console):
    lecture = create_lecture()
    student = create_student()
    batch = create_batch(1)
    code = db.session.scalars(select(RechargeCode)).one()
    teacher = lecture.topic.course.teacher
    assistant = create_assistant(teacher)
    people = (teacher, teacher.user, student, student.user, assistant, assistant.user)
    _, alone = create_code()
    alone.batch.is_single = True
    targets = (*people, lecture, lecture.topic, lecture.topic.course, batch, code, alone.batch)
    for target in targets:
        record("course.changed", target_type=target.__tablename__, target_id=target.id)

    links = set(
        re.findall(r'<td data-label="About">.*?<a href="([^"]+)"', console.get("/owner/audit/").text, re.DOTALL)
    )

    assert len(links) == 7
    assert {console.get(link).status_code for link in links} == {200}


def test_what_is_gone_keeps_its_number_and_no_link(console):
    record("course.deleted", target_type="courses", target_id=987654)

    page = console.get("/owner/audit/")

    assert cells(page)[0][3] == "Course 987654"
    assert "/owner/courses/987654/" not in page.text


def test_of_a_user_who_is_gone_the_number_is_left_and_the_system_has_a_name(console):
    record(actor_id=987654)
    record()

    assert actors(console.get("/owner/audit/")) == ["The system", "#987654"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["code", "status", "teacher"]),
        ("deeds=students", ["status"]),
        ("deeds=staff", ["teacher"]),
        ("deeds=nothing", ["code", "status", "teacher"]),
        ("actor=mAnAgEr", ["teacher"]),
        ("actor=nobody", []),
        ("target_type=teachers", ["teacher"]),
        ("target_type=teachers&target_id=8", []),
        ("target_id=7", ["status", "teacher"]),
        ("target_id=junk", ["code", "status", "teacher"]),
        ("first=2026-01-16", ["code"]),
        ("last=2026-01-15", ["status", "teacher"]),
        ("first=2026-01-15&last=2026-01-15", ["status", "teacher"]),
        ("first=2026-02-30", ["code", "status", "teacher"]),
        ("deeds=students&actor=Manager", []),
    ],
)
def test_filters_narrow_the_log(console, owner, query, expected):
    record(actor_id=owner.id, target_type="teachers", target_id=7)
    record("student.status.changed", target_type="students", target_id=7)
    record("recharge_code.voided", recorded_at=LATE + timedelta(hours=1))

    sentences = [row[2] for row in cells(console.get(f"/owner/audit/?{query}"))]

    assert [next(word for word in ("code", "status", "teacher") if word in text) for text in sentences] == expected


def test_what_can_be_chosen_is_what_is_there(console):
    record(target_type="teachers", target_id=1)
    record(target_type="courses", target_id=1)
    record(target_type="teachers", target_id=2)

    select_box = re.search(r'<select id="filter-target_type".*?</select>', console.get("/owner/audit/").text, re.DOTALL)

    options = re.findall(r'<option value="([^"]*)">([^<]*)', select_box[0])
    assert options == [("", "All"), ("courses", "Course"), ("teachers", "Teacher")]


def test_an_empty_log_and_a_search_without_results_say_so(console):
    assert "Nothing has been recorded yet." in console.get("/owner/audit/").text
    record()
    assert "Nothing matches this search." in console.get("/owner/audit/?actor=nobody").text


def test_the_log_comes_in_pages_that_keep_the_filter(console):
    # Two in a moment each: it is the number that decides between them.
    for number in range(120):
        record(actor_id=1_000_000 + number, recorded_at=LATE + timedelta(minutes=number // 2))
    record("course.changed", recorded_at=LATE + timedelta(minutes=20))
    everybody = [f"#{1_000_000 + number}" for number in reversed(range(120))]

    def follow(page, relation):
        return console.get(re.search(rf'href="([^"]+)" rel="{relation}"', page.text)[1].replace("&amp;", "&"))

    first = console.get("/owner/audit/?deeds=staff")
    second = follow(first, "next")
    third = follow(second, "next")

    assert actors(first) + actors(second) + actors(third) == everybody
    assert 'rel="next"' not in third.text
    assert 'rel="prev"' not in first.text
    assert actors(follow(third, "prev")) == actors(second)
    assert actors(follow(follow(third, "prev"), "prev")) == actors(first)


@pytest.mark.parametrize(
    "query", ["before=junk", "before=999999999", "after=-1", "before=99999999999999999999", "after="]
)
def test_a_place_that_is_none_shows_the_newest(console, query):
    record(actor_id=1)

    assert actors(console.get(f"/owner/audit/?{query}")) == ["#1"]


def test_the_number_of_statements_does_not_grow_with_the_log(console, owner):
    students, lecture = [create_student() for _ in range(3)], create_lecture()
    counts = []
    for _ in range(2):
        for student in students:
            record(actor_id=owner.id, target_type="students", target_id=student.id, details={"lecture": lecture.id})
            record(actor_id=owner.id, target_type="users", target_id=student.user_id, details={"course": 1})
        with counted_statements() as statements:
            console.get("/owner/audit/")
        counts.append(len(statements))

    # The page, the names of what it speaks of, and what can be chosen.
    assert counts == [3, 3]


def test_an_entry_about_a_kind_of_thing_and_none_of_them_shows_no_number(console):
    record("ledger.checked", target_type="balance_transactions", details={"violated": {}})

    assert cells(console.get("/owner/audit/"))[0][2:] == ["The books were checked Broken rules —", "Ledger"]
