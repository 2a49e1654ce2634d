"""The console speaks Arabic whole: every text that the code and the templates hold has its Arabic, compiled."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import edutrack
from edutrack.owner.console.language import translated
from edutrack.owner.console.wording import MESSAGES, PATTERNS
from tests.owner.console import LOGIN

PACKAGE = Path(edutrack.__file__).parent
CATALOGUE = PACKAGE / "translations" / "ar" / "LC_MESSAGES"
METHODS = [("owner/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "_marked": None, "ngettext": (1, 2)}


@pytest.fixture(scope="module")
def catalogue():
    return read_po(BytesIO((CATALOGUE / "messages.po").read_bytes()), locale="ar")


def texts_of_the_code():
    found = extract_from_dir(PACKAGE, METHODS, {"templates/**.html": {"trimmed": "true"}}, keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def test_every_text_has_its_arabic(catalogue):
    texts = texts_of_the_code()

    assert len(texts) > 50
    assert sorted(text for text in texts if text not in catalogue or not catalogue[text].string) == []


def test_the_catalogue_holds_nothing_that_no_page_says(catalogue):
    texts = texts_of_the_code()

    assert sorted(message.id for message in catalogue if message.id and message.id not in texts) == []


def test_every_translation_is_sure_and_names_what_the_english_names(catalogue):
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert [(message.id, list(message.check())) for message in catalogue if message.id and list(message.check())] == []


def test_the_compiled_catalogue_is_that_of_the_texts(catalogue):
    compiled = read_mo(BytesIO((CATALOGUE / "messages.mo").read_bytes()))

    assert spoken(compiled) == spoken(catalogue)


def spoken(catalogue):
    """Return each text with what is said for it; one with a plural goes by its singular."""
    texts = [message for message in catalogue if message.id]
    return {message.id[0] if message.pluralizable else message.id: list(message.string) for message in texts}


@pytest.fixture
def in_arabic(app):
    with app.test_request_context(LOGIN):
        yield


@pytest.mark.parametrize("message", MESSAGES)
def test_what_services_say_is_said_in_arabic(in_arabic, message):
    assert any("\u0600" <= letter <= "\u06ff" for letter in translated(message))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Ensure this field has no more than 255 characters.", "لا يُسمح بأكثر من 255 حرفًا."),
        ("Ensure this value is greater than or equal to 1.", "يجب ألا تقل القيمة عن 1."),
        ('"x%(y)s" is not a valid choice.', "«x%(y)s» ليس من الخيارات المتاحة."),
        ("الفيزياء is not taught in الصف الأول.", "مادة الفيزياء لا تُدرَّس في الصف الأول."),
        ("Nobody has translated this: 100%.", "Nobody has translated this: 100%."),
        ("", ""),
    ],
)
def test_names_and_numbers_stay_in_their_place(in_arabic, message, said):
    assert translated(message) == said


def test_every_pattern_names_what_its_translation_needs():
    assert all(text.count("%(") <= pattern.count("(?P<") for pattern, text in PATTERNS)
