"""The site owner's dashboard: how many of everything there are, counted by hand here."""

from datetime import UTC, datetime

import pytest
import time_machine

from edutrack.core.extensions import db
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity
from tests.api import counted_statements
from tests.factories import (
    any_division,
    any_grade,
    create_assistant,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
)

#: The first minute of June in Cairo, where it is three hours later than here.
JUNE = datetime(2026, 5, 31, 21, tzinfo=UTC)


def created_at(person, moment):
    getattr(person, "user", person).created_at = moment
    db.session.commit()
    return person


@pytest.fixture
def owner(api):
    with time_machine.travel(datetime(2026, 6, 10, tzinfo=UTC), tick=False):
        yield api.as_(created_at(create_site_owner(), JUNE))


def test_users_are_counted_by_role_month_and_state(owner):
    before_june = datetime(2026, 5, 31, 20, 59, 59, tzinfo=UTC)
    created_at(create_student(), JUNE)
    for status in ("pending", "pending", "declined", "suspended_temporary", "suspended_permanent"):
        created_at(create_student(status=status), before_june)
    teacher = created_at(create_teacher(), JUNE)
    created_at(create_teacher(is_active=False), before_june)
    created_at(create_assistant(teacher), JUNE)

    body = owner.get("/api/owner/dashboard/").json

    by_kind = body.pop("students_by_grade_school_division"), body.pop("teachers_by_grade_subject")
    assert [sum(group["count"] for group in groups) for groups in by_kind] == [6, 2]
    assert body == {
        "total_students": 6,
        "total_teachers": 2,
        "total_assistants": 1,
        "new_users_this_month": 4,
        "new_students_this_month": 1,
        "new_teachers_this_month": 1,
        "students_by_status": {
            "verified": 1,
            "pending": 2,
            "declined": 1,
            "suspended_temporary": 1,
            "suspended_permanent": 1,
        },
        "teachers_active_count": 1,
        "teachers_inactive_count": 1,
    } | {
        f"total_{name}": db.session.query(model).count()
        for name, model in {
            "subjects": Subject,
            "grades": Grade,
            "school_types": SchoolType,
            "divisions": Division,
            "governorates": Governorate,
            "areas": Area,
            "video_security_options": VideoSecurity,
        }.items()
    }


def test_students_are_grouped_by_grade_then_names_and_what_is_missing_is_said(owner):
    literary, scientific = any_division("أدبي"), any_division("علمي علوم")
    late, early = literary.grades[-1], any_grade()
    school_type = literary.school_types[0]
    create_student(grade=late, school_type=school_type, division=scientific)
    create_student(grade=late, school_type=school_type, division=literary)
    create_student(grade=early, school_type=school_type)
    create_student(grade=early, school_type=school_type)
    create_student(grade=None, school_type=None)

    body = owner.get("/api/owner/dashboard/").json

    def group(grade, kind, division, count):
        return {"grade": grade, "school_type": kind, "division": division, "count": count}

    assert body["students_by_grade_school_division"] == [
        group(early.name, school_type.name, "Not specified", 2),
        group(late.name, school_type.name, literary.name, 1),
        group(late.name, school_type.name, scientific.name, 1),
        group("Not specified", "Not specified", "Not specified", 1),
    ]


def test_a_teacher_counts_in_each_grade_that_they_teach(owner):
    first, second = any_division().grades[:2]
    subject = create_subject(grades=[first, second])
    create_teacher(subject=subject)
    create_teacher(subject=subject, grades=[second])

    body = owner.get("/api/owner/dashboard/").json

    assert body["teachers_by_grade_subject"] == [
        {"grade": first.name, "subject": subject.name, "count": 1},
        {"grade": second.name, "subject": subject.name, "count": 2},
    ]


def test_it_runs_three_statements_however_many_there_are(owner):
    for _ in range(2):
        create_student()
        with counted_statements() as statements:
            owner.get("/api/owner/dashboard/")
        assert len(statements) == 3
