"""What pages are made of: forms that services judge, buttons, and lists; shown on a room made up for the purpose."""

import re
from contextlib import contextmanager
from io import BytesIO

import pytest
from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from wtforms import PasswordField, StringField

from edutrack.accounts.models import Teacher
from edutrack.core import audit
from edutrack.core.audit import AuditEntry
from edutrack.core.errors import Forbidden, Invalid, NotFound, Rejected
from edutrack.core.extensions import db
from edutrack.core.fields import Boolean, Choice, Id, ListOf, Text, Upload
from edutrack.core.pagination import matching
from edutrack.core.schemas import Schema
from edutrack.owner.console import forms
from edutrack.owner.console.access import page
from edutrack.owner.console.errors import init_error_pages
from edutrack.owner.console.lists import Column, ListFilter, ServiceModelView
from tests.factories import create_site_owner, create_teacher
from tests.owner.console import Console
from tests.renewing import application, renewed_app

ROOM = "/owner/room/"


class ThingSchema(Schema):
    name = Text(longest=5, required=True)
    password = Text()
    note = Text(allow_none=True)
    grades = ListOf(Id(), required=True)
    is_active = Boolean()
    picture = Upload(allow_none=True)


class ThingForm(forms.ConsoleForm):
    left_out_when_empty = ("password",)

    name = StringField("Name")
    password = PasswordField("Password")
    note = StringField("Note")
    grades = forms.Choices("Grades")
    is_active = forms.Switch("Active")


class Room(ServiceModelView):
    title, slug, section = "Room", "room", "Made up"
    search_hint = "Name"
    columns = (
        Column("name", "Name", sort=Teacher.name),
        Column("id", "Number", sort=Teacher.id),
        Column("phone", "Phone"),
    )
    filters = (ListFilter("gender", "Gender", Choice(("male", "female")), choices=(("male", "M"), ("female", "F"))),)
    default_sort = "name"
    tie_breaker = Teacher.id

    #: What the service does, set by each test.
    refusal = None
    seen = None

    def rows(self, *, search, **filters):
        rows = select(Teacher).where(matching(search, Teacher.name_folded))
        return rows.filter_by(**filters)

    def work(self, values=None):
        type(self).seen = values
        audit.record(self.caller, "thing.changed", None)
        db.session.flush()
        if self.refusal:
            raise self.refusal
        return 42

    @page("/form/", methods=("GET", "POST"))
    def edit(self):
        form = ThingForm()
        form.grades.offer([(1, "One"), (2, "Two")])
        to = lambda result: f"{ROOM}{result}/"  # noqa: E731
        return self.form_page(form, self.work, schema=ThingSchema(), done=_("Save"), to=to, title="Thing")

    @page("/act/", methods=("POST",))
    def press(self):
        return self.act(self.work, done=_("Save"), back=f"{ROOM}form/")

    @page("/fail/")
    def fail(self):
        raise RuntimeError("secret detail")

    @page("/refuse/")
    def refuse(self):
        raise self.refusal


@contextmanager
def application_with_room(environment):
    """Yield an application with the room of these tests."""
    with application(environment) as app:
        (admin,) = app.extensions["admin"]
        admin.add_view(Room())
        init_error_pages(app)
        yield app


@pytest.fixture(scope="module")
def lone_app(make_database, test_environment):
    """What `committing_app` yields, with the room of these tests."""
    with renewed_app(application_with_room, test_environment, make_database, "room") as app:
        yield app


@pytest.fixture
def console(committing_app, monkeypatch):
    monkeypatch.setattr(Room, "refusal", None)
    monkeypatch.setattr(Room, "seen", None)
    console = Console(committing_app)
    console.sign_in(create_site_owner())
    return console


def changes():
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(AuditEntry.verb == "thing.changed"))


SENT = {"name": "Name", "password": "", "note": "", "grades": ["", "1", "2"], "is_active": ["false", "true"]}


def test_a_form_hands_the_service_what_the_schema_reads(console):
    response = console.post(f"{ROOM}form/", SENT)

    assert (response.status_code, response.location) == (303, f"{ROOM}42/")
    assert Room.seen == {"name": "Name", "note": None, "grades": [1, 2], "is_active": True}
    assert changes() == 1
    assert 'alert-success" role="status"><bdi>حفظ</bdi>' in console.get(f"{ROOM}form/").text


def test_what_is_not_ticked_is_said_too(console):
    console.post(f"{ROOM}form/", {**SENT, "grades": [""], "is_active": ["false"], "password": "given"})

    assert Room.seen == {"name": "Name", "password": "given", "note": None, "grades": [], "is_active": False}


@pytest.mark.parametrize(("name", "read"), [("", False), ("picture.png", True)])
def test_a_file_input_in_which_nothing_was_chosen_is_left_out(console, name, read):
    console.post(f"{ROOM}form/", {**SENT, "picture": (BytesIO(b"content"), name)}, content_type="multipart/form-data")

    assert ("picture" in Room.seen) is read


def test_what_the_schema_refuses_comes_back_at_its_field_with_what_was_typed(console):
    response = console.post(f"{ROOM}form/", {**SENT, "name": "Too long", "grades": ["", "2"], "password": "hunter2"})

    errors = re.findall(r'class="error"><bdi>([^<]+)', response.text)
    assert (response.status_code, errors) == (400, ["لا يُسمح بأكثر من 5 حرفًا."])
    assert 'value="Too long"' in response.text
    assert re.findall(r'name="grades" value="(\d)" checked', response.text) == ["2"]
    assert "hunter2" not in response.text
    assert (Room.seen, changes()) == (None, 0)


