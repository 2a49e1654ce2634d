"""The console's pages of the educational structure."""

import re

import pytest
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity
from tests.api import counted_statements
from tests.factories import any_grade, create_course, create_subject, create_video_security

STRUCTURE = "/owner/structure/"
KINDS = {
    "grades": Grade,
    "subjects": Subject,
    "school-types": SchoolType,
    "divisions": Division,
    "governorates": Governorate,
    "areas": Area,
    "video-security": VideoSecurity,
}


def named(model, name):
    db.session.expire_all()
    return db.session.scalars(select(model).filter_by(name=name)).one_or_none()


def first(model):
    return db.session.scalars(select(model).order_by(model.id).limit(1)).one()


def shown(console, path, query=""):
    return re.findall(
        r'<a href="/owner/structure/[\w-]+/\d+/"><bdi>([^<]*)', console.get(f"{STRUCTURE}{path}/{query}").text
    )


def errors_in(page):
    return re.findall(r'class="error"><bdi>([^<]+)', page.text)


def last_entry():
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


class TestLists:
    def test_the_room_opens_with_the_grades_in_their_order(self, console):
        response = console.get(STRUCTURE)

        assert (response.status_code, response.location) == (303, f"{STRUCTURE}grades/")
        wanted = list(db.session.scalars(select(Grade.name).order_by(Grade.order)))
        assert shown(console, "grades") == wanted

    @pytest.mark.parametrize("path", KINDS)
    def test_every_kind_is_listed_in_few_statements(self, console, path):
        create_video_security()
        with counted_statements() as statements:
            names = shown(console, path)

        assert len(names) > 0
        assert len(statements) == (2 if path == "areas" else 1)

    def test_a_subject_says_who_learns_it(self, console):
        subject = create_subject(name="الفلك", divisions=[first(Division)])

        page = console.get(f"{STRUCTURE}subjects/")

        row = re.search(r"<tr>(?:(?!</tr>).)*الفلك.*?</tr>", page.text, re.DOTALL)[0]
        cells = re.findall(r'<td data-label="([^"]*)"><bdi>([^<]*)', row)
        assert dict(cells) == {
            "Grades": subject.grades[0].name,
            "Divisions": subject.divisions[0].name,
            "School types": "All",
        }

    def test_areas_are_those_of_a_governorate(self, console):
        governorate = db.session.scalars(select(Governorate).order_by(Governorate.id.desc()).limit(1)).one()
        areas = list(db.session.scalars(select(Area.name).filter_by(governorate_id=governorate.id).order_by(Area.id)))

        assert shown(console, "areas", f"?governorate={governorate.id}") == areas
        for junk in ("x", "0", "9" * 30, "%00"):
            assert shown(console, "areas", f"?governorate={junk}") == shown(console, "areas")

    def test_without_any_the_list_says_so(self, console):
        assert "There is nothing here yet." in console.get(f"{STRUCTURE}video-security/").text

    @pytest.mark.parametrize("path", ["planets/", "planets/new/", "planets/1/", "grades/999999/", f"grades/{2**63}/"])
    def test_what_there_is_not_is_not_found(self, console, path):
        assert console.get(f"{STRUCTURE}{path}").status_code == 404


