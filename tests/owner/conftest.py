"""Who uses the console in tests: an owner over HTTP, and Chromium, driven by Playwright against a served process."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from edutrack.accounts.models import User
from tests.factories import PASSWORD, create_site_owner
from tests.owner.console import Console
from tests.owner.people import english_console

#: Widths of a phone and of a desk.
PHONE, DESK = {"width": 375, "height": 780}, {"width": 1440, "height": 900}

# Chromium calls home for updates, suggestions and certificates unless it is told not to.
_QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
]


@pytest.fixture
def owner(app: Flask) -> User:
    """A site owner."""
    return create_site_owner()


@pytest.fixture
def console(app: Flask, owner: User) -> Console:
    """A console on which the owner has signed in, who reads English."""
    return english_console(app, owner)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; where none is installed the test is skipped, and on CI it fails."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        missing = "Chromium is not installed: apt-get install chromium fonts-noto-core"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root.
        browser = playwright.chromium.launch(executable_path=binary, chromium_sandbox=os.geteuid() != 0, args=_QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium, served) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page with a profile of its own, whose base is the served process.

    Whatever the page's policy refuses, a script's error, or a request to another host fails the test in the end.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    home = str(served.base_url).rstrip("/")

    def open_page(viewport=DESK, **options) -> Page:
        context = chromium.new_context(base_url=home, viewport=viewport, locale="en-GB", **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda message: complaints.append(message.text) if _is_refusal(message.text) else None)
        page.on("request", lambda request: complaints.append(request.url) if _leaves(request.url, home) else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _is_refusal(text: str) -> bool:
    return bool(re.search("Content Security Policy|Refused to", text))


def _leaves(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:", "about:"))


@pytest.fixture
def site_owner(committing_app):
    """The site owner that `signed_in_page` signs in."""
    return create_site_owner(username="manager")


@pytest.fixture
def signed_in_page(open_browser, site_owner) -> Callable[..., Page]:
    """Return a function that opens a page on which the site owner is signed in, reading Arabic or English."""

    def sign_in(language: str = "ar", **options) -> Page:
        page = open_browser(**options)
        sign_in_on(page, site_owner.username, PASSWORD, language)
        return page

    return sign_in


def sign_in_on(page: Page, username: str, password: str, language: str = "ar") -> None:
    """Sign in on a page that shows nothing yet, in a language."""
    page.goto("/owner/login/")
    if language != "ar":
        page.locator(f"button[name=language][value={language}]").click()
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("form .primary").click()
    page.wait_for_url("**/owner/")


#: A table may be scrolled inside its card, but nobody finds what is beyond the edge.
_OVERFLOWS = """() => [document.documentElement, ...document.querySelectorAll(".table-card")]
    .some(part => part.scrollWidth > part.clientWidth)"""


def too_wide(page: Page, paths: Iterable[str]) -> list[tuple[str, int]]:
    """Return which of these pages do not fit into a window as wide as a phone's or a desk's, and into which."""
    found = []
    for path in paths:
        page.goto(path)
        for viewport in (PHONE, DESK):
            page.set_viewport_size(viewport)
            if page.evaluate(_OVERFLOWS):
                found.append((path, viewport["width"]))
    return found
