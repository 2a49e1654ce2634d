"""axe-core over every page of the console: nothing that keeps people from using it, whatever they read and see with.

Pages are those of the menu and those that are pictured: a new one is looked at as soon as it stands in either.
Not collected with the other tests, because it takes minutes: `make accessibility`, which CI runs as well.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from edutrack.core.extensions import db
from edutrack.demo.people import OWNER
from edutrack.demo.school import build_demo_school
from tests.owner.conftest import DESK, PHONE, sign_in_on
from tests.owner.screenshots import PAGES, PASSWORD

pytestmark = pytest.mark.concurrency

#: How bad a finding must be to count.
BAD = ("serious", "critical")
#: Who reads: the language, width and colour scheme of each; of any two of these every pair is among them.
READERS = [("ar", PHONE, "light"), ("ar", DESK, "dark"), ("en", PHONE, "dark"), ("en", DESK, "light")]
#: Rows of a table are alike: of long ones the first are looked at.
KEEP_FEW_ROWS = "() => document.querySelectorAll('tbody tr:nth-child(n+6)').forEach(row => row.remove())"


@pytest.fixture
def school(committing_app):
    build_demo_school(PASSWORD)
    db.session.commit()


def findings(page, within="html"):
    """Return what is wrong with the page, or a part of it, as it is shown now: rule, element and what to do."""
    violations = Axe().run(page, within, {"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{found['id']}: {node['html'][:200]} {node['failureSummary']}"
        for found in violations
        if found["impact"] in BAD
        for node in found["nodes"]
    ]


def findings_in_questions(page):
    """Return what is wrong with what the page's buttons open, one after the other."""
    found = []
    for opener in page.locator("main [popovertarget]:not([popovertargetaction])").all():
        opener.click()
        found += findings(page, ":popover-open")
        page.keyboard.press("Escape")
    return found


@pytest.mark.parametrize(("language", "viewport", "scheme"), READERS, ids=lambda value: str(value)[:14])
def test_no_page_keeps_anybody_out(school, open_browser, language, viewport, scheme):
    page = open_browser(viewport=viewport, color_scheme=scheme)
    page.goto("/owner/login/")
    if language != "ar":
        page.locator(f"button[name=language][value={language}]").click()
    wrong = {"sign-in": findings(page)}
    sign_in_on(page, OWNER, PASSWORD)
    in_menu = page.locator("#menu nav a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    if viewport == PHONE:
        page.locator(".menu-button").click()
        wrong["menu"] = findings(page, "#menu")

    for path in dict.fromkeys([*in_menu, *PAGES.values()]):
        page.goto(path)
        page.evaluate(KEEP_FEW_ROWS)
        wrong[path] = findings(page) + findings_in_questions(page)

    assert len(wrong) > 20
    assert {place: found for place, found in wrong.items() if found} == {}


def test_what_keeps_people_out_is_found(signed_in_page):
    page = signed_in_page("en")
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML(
            "beforeend", "<input><p class=pale>pale</p><button></button>"
        )"""
    )
    page.evaluate("document.querySelector('.pale').style.color = 'rgb(200 200 200)'")

    assert {finding.split(":")[0] for finding in findings(page)} == {"label", "color-contrast", "button-name"}
