"""The site's settings: name, logo and the instructions on cards."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.owner.models import SiteSettings
from tests.owner.batches import create_batch
from tests.owner.console import LOGIN, Console

SETTINGS = "/owner/settings/"
DEFAULTS = {"site_name": "EduTrack", "card_instructions": "اكشط المربع وامسح الرمز، أو أدخل الكود في"}


@pytest.fixture
def media(app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "MEDIA_DIR", str(tmp_path))
    return tmp_path


def picture(kind="PNG", size=(1600, 400)):
    content, exif = BytesIO(), Image.Exif()
    exif[ExifTags.Base.Artist] = "somebody"
    Image.new("RGB", size, "red").save(content, kind, exif=exif)
    content.seek(0)
    return content, f"logo.{kind.lower()}"


def save(console, *, token=None, **values):
    return console.post(SETTINGS, DEFAULTS | values, token=token)


def kept():
    db.session.expire_all()
    settings = db.session.scalars(select(SiteSettings)).one()
    return settings.site_name, settings.logo, settings.card_instructions


def recorded():
    entries = db.session.scalars(select(AuditEntry).filter_by(verb="settings.changed").order_by(AuditEntry.id))
    return [(entry.actor_id, entry.target_type, entry.target_id, entry.details) for entry in entries]


def files_in(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


class TestDefaults:
    def test_a_fresh_installation_is_called_by_the_products_name(self, console):
        page = console.get(SETTINGS).text

        assert kept() == (DEFAULTS["site_name"], None, DEFAULTS["card_instructions"])
        assert 'name="site_name" type="text" value="EduTrack"' in page
        assert DEFAULTS["card_instructions"] in page


class TestChanging:
    def test_name_and_instructions_are_changed_and_recorded(self, console, owner):
        response = save(console, site_name=" أكاديمية  النور ", card_instructions="اكشط ثم\r\nامسح الرمز")

        assert (response.status_code, response.location) == (303, SETTINGS)
        assert kept() == ("أكاديمية النور", None, "اكشط ثم امسح الرمز")
        assert recorded() == [
            (
                owner.id,
                "site_settings",
                1,
                {"site_name": "أكاديمية النور", "card_instructions": "اكشط ثم امسح الرمز"},
            )
        ]
        assert "The settings have been saved." in console.get(SETTINGS).text

    def test_the_name_stands_in_the_frame_the_title_and_over_the_sign_in_form(self, app, console):
        save(console, site_name="<أكاديمية>")

        pages = [console.get("/owner/").text, Console(app).get(LOGIN).text]

        assert [page.count("<bdi>&lt;أكاديمية&gt;</bdi>") for page in pages] == [2, 1]
        assert all("· &lt;أكاديمية&gt;</title>" in page for page in pages)
        assert not any("EduTrack" in page for page in pages)

    def test_name_and_instructions_stand_on_cards(self, console):
        save(console, site_name="أكاديمية النور", card_instructions="امسح الرمز بهاتفك")
        batch, _ = create_batch(1)

        page = console.get(f"/owner/batches/{batch.id}/print/").text

        assert '<div class="site_name"><bdi>أكاديمية النور</bdi></div>' in page
        assert '<div class="instructions">امسح الرمز بهاتفك</div>' in page

    def test_what_is_as_it_was_is_no_change(self, console):
        assert save(console).status_code == 303

        assert recorded() == []

    def test_sent_twice_it_is_recorded_once(self, console):
        save(console, site_name="النور")
        save(console, site_name="النور")

        assert len(recorded()) == 1

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"site_name": " "}, "This field may not be blank."),
            ({"site_name": "x" * 41}, "Ensure this field has no more than 40 characters."),
            ({"site_name": "a\0b"}, "Null characters are not allowed."),
            ({"card_instructions": ""}, "This field may not be blank."),
            ({"card_instructions": "x" * 81}, "Ensure this field has no more than 80 characters."),
            ({"logo": (BytesIO(b"GIF89a"), "logo.gif")}, "Upload a valid image."),
            ({"logo": (BytesIO(b""), "logo.png")}, "The submitted file is empty."),
        ],
    )
    def test_bad_input_is_said_at_its_field_and_changes_nothing(self, console, media, values, message):
        response = save(console, **({"site_name": "new"} | values))

        assert response.status_code == 400
        assert re.search(rf'<div class="field wrong">(?:(?!<div).)*{re.escape(message)}', response.text, re.DOTALL)
        assert (kept()[0], recorded(), files_in(media)) == ("EduTrack", [], [])


class TestLogo:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    def test_a_logo_is_encoded_anew_made_smaller_and_shown(self, console, media, owner, kind):
        assert save(console, logo=picture(kind)).status_code == 303

        (file,) = files_in(media)
        with Image.open(file) as stored:
            assert (stored.format, stored.size, dict(stored.getexif())) == (kind, (800, 200), {})
        assert recorded() == [(owner.id, "site_settings", 1, {"logo": "replaced"})]
        assert f'class="logo" src="http://localhost/media/pictures/{file.name}"' in console.get(SETTINGS).text

    def test_it_stands_on_cards_in_place_of_the_name(self, console, media):
        save(console, logo=picture())
        batch, _ = create_batch(1)

        page = console.get(f"/owner/batches/{batch.id}/print/").text

        assert '<img class="logo" src="data:image/png;base64,' in page
        assert 'class="site_name"' not in page

    def test_another_takes_its_place_and_its_file_goes(self, console, media):
        save(console, logo=picture())
        (first,) = files_in(media)

        save(console, logo=picture())

        (second,) = files_in(media)
        assert first != second

    def test_it_is_kept_where_nothing_is_chosen(self, console, media):
        save(console, logo=picture())

        save(console, site_name="النور")

        assert len(files_in(media)) == 1
        assert kept()[1] is not None

    def test_it_is_removed_with_its_file(self, console, media):
        save(console, logo=picture())

        save(console, logo="")

        assert (kept()[1], files_in(media)) == (None, [])
        assert recorded()[1][3] == {"logo": "removed"}

    def test_where_its_file_is_lost_cards_carry_the_name(self, console, media):
        save(console, logo=picture())
        files_in(media)[0].unlink()
        batch, _ = create_batch(1)

        page = console.get(f"/owner/batches/{batch.id}/print/").text

        assert '<div class="site_name"><bdi>EduTrack</bdi></div>' in page


def test_without_the_token_of_the_page_nothing_changes(console):
    assert save(console, site_name="النور", token="").status_code == 400

    assert kept()[0] == "EduTrack"


def test_a_page_that_cannot_ask_for_the_name_is_shown_all_the_same(console, monkeypatch):
    def fail():
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("edutrack.owner.console.rendering.site_settings", fail)

    assert "<bdi>EduTrack</bdi>" in console.get("/owner/nowhere/").text
