"""Study materials of students: which they get, by a link for how long, and what the link stands on."""

from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.signing import sign
from edutrack.courses.models import StudyMaterial
from edutrack.courses.queries.materials import materials_of_lecture
from tests.api import counted_statements
from tests.courses.materials import FORBIDDEN, NO_LONGER_VALID, NOT_FOUND, PDF, download, form, shown, stored
from tests.factories import (
    create_assistant,
    create_lecture,
    create_material,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
)


@pytest.fixture
def lecture(app):
    return create_lecture()


@pytest.fixture
def teacher(api, lecture):
    return api.as_(lecture.topic.course.teacher)


def test_students_have_only_their_own_list(api, lecture):
    material = create_material(lecture)
    student = api.as_(create_student())

    responses = [
        student.get("/api/materials/"),
        student.post("/api/materials/"),
        student.get(f"/api/materials/{material.id}/"),
        student.delete(f"/api/materials/{material.id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(403, FORBIDDEN)] * 4


def test_a_student_gets_the_active_materials_of_open_lectures(api, lecture):
    student = create_student()
    create_purchase(student, lecture)
    material = create_material(lecture)
    create_material(lecture, is_active=False)
    over = create_lecture()
    create_material(over)
    create_purchase(student, over, purchased_at=clock.now() - timedelta(days=30))
    not_bought = create_material()
    create_purchase(create_student(), not_bought.lecture)

    response = api.as_(student).get("/api/materials/mine/")

    assert response.status_code == 200
    url = response.json[0]["file_url"]
    assert response.json == [shown(material, url)]


def test_a_students_list_takes_one_statement_however_many_materials_there_are(api):
    student = create_student()
    counts = []
    for _ in range(2):
        material = create_material()
        create_purchase(student, material.lecture)
        client = api.as_(student)
        with counted_statements() as statements:
            client.get("/api/materials/mine/")
        counts.append(len(statements))

    assert counts == [1, 1]


@pytest.mark.parametrize(("left", "works", "over"), [(600, 59, 61), (10, 9, 11)])
def test_a_students_link_works_for_an_hour_but_never_past_the_purchase(api, teacher, lecture, left, works, over):
    teacher.post("/api/materials/", data=form(lecture))
    student, start = create_student(), clock.now()
    ends = start + timedelta(minutes=left)
    create_purchase(student, lecture, purchased_at=start - timedelta(days=7), expires_at=ends)
    client = api.as_(student)
    with time_machine.travel(start, tick=False):
        url = client.get("/api/materials/mine/").json[0]["file_url"]

    statuses = []
    for minutes in (works, over):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False), download(client, url) as file:
            statuses.append(file.status_code)
    assert statuses == [200, 403]


class Handed:
    """A student who was given the link to a stored material of a bought lecture."""

    def __init__(self, api, teacher, lecture, **form_values):
        created = teacher.post("/api/materials/", data=form(lecture, **form_values)).json
        self.material = db.session.get_one(StudyMaterial, created["id"])
        self.student = create_student()
        self.purchase = create_purchase(self.student, lecture)
        (item,) = api.as_(self.student).get("/api/materials/mine/").json
        self.path = item["file_url"].removeprefix("http://localhost")


@pytest.fixture
def handed(api, teacher, lecture):
    return Handed(api, teacher, lecture)


def test_a_students_link_gives_an_attachment_without_signing_in(api, handed):
    with counted_statements() as statements:
        response = api.get(handed.path, headers={"Authorization": "Bearer stale"})

    with response:
        assert (response.status_code, response.data, response.mimetype) == (200, PDF, "application/pdf")
        kind, _, name = response.headers["Content-Disposition"].partition("; ")
        assert kind == "attachment"
        # RFC 5987: the Arabic name, whole, for everybody who reads it, and a plain one for who does not.
        assert name.endswith("filename*=UTF-8''" + quote("ملزمة الباب الأول.pdf"))
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Cache-Control"] == "private, no-store"
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [("bytes=0-4", 206, b"%PDF-"), ("bytes=-6", 206, PDF[-6:]), ("bytes=9999-", 416, None)],
)
def test_a_students_link_gives_parts(api, handed, asked, status, content):
    with api.get(handed.path, headers={"Range": asked}) as response:
        assert response.status_code == status
        assert content is None or response.data == content


def _suspend(handed):
    handed.student.status = "suspended_temporary"


def _unverify(handed):
    handed.student.status = "pending"


def _deactivate(handed):
    handed.student.user.is_active = False


def _expire(handed):
    handed.purchase.purchased_at -= timedelta(days=30)
    handed.purchase.expires_at = handed.purchase.effective_expiry = clock.now()


def _switch_off(handed):
    handed.material.is_active = False


@pytest.mark.parametrize("change", [_suspend, _unverify, _deactivate, _expire, _switch_off])
def test_a_students_link_dies_with_what_it_stands_on(api, handed, change):
    change(handed)
    db.session.commit()

    response = api.get(handed.path)

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_students_link_survives_what_was_switched_off_above_it(api, handed):
    lecture = handed.material.lecture
    lecture.is_active = lecture.topic.is_active = lecture.topic.course.is_active = False
    lecture.topic.course.teacher.user.is_active = False
    db.session.commit()

    with api.get(handed.path) as response:
        assert response.status_code == 200


def test_a_students_link_gives_its_own_material_alone(api, handed):
    other = create_material(handed.material.lecture)
    token = handed.path.partition("token=")[2]

    response = api.get(f"/api/materials/{other.id}/download/?token={token}")

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


@pytest.mark.parametrize("token", ["", "x", "e30.AAAA", "\0", "\ud800"])
def test_what_was_not_signed_here_gives_nothing(api, handed, token):
    path = handed.path.partition("?")[0]

    response = api.get(path, query_string={"token": token.encode("utf-8", "surrogatepass")})

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_link_that_was_signed_for_something_else_gives_nothing(api, app, handed):
    payload = {"material": handed.material.id, "purchase": handed.purchase.id}
    with app.test_request_context():
        token = sign(payload, "playback", clock.now() + timedelta(hours=1))

    response = api.get(f"/api/materials/{handed.material.id}/download/?token={token}")

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


def test_a_file_that_is_gone_is_not_found(app, api, handed):
    stored(app, handed.material.file).unlink()

    response = api.get(handed.path)

    assert (response.status_code, response.json) == (404, NOT_FOUND)


def test_materials_that_come_with_a_lecture_have_the_same_shape(api, lecture):
    material = create_material(lecture)
    create_material(lecture, is_active=False)
    purchase = create_purchase(create_student(), lecture)
    with api.app.test_request_context():
        items = materials_of_lecture(lecture.id, purchase.id, purchase.effective_expiry)

    assert items == [shown(material, items[0]["file_url"])]


@pytest.mark.parametrize("create", [create_teacher, create_assistant, create_site_owner])
def test_only_students_have_a_list_of_their_own(api, create):
    response = api.as_(create()).get("/api/materials/mine/")

    assert (response.status_code, response.json) == (403, FORBIDDEN)
