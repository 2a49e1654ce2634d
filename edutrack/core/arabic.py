"""Folding of Arabic text, the same in Python and in PostgreSQL, so that a search finds a name however it was typed."""

import re
import unicodedata

_DIGITS = {
    **{chr(0x0660 + value): str(value) for value in range(10)},
    **{chr(0x06F0 + value): str(value) for value in range(10)},
}

# Egyptian typists leave out hamzas, write a final yeh without dots and a teh marbuta as a heh; keyboards made for
# Persian or Urdu send look-alikes of the Arabic yeh, kaf and heh.
_LETTERS = {
    **dict.fromkeys("أإآٱٲٳٵ", "ا"),
    **dict.fromkeys("ةہھەۀۂۃ", "ه"),
    **dict.fromkeys("ىئیېےۓ", "ي"),
    "ؤ": "و",
    **dict.fromkeys("کڪ", "ك"),
}

_EVERYDAY = _LETTERS | _DIGITS

_LAM_ALEF_AND_ALLAH = {"\ufdf2", *map(chr, range(0xFEF5, 0xFEFD))}


def _rare_characters() -> dict[str, str]:
    """Return what stands for capitals beyond ASCII and for the shaped Arabic letters that PDF files give when copied.

    Unicode keeps case pairs and decompositions once they are published, so newer versions of Python give the same.
    """
    replacements = {}
    for code in range(0x00C0, 0x0530):
        lowered = chr(code).lower()
        if len(lowered) == 1 and lowered != chr(code):
            replacements[chr(code)] = lowered
    # The two letters of these blocks whose lower case is not a plain one-to-one pair.
    replacements |= {"İ": "i", "ς": "σ"}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE80, 0xFEFD)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain != chr(code) and (len(plain) == 1 or chr(code) in _LAM_ALEF_AND_ALLAH):
            replacements[chr(code)] = plain
    return replacements


_RARE = _rare_characters()

# Python and PostgreSQL read these three patterns alike: nothing but code points, since classes such as \s depend on the
# collation of the database.
_RARE_PATTERN = r"[\u00C0-\u052F\uFB50-\uFDFF\uFE80-\uFEFC]"
_UNSEEN_PATTERN = (
    r"["
    r"\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED"  # vowel and Quranic marks
    r"\u08CA-\u08E1\u08E3-\u08FF\uFC5E-\uFC63\uFCF2-\uFCF4\uFE70-\uFE7F"  # more marks, and shaped ones
    r"\u0640"  # tatweel
    r"\u00AD\u061C\u200B-\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF"  # joiners, direction and other invisible marks
    r"]"
)
_SPACE_PATTERN = r"[\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+"

_EVERYDAY_TABLE = str.maketrans(
    _EVERYDAY | {capital: capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
)
_RARE_TABLE = str.maketrans(_RARE)
_DIGITS_TABLE = str.maketrans(_DIGITS)
_RARE_CHARACTER = re.compile(_RARE_PATTERN)
_UNSEEN = re.compile(_UNSEEN_PATTERN)
_SPACE = re.compile(_SPACE_PATTERN)
# A PostgreSQL text holds neither; kept in a search they would fail the statement instead of finding nothing.
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")


def fold_digits(text: str) -> str:
    """Return `text` with Arabic-Indic and Persian digits written as ASCII digits."""
    return text.translate(_DIGITS_TABLE)


def fold(text: str) -> str:
    """Return `text` in the form in which stored text and searches are compared.

    Latin, Greek and Cyrillic become lower case; hamza, teh marbuta, alef maksura and look-alike letters become the
    plain letter; digits become ASCII; vowel marks, tatweel and invisible characters go, and runs of white space become
    one blank. The SQL function `edutrack_fold` gives the same for every text that PostgreSQL can store.
    """
    text = _NOT_STORABLE.sub("", text)
    if _RARE_CHARACTER.search(text):
        text = text.translate(_RARE_TABLE)
    text = _UNSEEN.sub("", text.translate(_EVERYDAY_TABLE))
    return _SPACE.sub(" ", text).strip(" ")


def words(search: str) -> list[str]:
    """Return the folded words of a search, in order; an empty list where nothing is left to look for."""
    return fold(search).split()


def like_pattern(word: str) -> str:
    r"""Return the LIKE pattern that finds `word` anywhere, with `%`, `_` and `\` meaning themselves."""
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _translate(expression: str, replacements: dict[str, str]) -> str:
    """Return the SQL that replaces single characters of `expression` by single characters."""
    return f"translate({expression}, '{''.join(replacements)}', '{''.join(replacements.values())}')"


def _fold_function_sql() -> str:
    """Return the definition of `edutrack_fold`, built from the tables that `fold` uses."""
    rare = _translate("$1", {character: plain for character, plain in _RARE.items() if len(plain) == 1})
    for character, plain in _RARE.items():
        if len(plain) > 1:
            rare = f"replace({rare}, '{character}', '{plain}')"
    # translate() walks its whole table for each character, so the long one is kept from texts that do not need it.
    prepared = f"CASE WHEN $1 ~ '{_RARE_PATTERN}' THEN {rare} ELSE $1 END"
    # Collation "C" lowers ASCII and nothing else, whatever the provider and version of the database's own collation.
    everyday = _translate(f'lower(({prepared}) COLLATE "C")', _EVERYDAY)
    seen = f"regexp_replace({everyday}, '{_UNSEEN_PATTERN}', '', 'g')"
    return (
        "CREATE FUNCTION edutrack_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fold$\n"
        f"SELECT btrim(regexp_replace({seen}, '{_SPACE_PATTERN}', ' ', 'g'), ' ')\n"
        "$fold$"
    )


# Indexes store what the function returned: a change of the tables above needs a migration that replaces the function
# and rebuilds whatever was computed with it.
FOLD_FUNCTION_SQL: str = _fold_function_sql()
