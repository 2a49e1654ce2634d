"""What the tests of study materials share: a form, an answer, a file."""

from io import BytesIO
from pathlib import Path

from edutrack.core.fields import iso_z

NOT_FOUND = {"detail": "Not found."}
NO_LONGER_VALID = {"detail": "This link is no longer valid."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


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
