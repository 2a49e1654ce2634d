"""Study materials: what may be one, who keeps them, and who gets a link for how long."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import pytest
import time_machine
from PIL import Image
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.core.signing import sign
from edutrack.courses.models import StudyMaterial
from edutrack.courses.queries.materials import materials_of_lecture
from edutrack.courses.service.documents import download_name
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_lecture,
    create_material,
    create_purchase,
    create_site_owner,
    create_student,
    create_teacher,
)

NOT_FOUND = {"detail": "Not found."}
NO_LONGER_VALID = {"detail": "This link is no longer valid."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
NO_DOCUMENT = {
    "file": [
        "Upload a PDF, a picture (JPEG, PNG or WebP), a Word, Excel or PowerPoint document without macros, "
        "or plain text."
    ]
}


@pytest.fixture
def lecture(app):
    return create_lecture()


@pytest.fixture
def teacher(api, lecture):
    return api.as_(lecture.topic.course.teacher)


def picture(kind):
    content = BytesIO()
    Image.new("RGB", (4, 4), "red").save(content, kind)
    return content.getvalue()


def archive(*parts):
    content = BytesIO()
    with ZipFile(content, "w") as zipped:
        for part in parts:
            zipped.writestr(part, "<x/>")
    return content.getvalue()


def form(lecture, content=PDF, name="ملزمة الباب الأول.pdf", **values):
    return {"lecture": str(lecture.id), "title": "ملزمة", "file": (BytesIO(content), name)} | values


def shown(material, url, **values):
    return {
        "id": material.id,
        "lecture": material.lecture_id,
        "lecture_name": material.lecture.name,
        "title": material.title,
        "file_url": url,
        "is_active": material.is_active,
        "created_at": iso_z(material.created_at),
    } | values


def stored(app, name):
    return Path(app.config["MEDIA_DIR"]) / name


def download(client, url):
    return client.get(url.removeprefix("http://localhost"))


def test_a_material_is_stored_and_downloaded_under_its_own_name(app, teacher, lecture):
    response = teacher.post("/api/materials/", data=form(lecture))

    material = db.session.get(StudyMaterial, response.json["id"])
    url = response.json["file_url"]
    assert (response.status_code, response.json) == (201, shown(material, url))
    assert url.startswith("http://localhost/files/")
    assert (material.file_name, material.is_active) == ("ملزمة الباب الأول.pdf", True)
    assert stored(app, material.file).read_bytes() == PDF
    with download(teacher, url) as file:
        assert (file.status_code, file.data) == (200, PDF)
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_assistants_and_owners_add_materials_too(api, lecture):
    for person in (create_assistant(lecture.topic.course.teacher), create_site_owner()):
        response = api.as_(person).post("/api/materials/", data=form(lecture, is_active="false"))

        assert (response.status_code, response.json["is_active"]) == (201, False)


def test_a_link_of_staff_works_for_an_hour(teacher, lecture):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        url = teacher.post("/api/materials/", data=form(lecture)).json["file_url"]

    statuses = []
    for minutes in (59, 61):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False), download(teacher, url) as file:
            statuses.append(file.status_code)
    assert statuses == [200, 403]


def test_a_link_of_staff_dies_when_the_account_is_blocked(api, lecture):
    teacher = lecture.topic.course.teacher
    client = api.as_(teacher)
    url = client.post("/api/materials/", data=form(lecture)).json["file_url"]
    with download(api, url) as before:
        assert before.status_code == 200
    teacher.user.is_active = False
    db.session.commit()

    response = download(api, url)

    assert (response.status_code, response.json) == (403, NO_LONGER_VALID)


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (PDF, "pdf"),
        (picture("PNG"), "png"),
        (picture("JPEG"), "jpg"),
        (picture("WEBP"), "webp"),
        (archive("[Content_Types].xml", "word/document.xml"), "docx"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (archive("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        ("ملخص الدرس: a < b".encode(), "txt"),
    ],
)
def test_the_bytes_decide_what_a_material_is(teacher, lecture, content, extension):
    response = teacher.post("/api/materials/", data=form(lecture, content, "ملخص.exe"))

    material = db.session.get(StudyMaterial, response.json["id"])
    assert (response.status_code, material.file_name) == (201, f"ملخص.{extension}")
    assert material.file.endswith(f".{extension}")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg'/>",
        b"hello <script src=x></script>",
        b"#!/bin/sh\nrm -rf /\n",
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02\x01\x01",
        b"text with a \x00 in it",
        b"\xff\xfe\xfd",
        b"\x89PNG\r\n\x1a\nbroken",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"PK\x03\x04broken",
        archive("evil.exe"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        # Of a version of the format that there is none of.
        archive("[Content_Types].xml", "word/document.xml").replace(b"\x01\x02\x14\x03\x14", b"\x01\x02\x14\x03\xff"),
    ],
)
def test_everything_else_is_refused_whatever_it_is_called(teacher, lecture, content):
    response = teacher.post("/api/materials/", data=form(lecture, content))

    assert (response.status_code, response.json) == (400, NO_DOCUMENT)
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 0


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"lecture": "987654"}, {"lecture": ['Invalid pk "987654" - object does not exist.']}),
        ({"lecture": "x"}, {"lecture": ["A valid integer is required."]}),
        ({"title": " "}, {"title": ["This field may not be blank."]}),
        ({"title": "x" * 256}, {"title": ["Ensure this field has no more than 255 characters."]}),
        (
            {"file": "no file"},
            {"file": ["The submitted data was not a file. Check the encoding type on the form."]},
        ),
        ({"file": (BytesIO(b""), "a.pdf")}, {"file": ["The submitted file is empty."]}),
        ({"is_active": "x"}, {"is_active": ["Must be a valid boolean."]}),
    ],
)
def test_bad_values_are_refused(teacher, lecture, values, messages):
    response = teacher.post("/api/materials/", data=form(lecture) | values)

    assert (response.status_code, response.json) == (400, messages)


def test_lecture_title_and_file_are_required(teacher):
    response = teacher.post("/api/materials/", {})

    required = ["This field is required."]
    assert (response.status_code, response.json) == (400, {"lecture": required, "title": required, "file": required})


def test_a_material_cannot_be_added_to_another_teachers_lecture(teacher):
    other = create_lecture()

    response = teacher.post("/api/materials/", data=form(other))

    assert response.status_code == 400
    assert response.json == {"lecture": [f'Invalid pk "{other.id}" - object does not exist.']}


@pytest.mark.parametrize(
    ("uploaded", "name"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\me\\ورقة.docx", "ورقة.pdf"),
        ('a"b\r\nX: y.pdf', "abX y.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.pdf"),
        ("...", "material.pdf"),
        ("", "material.pdf"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_download_names_are_harmless(uploaded, name):
    assert download_name(uploaded, "pdf") == name


def test_the_list_shows_own_materials(api, lecture):
    first, second = create_material(lecture), create_material(lecture, is_active=False)
    create_material()

    for person in (lecture.topic.course.teacher, create_assistant(lecture.topic.course.teacher)):
        response = api.as_(person).get("/api/materials/")

        assert response.status_code == 200
        urls = [item["file_url"] for item in response.json["results"]]
        assert all(url.startswith("http://localhost/files/") for url in urls)
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [shown(first, urls[0]), shown(second, urls[1])],
        }


def test_the_list_is_narrowed_to_a_lecture(teacher, lecture):
    material = create_material(lecture)
    create_material(create_lecture(topic=lecture.topic))

    results = teacher.get(f"/api/materials/?lecture={lecture.id}").json["results"]

    assert [item["id"] for item in results] == [material.id]


def test_the_list_takes_two_statements_however_many_materials_there_are(teacher, lecture):
    counts = []
    for _ in range(2):
        create_material(lecture)
        create_material(create_lecture(topic=lecture.topic))
        with counted_statements() as statements:
            teacher.get("/api/materials/")
        counts.append(len(statements))

    assert counts == [2, 2]


def test_a_material_takes_two_statements(teacher, lecture):
    material = create_material(lecture)

    with counted_statements() as statements:
        response = teacher.get(f"/api/materials/{material.id}/")

    assert (response.status_code, response.json) == (200, shown(material, response.json["file_url"]))
    assert len(statements) == 2


def test_a_material_is_changed_and_its_old_file_removed(app, teacher, lecture):
    created = teacher.post("/api/materials/", data=form(lecture)).json
    before = db.session.get(StudyMaterial, created["id"]).file

    response = teacher.patch(
        f"/api/materials/{created['id']}/",
        data={"title": "جديد", "is_active": "false", "file": (BytesIO(picture("PNG")), "لوحة.png")},
    )

    db.session.expire_all()
    material = db.session.get(StudyMaterial, created["id"])
    assert (response.status_code, response.json) == (200, shown(material, response.json["file_url"]))
    assert (material.title, material.is_active, material.file_name) == ("جديد", False, "لوحة.png")
    assert [stored(app, name).exists() for name in (before, material.file)] == [False, True]


def test_a_refused_file_leaves_the_one_before(app, teacher, lecture):
    created = teacher.post("/api/materials/", data=form(lecture)).json

    response = teacher.patch(f"/api/materials/{created['id']}/", data={"file": (BytesIO(b"<p>"), "a.pdf")})

    assert (response.status_code, response.json) == (400, NO_DOCUMENT)
    assert stored(app, db.session.get(StudyMaterial, created["id"]).file).exists()


def test_a_material_stays_in_its_lecture(teacher, lecture):
    material = create_material(lecture)
    other = create_lecture(topic=lecture.topic)

    response = teacher.patch(f"/api/materials/{material.id}/", {"lecture": other.id})

    assert response.status_code == 400
    assert response.json == {"lecture": [f'Invalid pk "{other.id}" - object does not exist.']}


def test_a_deleted_material_takes_its_file_along(app, teacher, lecture):
    created = teacher.post("/api/materials/", data=form(lecture)).json
    name = db.session.get(StudyMaterial, created["id"]).file

    response = teacher.delete(f"/api/materials/{created['id']}/")

    assert (response.status_code, response.data) == (204, b"")
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 0
    assert not stored(app, name).exists()


def test_a_deleted_lecture_takes_its_files_along(app, teacher, lecture):
    created = teacher.post("/api/materials/", data=form(lecture)).json
    name = db.session.get(StudyMaterial, created["id"]).file

    assert teacher.delete(f"/api/lectures/{lecture.id}/").status_code == 204

    assert not stored(app, name).exists()


def test_other_teachers_materials_are_not_found(api, lecture):
    material = create_material(lecture)
    stranger = api.as_(create_teacher())

    responses = [
        stranger.get(f"/api/materials/{material.id}/"),
        stranger.patch(f"/api/materials/{material.id}/", {"title": None}),
        stranger.delete(f"/api/materials/{material.id}/"),
    ]

    assert [(response.status_code, response.json) for response in responses] == [(404, NOT_FOUND)] * 3


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


def test_a_file_larger_than_the_limit_is_refused_and_not_kept(app, teacher, lecture, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10_000)
    folder = stored(app, "materials")
    before = set(folder.glob("*"))

    response = teacher.post("/api/materials/", data=form(lecture, PDF + b"x" * 20_000))

    assert (response.status_code, response.json) == (413, {"detail": "The request body is too large."})
    assert set(folder.glob("*")) == before
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 0


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


@pytest.mark.parametrize("query", ["lecture"])
def test_a_filter_that_is_no_number_is_a_bad_query(teacher, query):
    response = teacher.get(f"/api/materials/?{query}=x")

    assert (response.status_code, response.json) == (400, {query: ["A valid integer is required."]})
