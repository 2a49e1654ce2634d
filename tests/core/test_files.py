"""Stored files: their names, their links, and how they are served."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select, update

from edutrack.accounts.models import Session
from edutrack.core import clock
from edutrack.core.errors import Rejected
from edutrack.core.extensions import db
from edutrack.core.files import public_url, remove_file, save_file, signed_url, stored_file
from tests.api import access_token
from tests.factories import create_assistant, create_site_owner, create_student, create_teacher

RUN = "/api/trial/run/"


def stored(app, name):
    return Path(app.config["MEDIA_DIR"]) / name


def link_of(app, name="materials/a.pdf", download_name="ملخص.pdf", minutes=60, holder=None):
    """Return the path of a link to a new file, given to a holder of staff in a session of theirs."""
    holder = holder or create_site_owner()
    access_token(holder)
    session_id = db.session.scalar(select(func.max(Session.id)).where(Session.user_id == holder.id))
    path = stored(app, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"content")
    with app.test_request_context():
        end = clock.now() + timedelta(minutes=minutes)
        return signed_url(name, download_name, end, user_id=holder.id, session_id=session_id)


def test_a_file_gets_a_name_of_the_servers_making(app):
    with app.test_request_context():
        names = {save_file(BytesIO(b"same"), "materials", "pdf") for _ in range(2)}

    assert len(names) == 2
    for name in names:
        assert name.startswith("materials/")
        assert name.endswith(".pdf")
        assert stored(app, name).read_bytes() == b"same"


def test_a_file_that_cannot_be_written_to_its_end_goes_again(api, app, in_view):
    class Broken(BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError("No space left on device")
            return super().read(1)

    folder = Path(app.config["MEDIA_DIR"]) / "materials"
    before = set(folder.glob("*"))
    in_view(lambda: save_file(Broken(b"content"), "materials", "pdf"))

    assert api.post(RUN).status_code == 500
    assert set(folder.glob("*")) == before


def test_a_file_of_a_failed_request_goes_again(api, app, in_view):
    names = []

    def work():
        names.append(save_file(BytesIO(b"x"), "materials", "pdf"))
        assert stored(app, names[0]).exists()
        raise Rejected("No.")

    in_view(work)

    assert api.post(RUN).status_code == 400
    assert not stored(app, names[0]).exists()


@pytest.mark.parametrize(("fails", "exists"), [(True, True), (False, False)])
def test_a_removed_file_goes_with_the_commit(api, app, in_view, fails, exists):
    link_of(app, "materials/old.pdf")

    def work():
        remove_file("materials/old.pdf")
        if fails:
            raise Rejected("No.")
        return {}

    in_view(work)
    api.post(RUN)

    assert stored(app, "materials/old.pdf").exists() is exists


def test_a_picture_is_public_under_an_absolute_url(api, app):
    path = stored(app, "public/pictures/a.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    with app.test_request_context():
        url = public_url("public/pictures/a.png")

    response = api.get("/media/pictures/a.png")

    assert url == "http://localhost/media/pictures/a.png"
    assert (response.status_code, response.data) == (200, b"picture")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    response.close()


def test_no_picture_has_no_url(app):
    assert public_url(None) is None


@pytest.mark.parametrize(
    "path", ["../materials/a.pdf", "..%2fmaterials/a.pdf", "pictures/../../materials/a.pdf", "/etc/passwd", "a\0b"]
)
def test_nothing_beside_the_pictures_is_served_to_everybody(api, app, path):
    link_of(app)

    assert api.get(f"/media/{path}").status_code == 404


def test_a_signed_link_serves_an_attachment(api, app):
    response = api.get(link_of(app))

    assert (response.status_code, response.data) == (200, b"content")
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%D9%85%D9%84%D8%AE%D8%B5.pdf" in response.headers["Content-Disposition"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-store"
    response.close()


def test_a_part_of_a_file_can_be_asked_for(api, app):
    response = api.get(link_of(app), headers={"Range": "bytes=3-4"})

    assert (response.status_code, response.data) == (206, b"te")
    assert response.headers["Content-Range"] == "bytes 3-4/7"
    response.close()


def test_a_link_ends_with_its_time(api, app):
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as traveller:
        link = link_of(app, minutes=60)
        traveller.shift(timedelta(minutes=59, seconds=59))
        before = api.get(link)
        traveller.shift(timedelta(seconds=1))
        after = api.get(link)

    assert (before.status_code, after.status_code) == (200, 403)
    before.close()


def _end_sessions(user):
    db.session.execute(update(Session).where(Session.user_id == user.id).values(ended_at=clock.now()))


def _block(user):
    user.is_active = False


CREATE = {"site owner": create_site_owner, "teacher": create_teacher, "assistant": create_assistant}


@pytest.mark.parametrize("create", CREATE.values(), ids=CREATE)
@pytest.mark.parametrize("end", [_end_sessions, _block])
def test_a_link_ends_with_the_session_and_the_account_of_its_holder(api, app, create, end):
    person = create()
    user = getattr(person, "user", person)
    link = link_of(app, holder=user)
    before = api.get(link)
    end(user)
    db.session.commit()

    after = api.get(link)

    assert (before.status_code, after.status_code) == (200, 403)
    assert after.json == {"detail": "This link is no longer valid."}
    before.close()


def test_a_link_of_an_assistant_ends_with_the_teachers_account(api, app):
    assistant = create_assistant()
    link = link_of(app, holder=assistant.user)
    assistant.teacher.user.is_active = False
    db.session.commit()

    assert api.get(link).status_code == 403


def test_a_link_of_staff_is_for_staff_alone(api, app):
    assert api.get(link_of(app, holder=create_student().user)).status_code == 403


def test_a_link_without_a_session_is_worth_nothing(api, app):
    link_of(app)
    with app.test_request_context():
        link = signed_url(
            "materials/a.pdf",
            "a.pdf",
            clock.now() + timedelta(hours=1),
            user_id=create_site_owner().id,
            session_id=None,
        )

    assert api.get(link).status_code == 403


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: "x" + token, lambda token: "e30.x"])
def test_a_changed_link_is_worth_nothing(api, app, change):
    token = link_of(app).split("/files/")[1].rstrip("/")

    assert api.get(f"/files/{change(token)}/").status_code == 403


def test_a_file_that_is_gone_is_not_found(api, app):
    link = link_of(app)
    stored(app, "materials/a.pdf").unlink()

    assert api.get(link).status_code == 404


def test_a_stored_file_without_a_download_name_is_shown(app):
    link_of(app)
    with app.test_request_context():
        response = stored_file("materials/a.pdf")

    assert response.headers["Content-Disposition"].startswith("inline")
    response.close()


def test_uploads_are_refused_to_strangers(api):
    create_site_owner()

    response = api.post("/api/trial/pictures/", data={"document": (BytesIO(b"x"), "a.png")})

    assert response.status_code == 401
