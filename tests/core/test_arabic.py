"""Folding of Arabic text, in Python and in PostgreSQL."""

import random

import pytest
from sqlalchemy import create_engine, text

from edutrack.core.arabic import FOLD_FUNCTION_SQL, fold, fold_digits, like_pattern, words

SAME = {
    "hamza above alef": ("أحمد", "احمد"),
    "hamza below alef": ("إيمان", "ايمان"),
    "madda": ("آية", "ايه"),
    "alef wasla": ("ٱلله", "الله"),
    "teh marbuta": ("فاطمة", "فاطمه"),
    "alef maksura": ("مصطفى", "مصطفي"),
    "hamza on yeh": ("عائشة", "عايشه"),
    "hamza on waw": ("فؤاد", "فواد"),
    "letters of a Persian keyboard": ("کریم", "كريم"),
    "heh of an Urdu keyboard": ("ہشام", "هشام"),
    "vowel marks": ("مُحَمَّدٌ", "محمد"),
    "superscript alef": ("هٰذا", "هذا"),
    "combining hamza": ("ا\u0654حمد", "احمد"),
    "combining madda": ("ا\u0653ية", "ايه"),
    "tatweel": ("محمـــد", "محمد"),
    "shaped letters": ("\ufee3\ufea4\ufee4\ufeaa", "محمد"),
    "shaped lam-alef with hamza": ("\ufef7حمد", "لاحمد"),
    "shaped word for God": ("عبد \ufdf2", "عبد الله"),
    "Arabic-Indic digits": ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
    "Persian digits": ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
    "Latin capitals": ("AhMeD", "ahmed"),
    "Latin capitals with accents": ("ÉCOLE ŠÆ", "école šæ"),
    "Turkish dotted capital": ("İzmir", "izmir"),
    "sharp s": ("Straße", "straße"),
    "final sigma": ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
    "Cyrillic capitals": ("МИР", "мир"),
    "runs of white space": ("  منى \t\n\u00a0 علي  ", "مني علي"),
    "white space around marks": ("منى \u064e علي", "مني علي"),
    "direction marks": ("\u200fمنى\u200e", "مني"),
    "NUL and lone surrogates": ("من\x00ى\ud800", "مني"),
    "nothing but marks": ("\u064b ـ", ""),
    "letters that stay apart": ("ءبتجدسشصضطظعغ", "ءبتجدسشصضطظعغ"),
    "punctuation": ("a%_\\'\"-.(٪)", "a%_\\'\"-.(٪)"),
}


def texts_of_every_kind() -> list[str]:
    """Return every character of the blocks that names are written in, alone and in company, and random mixtures."""
    blocks = [(0x0001, 0x058F), (0x0600, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF), (0x2000, 0x206F)]
    blocks += [(0x1E00, 0x1EFF), (0x3000, 0x3000), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)]
    characters = [chr(code) for first, last in blocks for code in range(first, last + 1)]
    chance = random.Random(20)
    likely = "".join(before for before, _ in SAME.values()).replace("\x00", "").replace("\ud800", "")
    mixtures = ["".join(chance.choices(likely, k=12)) for _ in range(2000)]
    mixtures += ["".join(chance.choices(characters, k=12)) for _ in range(2000)]
    return ["", *characters, *(f"A{character} {character}ى" for character in characters), *mixtures]


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_folding_makes_variants_equal(before: str, after: str) -> None:
    assert fold(before) == after


def test_folding_twice_changes_nothing_more() -> None:
    for original in texts_of_every_kind():
        assert fold(fold(original)) == fold(original)


def test_folding_ignores_case_wherever_lower_case_is_one_character() -> None:
    for code in range(0x0020, 0x0530):
        if len(chr(code).lower()) == 1:
            assert fold(chr(code).lower()) == fold(chr(code)), hex(code)


def test_the_sql_function_gives_the_same_as_python(database_url: str) -> None:
    originals = texts_of_every_kind()
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            folded = connection.execute(
                text(
                    "SELECT edutrack_fold(original) FROM unnest(CAST(:originals AS text[]))"
                    " WITH ORDINALITY AS given(original, position) ORDER BY position"
                ),
                {"originals": originals},
            ).scalars()
            different = [
                (original, fold(original), in_sql)
                for original, in_sql in zip(originals, folded, strict=True)
                if in_sql != fold(original)
            ]
            nothing = connection.execute(text("SELECT edutrack_fold(NULL)")).scalar()
    finally:
        engine.dispose()
    assert different == []
    assert nothing is None


def test_the_sql_definition_passes_unchanged_through_statements_with_parameters() -> None:
    assert ":" not in FOLD_FUNCTION_SQL
    assert "%" not in FOLD_FUNCTION_SQL


@pytest.mark.parametrize("pattern_word", ["100%", "a_b", "back\\slash", "%_\\", "plain", "منى"])
def test_a_pattern_finds_its_word_and_takes_no_character_for_a_wildcard(pattern_word: str, database_url: str) -> None:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            statement = text("SELECT CAST(:hay AS text) LIKE CAST(:pattern AS text)")
            pattern = like_pattern(pattern_word)
            inside = connection.execute(statement, {"hay": f"x{pattern_word}y", "pattern": pattern}).scalar()
            lookalike = pattern_word.replace("%", "zz").replace("_", "z").replace("\\", "z")
            other = connection.execute(statement, {"hay": lookalike, "pattern": pattern}).scalar()
    finally:
        engine.dispose()
    assert inside is True
    assert other is (lookalike == pattern_word)


def test_patterns_escape_what_like_would_interpret() -> None:
    assert like_pattern("5%_\\") == "%5\\%\\_\\\\%"


def test_only_digits_change_where_only_digits_are_folded() -> None:
    assert fold_digits(" أحمد ٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ X ") == " أحمد 0123456789 0123456789 X "


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("  أحمد\tعليّ ", ["احمد", "علي"]),
        ("Mona\x00 ١٢", ["mona", "12"]),
        ("\x00", []),
        ("", []),
        (" \u064b ", []),
    ],
)
def test_a_search_is_split_into_folded_words(search: str, expected: list[str]) -> None:
    assert words(search) == expected
