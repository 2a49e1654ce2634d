"""The audit log: newest first, narrowed by verb, actor, target and day, page by page."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from tests.api import counted_statements
from tests.factories import create_site_owner
from tests.owner.console import Console

#: An hour before midnight in Cairo on 15 January 2026.
LATE = datetime(2026, 1, 15, 21, tzinfo=UTC)


@pytest.fixture
def owner(app):
    return create_site_owner(username="Manager")


@pytest.fixture
def console(app, owner):
    console = Console(app)
    console.sign_in(owner)
    return console


def record(verb="teacher.changed", **values):
    entry = AuditEntry(
        **{"actor_id": None, "verb": verb, "target_type": None, "target_id": None, "details": {}, "recorded_at": LATE}
        | values
    )
    db.session.add(entry)
    db.session.commit()
    return entry


def cells(page):
    """Return the rows of a page's table as lists of their texts."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.text, re.DOTALL)[1:]
    return [
        [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in rows
    ]


def verbs(page):
    return [row[2] for row in cells(page)]


def test_an_entry_says_when_who_what_about_what_and_how(console, owner):
    record(
        actor_id=owner.id,
        target_type="teachers",
        target_id=1234,
        details={"fields": ["name", "phone"], "before": {"is_active": True}, "note": "<b>"},
    )

    page = console.get("/owner/audit/")

    assert cells(page) == [
        [
            "15 يناير 2026، 23:00",
            "Manager",
            "teacher.changed",
            "teachers 1234",
            "note &lt;b&gt; before is_active: True fields name, phone",
        ]
    ]


def test_of_a_user_who_is_gone_the_number_is_left_and_the_system_has_a_name(console):
    record(actor_id=987654)
    record()

    assert [row[1] for row in cells(console.get("/owner/audit/"))] == ["النظام", "#987654"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["code.voided", "student.status.changed", "teacher.changed"]),
        ("verb=student", ["student.status.changed"]),
        ("verb=Student.Status", ["student.status.changed"]),
        ("verb=status", []),
        ("verb=%25", []),
        ("actor=mAnAgEr", ["teacher.changed"]),
        ("actor=nobody", []),
        ("target_type=teachers", ["teacher.changed"]),
        ("target_type=teachers&target_id=8", []),
        ("target_id=7", ["student.status.changed", "teacher.changed"]),
        ("target_id=junk", ["code.voided", "student.status.changed", "teacher.changed"]),
        ("first=2026-01-16", ["code.voided"]),
        ("last=2026-01-15", ["student.status.changed", "teacher.changed"]),
        ("first=2026-01-15&last=2026-01-15", ["student.status.changed", "teacher.changed"]),
        ("first=2026-02-30", ["code.voided", "student.status.changed", "teacher.changed"]),
    ],
)
def test_filters_narrow_the_log(console, owner, query, expected):
    record(actor_id=owner.id, target_type="teachers", target_id=7)
    record("student.status.changed", target_type="students", target_id=7)
    record("code.voided", recorded_at=LATE + timedelta(hours=1))

    assert verbs(console.get(f"/owner/audit/?{query}")) == expected


def test_what_can_be_chosen_is_what_is_there(console):
    record(target_type="teachers", target_id=1)
    record(target_type="courses", target_id=1)
    record(target_type="teachers", target_id=2)

    options = re.findall(r'<option value="([^"]*)"', console.get("/owner/audit/").text)

    assert options == ["", "courses", "teachers"]


def test_an_empty_log_and_a_search_without_results_say_so(console):
    assert "لم تُسجَّل أي عملية بعد." in console.get("/owner/audit/").text
    record()
    assert "لا توجد نتائج مطابقة." in console.get("/owner/audit/?verb=nothing").text


def test_the_log_comes_in_pages_that_keep_the_filter(console):
    for number in range(60):
        record(f"verb.{number:02}")

    first = console.get("/owner/audit/?verb=verb")
    third = console.get("/owner/audit/?verb=verb&page=3")
    beyond = console.get("/owner/audit/?verb=verb&page=9")

    assert verbs(first) == [f"verb.{number:02}" for number in range(59, 34, -1)]
    assert verbs(third) == verbs(beyond) == [f"verb.{number:02}" for number in range(9, -1, -1)]
    assert 'href="/owner/audit/?verb=verb&amp;page=2" rel="next"' in first.text
    assert len(verbs(console.get("/owner/audit/?page_size=100"))) == 60


def test_the_number_of_statements_does_not_grow_with_the_log(console, owner):
    counts = []
    for _ in range(2):
        for number in range(10):
            record(actor_id=owner.id, target_type="teachers", target_id=number)
        with counted_statements() as statements:
            console.get("/owner/audit/")
        counts.append(len(statements))

    # The count, the page, and what can be chosen.
    assert counts == [3, 3]