@pytest.mark.parametrize(
    ("refusal", "status", "shown"),
    [
        (Invalid({"name": ["Username already exists."]}), 400, 'class="error"><bdi>اسم المستخدم موجود بالفعل.'),
        (Invalid({"other": {"0": ["Not known <b>."]}}), 400, 'role="alert"><bdi>Not known &lt;b&gt;.'),
        (Invalid({"non_field_errors": ["Not found."]}), 400, 'role="alert"><bdi>غير موجود.'),
        (Rejected("This course is not available."), 400, 'role="alert"><bdi>هذا الكورس غير متاح.'),
        (Forbidden(), 403, 'role="alert"><bdi>ليست لديك صلاحية'),
    ],
)
def test_what_a_rule_refuses_leaves_nothing_and_is_said_on_the_form(console, monkeypatch, refusal, status, shown):
    monkeypatch.setattr(Room, "refusal", refusal)

    response = console.post(f"{ROOM}form/", SENT)

    assert response.status_code == status
    assert shown in response.text
    assert 'value="Name"' in response.text
    assert changes() == 0


def test_what_is_gone_when_the_form_is_sent_is_a_page_that_is_not_there(console, monkeypatch):
    monkeypatch.setattr(Room, "refusal", NotFound())

    response = console.post(f"{ROOM}form/", SENT)

    assert (response.status_code, changes()) == (404, 0)
    assert "الصفحة غير موجودة" in response.text


def test_a_button_does_its_work_and_says_so(console):
    response = console.post(f"{ROOM}act/")

    assert (response.status_code, response.location) == (303, ROOM)
    assert changes() == 1


def test_a_refused_button_says_why_where_it_stands(console, monkeypatch):
    monkeypatch.setattr(Room, "refusal", Rejected("This course is not available."))

    response = console.post(f"{ROOM}act/")

    assert (response.status_code, response.location) == (303, f"{ROOM}form/")
    assert 'alert-danger" role="status"><bdi>هذا الكورس غير متاح.' in console.get(f"{ROOM}form/").text
    assert changes() == 0


@pytest.mark.parametrize("language", ["ar", "en"])
def test_failures_and_refusals_have_pages_that_tell_no_details(console, monkeypatch, language):
    console.post("/owner/language/", {"language": language})
    titles = {
        "ar": ["حدث عطل لدينا", "غير مسموح لك بهذه الصفحة"],
        "en": ["Something went wrong", "This is not open to you"],
    }
    monkeypatch.setattr(Room, "refusal", Forbidden("secret detail"))

    failed, refused = console.get(f"{ROOM}fail/"), console.get(f"{ROOM}refuse/")

    assert (failed.status_code, refused.status_code) == (500, 403)
    for response, title in zip((failed, refused), titles[language], strict=True):
        assert title in response.text
        assert "secret detail" not in response.text
        assert f'<html lang="{language}"' in response.text


@pytest.mark.parametrize("outage", [OperationalError("SELECT 1", {}, Exception("secret detail")), PoolTimeout("full")])
def test_an_outage_has_a_page_that_does_not_claim_that_nothing_was_changed(console, monkeypatch, outage):
    monkeypatch.setattr(Room, "refusal", outage)

    response = console.get(f"{ROOM}refuse/")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "لا يمكن الوصول إلى لوحة التحكم الآن" in response.text
    assert "فتحقق أولًا هل تم بالفعل" in response.text
    assert "secret detail" not in response.text


def test_nothing_is_said_to_be_done_that_a_failing_commit_undid(console):
    def fail(_session):
        if request and request.method == "POST":
            raise RuntimeError

    event.listen(db.session, "before_commit", fail)
    try:
        response = console.post(f"{ROOM}act/")
    finally:
        event.remove(db.session, "before_commit", fail)

    assert response.status_code == 500
    assert "alert-success" not in console.get(f"{ROOM}form/").text


def test_a_body_that_is_too_large_is_said_to_be(console, committing_app):
    response = console.post(f"{ROOM}form/", {**SENT, "note": "x" * (committing_app.config["MAX_BODY_KB"] * 1024 + 1)})

    assert response.status_code == 413
    assert "الملف كبير جدًا" in response.text


def names(response):
    return re.findall(r'<td data-label="Name"><bdi>([^<]+)', response.text)


def test_a_list_is_searched_filtered_and_sorted_by_its_address(console):
    for name, gender in (("أحمد", "male"), ("احمد فؤاد", "male"), ("منى", "female")):
        create_teacher(name=name, gender=gender)

    assert names(console.get(ROOM)) == ["أحمد", "احمد فؤاد", "منى"]
    assert names(console.get(f"{ROOM}?search=إحمد")) == ["أحمد", "احمد فؤاد"]
    assert names(console.get(f"{ROOM}?search=أحمد+فؤاد")) == ["احمد فؤاد"]
    assert names(console.get(f"{ROOM}?gender=female")) == ["منى"]
    assert len(names(console.get(f"{ROOM}?gender=junk"))) == 3
    assert names(console.get(f"{ROOM}?sort=-id")) == ["منى", "احمد فؤاد", "أحمد"]
    assert names(console.get(f"{ROOM}?sort=phone")) == names(console.get(ROOM))
    assert 'href="/owner/room/?sort=-name"' in console.get(ROOM).text
