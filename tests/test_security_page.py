"""SECURITY.md is true: each test that it names is there, and each requirement is either claimed or not."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


def test_each_named_test_exists():
    files = {file: TESTS / file for file, _ in NAMED}
    sources = {file: path.read_text(encoding="utf-8") if path.is_file() else "" for file, path in files.items()}

    missing = [
        f"{file}::{name}" for file, name in NAMED if not re.search(rf"^ *def {name}\(", sources[file], re.MULTILINE)
    ]

    assert missing == []
    assert len(NAMED) > 60


def test_every_row_names_a_test():
    heads = re.compile(r"\| (---|threat|requirement) ")
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and not heads.match(line)]

    assert [row for row in rows if not re.search(r"`[\w/]+\.py::\w+`", row)] == []


def test_no_requirement_is_claimed_and_not_claimed():
    claims, _, others = PAGE.partition("## OWASP ASVS 5.0")[2].partition("Not claimed, and why:")
    claimed, unclaimed = (re.findall(r"\b\d+\.\d+\.\d+\b", part) for part in (claims, others))

    assert len(claimed) == len(set(claimed))
    assert set(claimed) & set(unclaimed) == set()