class TestAdding:
    @pytest.mark.parametrize(
        ("path", "values"),
        [
            ("grades", {"name": "تمهيدي", "order": "40"}),
            ("school-types", {"name": "دولي"}),
            ("governorates", {"name": "محافظة جديدة"}),
            ("video-security", {"name": "علامة مائية", "price_per_student": "2.50"}),
        ],
    )
    def test_something_is_added_once_however_often_the_form_is_sent(self, console, path, values):
        form = values | {"form_token": "made-with-the-form"}

        sent = [console.post(f"{STRUCTURE}{path}/new/", form) for _ in range(2)]

        assert [(one.status_code, one.location) for one in sent] == [(303, f"{STRUCTURE}{path}/")] * 2
        item = named(KINDS[path], values["name"])
        assert {name: str(getattr(item, name)) for name in values} == values
        assert last_entry().verb.endswith(".created")

    def test_a_subject_comes_with_its_grades(self, console):
        grades = [any_grade(), any_grade("الصف الأول الثانوي")]
        form = {"name": "الفلك", "grade_ids": ["", *(grade.id for grade in grades)], "division_ids": [""]}

        assert console.post(f"{STRUCTURE}subjects/new/", form).status_code == 303

        subject = named(Subject, "الفلك")
        assert [grade.id for grade in subject.grades] == [grade.id for grade in grades]
        assert (subject.divisions, subject.school_types) == ([], [])

    def test_a_new_grade_is_offered_the_last_place_and_an_area_its_governorate(self, console):
        last = max(db.session.scalars(select(Grade.order)))
        governorate = first(Governorate)

        assert f'name="order" type="text" value="{last + 1}"' in console.get(f"{STRUCTURE}grades/new/").text
        page = console.get(f"{STRUCTURE}areas/new/?governorate={governorate.id}")
        assert f'<option selected value="{governorate.id}">' in page.text

    @pytest.mark.parametrize(
        ("path", "values", "messages"),
        [
            ("grades", {"name": "", "order": "1"}, ["This field may not be blank."]),
            ("grades", {"name": "x", "order": ""}, ["A valid integer is required."]),
            ("grades", {"name": "x", "order": "9" * 20}, ["Ensure this value is less than or equal to 2147483647."]),
            ("school-types", {"name": "x" * 256}, ["Ensure this field has no more than 255 characters."]),
            ("areas", {"name": "x", "governorate": ""}, ["A valid integer is required."]),
            ("areas", {"name": "x", "governorate": "99999"}, ["Invalid pk &#34;99999&#34; - object does not exist."]),
            (
                "divisions",
                {"name": "x", "grade_ids": ["99999"]},
                ["Invalid pk &#34;99999&#34; - object does not exist."],
            ),
            (
                "video-security",
                {"name": "x", "price_per_student": "-1"},
                ["Ensure this value is greater than or equal to 0."],
            ),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, console, path, values, messages):
        sent = console.post(f"{STRUCTURE}{path}/new/", values)

        assert (sent.status_code, errors_in(sent)) == (400, messages)
        assert named(KINDS[path], values["name"]) is None

    def test_a_name_stands_once(self, console):
        sent = console.post(f"{STRUCTURE}school-types/new/", {"name": first(SchoolType).name})

        assert (sent.status_code, errors_in(sent)) == (400, ["This name is taken already."])

    def test_an_area_stands_once_in_its_governorate(self, console):
        area = first(Area)

        sent = console.post(f"{STRUCTURE}areas/new/", {"name": area.name, "governorate": area.governorate_id})

        assert sent.status_code == 400
        assert "The governorate has an area of this name already." in sent.text


class TestChanging:
    def test_only_what_is_different_is_changed_and_recorded(self, console):
        subject = create_subject(name="الفلك", school_types=[first(SchoolType)])
        kept = {"grade_ids": [str(grade.id) for grade in subject.grades], "school_type_ids": [""]}

        sent = console.post(f"{STRUCTURE}subjects/{subject.id}/", {"name": "الفلك", **kept})

        assert (sent.status_code, sent.location) == (303, f"{STRUCTURE}subjects/")
        assert named(Subject, "الفلك").school_types == []
        assert (last_entry().verb, last_entry().details) == ("subject.changed", {"school_type_ids": []})

    def test_a_form_that_changes_nothing_leaves_no_entry(self, console):
        grade = any_grade()

        console.post(f"{STRUCTURE}grades/{grade.id}/", {"name": grade.name, "order": grade.order})

        assert db.session.scalars(select(AuditEntry).filter_by(verb="grade.changed")).all() == []

    def test_an_area_moves_to_another_governorate(self, console):
        area = first(Area)
        other = db.session.scalars(select(Governorate).where(Governorate.id != area.governorate_id).limit(1)).one()

        sent = console.post(f"{STRUCTURE}areas/{area.id}/", {"name": "حي جديد", "governorate": other.id})

        assert (sent.status_code, sent.location) == (303, f"{STRUCTURE}areas/?governorate={other.id}")
        assert named(Area, "حي جديد").governorate_id == other.id

    def test_a_form_runs_few_statements(self, console):
        address = f"{STRUCTURE}subjects/{first(Subject).id}/"
        with counted_statements() as statements:
            console.get(address)

        assert len(statements) == 4


class TestDeleting:
    def test_what_nothing_refers_to_is_deleted(self, console):
        protection = create_video_security(name="قديمة")

        sent = console.post(f"{STRUCTURE}video-security/{protection.id}/delete/")

        assert (sent.status_code, sent.location) == (303, f"{STRUCTURE}video-security/")
        assert named(VideoSecurity, "قديمة") is None

    def test_what_is_in_use_stays_and_the_page_says_why(self, console):
        grade = create_course().grade

        sent = console.post(f"{STRUCTURE}grades/{grade.id}/delete/")

        assert (sent.status_code, sent.location) == (303, f"{STRUCTURE}grades/{grade.id}/")
        assert "This is in use and cannot be deleted." in console.get(sent.location).text
        assert named(Grade, grade.name)

    @pytest.mark.parametrize("path", ["grades/1/delete/", "grades/1/", "grades/new/", "grades/1/before/2/"])
    def test_without_the_token_nothing_is_looked_at(self, console, path):
        assert console.post(f"{STRUCTURE}{path}", {"name": "x"}, token="").status_code == 400


class TestOrder:
    def test_the_buttons_move_a_grade_once(self, console):
        grades = shown(console, "grades")
        page = console.get(f"{STRUCTURE}grades/")
        up = re.search(rf'formaction="([^"]+)"[^>]* aria-label="Move up: {grades[2]}"', page.text)[1]

        for _ in range(2):
            assert console.post(up).location == f"{STRUCTURE}grades/"

        assert shown(console, "grades") == [grades[0], grades[2], grades[1], *grades[3:]]
        verbs = list(db.session.scalars(select(AuditEntry.verb)))
        assert verbs.count("grade.reordered") == 1

    def test_grades_with_one_number_are_told_apart(self, console):
        for grade in db.session.scalars(select(Grade)):
            grade.order = 7
        db.session.commit()
        grades = shown(console, "grades")
        ids = list(db.session.scalars(select(Grade.id).order_by(Grade.order, Grade.id)))

        console.post(f"{STRUCTURE}grades/{ids[1]}/before/{ids[0]}/")

        assert shown(console, "grades") == [grades[1], grades[0], *grades[2:]]

    def test_a_grade_that_there_is_not_moves_nothing(self, console):
        grades, grade = shown(console, "grades"), first(Grade)

        assert console.post(f"{STRUCTURE}grades/999999/before/{grade.id}/").status_code == 404
        for other in (grade.id, 999_999, 2**63):
            sent = console.post(f"{STRUCTURE}grades/{grade.id}/before/{other}/")
            assert "no such grade" in console.get(sent.location).text

        assert shown(console, "grades") == grades
