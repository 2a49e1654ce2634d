"""What the tests of the pages about people share."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.owner.console.ticks import tick_of
from tests.api import counted_statements
from tests.owner.console import LANGUAGE, Console, token_of

TEACHERS, STUDENTS, QUEUE = "/owner/teachers/", "/owner/students/", "/owner/verification/"
ASSISTANTS, ACCOUNTS = "/owner/assistants/", "/owner/accounts/"
_LEFT = pytest.StashKey[dict[str, Any]]()


def english_console(app: Flask, owner: Any) -> Console:
    """Return a console on which a site owner has signed in, who reads English."""
    visitor = Console(app)
    visitor.post(LANGUAGE, {"language": "en"})
    visitor.sign_in(owner)
    return visitor


def flashed(console: Console, page: Any) -> list[str]:
    """Return what the page that a response leads to says over its content."""
    text = console.get(page.location).text
    return re.findall(r'<div class="alert alert-\w+" role="status"><bdi>(.*?)</bdi>', text)


def errors_at(page: Any, name: str) -> list[str]:
    """Return the messages that stand at a field of a page's form."""
    found = re.search(rf'<label for="{name}">(.*?)(?=<label for=|</fieldset>|</form>)', page.text, re.DOTALL)
    assert found, page.text
    return re.findall(r'<p class="error"><bdi>(.*?)</bdi></p>', found[1])


def plain(markup: str) -> str:
    """Return a piece of a page without its elements."""
    apart = re.sub(r"<br>|</d[td]>", " ", markup)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", apart)).split())


def rows_in(text: str, key: str) -> list[list[str]]:
    """Return the cells of a page's table, by the id of its heading; those with buttons are left out."""
    found = re.search(rf'<table class="list" aria-labelledby="{key}">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", found[1], re.DOTALL) if found else []
    return [[plain(cell) for cell in re.findall(r"<td data-label=[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def rows_of(model: Any, *, without: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return a table's rows as plain values, but for the columns that differ from one run to the next."""
    columns = [column for column in model.__table__.columns if column.name not in without]
    return [dict(row._mapping) for row in db.session.execute(select(*columns).order_by(model.id))]


def statements_of(console: Console, path: str) -> int:
    """Return how many statements a page takes."""
    with counted_statements() as statements:
        assert console.get(path).status_code == 200
    return len(statements)


def ticks(*students: Any) -> list[str]:
    """Return what the boxes of these students send, from a page that is shown now."""
    return [tick_of(student) for student in students]


def left_by_both(request: pytest.FixtureRequest, left: Any) -> bool:
    """Return whether this run of a test has left the same as the first one did, which is written down."""
    kept = request.config.stash.setdefault(_LEFT, {})
    return bool(kept.setdefault(request.node.originalname, left) == left)


def sent_again(console: Console, path: str, form: dict[str, Any]) -> Callable[[], Any]:
    """Open a page's form, and return what sends it, filled in, with the token that it was shown with."""
    page = console.get(path)
    shown = re.search(r'name="form_token"[^>]* value="([^"]+)"', page.text)
    assert shown, page.text
    values = form | {"form_token": shown[1]}
    return lambda: console.post(path, values, token=token_of(page))
