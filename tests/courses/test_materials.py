"""Study materials: what may be one, and who keeps them."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import time_machine
from PIL import Image
from sqlalchemy import func, select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import StudyMaterial
from edutrack.courses.service.documents import download_name
from tests.api import counted_statements
from tests.courses.materials import NO_LONGER_VALID, NOT_FOUND, PDF, download, form, shown, stored
from tests.factories import (
    create_assistant,
    create_lecture,
    create_material,
    create_site_owner,
    create_teacher,
)

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


def test_a_file_larger_than_the_limit_is_refused_and_not_kept(app, teacher, lecture, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10_000)
    folder = stored(app, "materials")
    before = set(folder.glob("*"))

    response = teacher.post("/api/materials/", data=form(lecture, PDF + b"x" * 20_000))

    assert (response.status_code, response.json) == (413, {"detail": "The request body is too large."})
    assert set(folder.glob("*")) == before
    assert db.session.scalar(select(func.count()).select_from(StudyMaterial)) == 0


@pytest.mark.parametrize("query", ["lecture"])
def test_a_filter_that_is_no_number_is_a_bad_query(teacher, query):
    response = teacher.get(f"/api/materials/?{query}=x")

    assert (response.status_code, response.json) == (400, {query: ["A valid integer is required."]})
