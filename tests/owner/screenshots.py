"""Pictures of every page of the console, in both languages, on a phone and on a desk, of the demo school.

    make screenshots OUT=folder
    SCHEME=dark make screenshots OUT=folder

Not collected with the tests: it asserts nothing, people look at what it makes. A new page is added to PAGES.
"""

import os
from pathlib import Path

from edutrack.core.extensions import db
from edutrack.demo.people import OWNER
from edutrack.demo.school import build_demo_school
from tests.owner.conftest import DESK, PHONE, sign_in_on

PASSWORD = "a-decent-password"
#: File name to the page's address; each is opened by the demo school's owner.
PAGES = {
    "overview": "/owner/",
    "courses": "/owner/courses/",
    "courses-nothing": "/owner/courses/?search=nothing-like-it",
    "course": "/owner/courses/1/",
    "course-opened": "/owner/courses/1/?topic=1&lecture=1",
    "course-settings": "/owner/courses/1/edit/",
    "topic-new": "/owner/courses/1/topics/new/",
    "topic": "/owner/courses/topics/1/",
    "lecture-new": "/owner/courses/topics/1/lectures/new/",
    "lecture": "/owner/courses/lectures/1/",
    "video-new": "/owner/courses/lectures/1/videos/new/",
    "video": "/owner/courses/videos/1/",
    "material-new": "/owner/courses/lectures/1/materials/new/",
    "material": "/owner/courses/materials/1/",
    "requests": "/owner/enrollments/",
    "structure-grades": "/owner/structure/grades/",
    "structure-grade": "/owner/structure/grades/1/",
    "structure-subjects": "/owner/structure/subjects/",
    "structure-subject": "/owner/structure/subjects/1/",
    "structure-divisions": "/owner/structure/divisions/",
    "structure-areas": "/owner/structure/areas/",
    "structure-video-security": "/owner/structure/video-security/",
    "course-new": "/owner/courses/new/",
    "course-new-of-teacher": "/owner/courses/new/?teacher=1",
    "codes": "/owner/codes/",
    "codes-new": "/owner/codes/new/",
    "codes-batch": "/owner/codes/batches/1/",
    "codes-batch-void": "/owner/codes/batches/1/void/",
    "codes-range": "/owner/codes/batches/1/void-range/",
    "codes-range-refused": "/owner/codes/batches/1/void-range/?first=9&last=1",
    "codes-range-confirm": "/owner/codes/batches/1/void-range/1-30/",
    "code": "/owner/codes/1/",
    "code-used": "/owner/codes/40/",
    "audit": "/owner/audit/",
    "audit-of-codes": "/owner/audit/?deeds=codes",
    "audit-nothing": "/owner/audit/?actor=nobody",
    "not-found": "/owner/nowhere/",
    "teachers": "/owner/teachers/",
    "teachers-nothing": "/owner/teachers/?search=nobody",
    "teacher": "/owner/teachers/1/",
    "teacher-edit": "/owner/teachers/1/edit/",
    "teacher-new": "/owner/teachers/new/",
    "assistants": "/owner/assistants/",
    "assistants-nothing": "/owner/assistants/?search=nobody",
    "assistant": "/owner/assistants/1/",
    "students": "/owner/students/",
    "student": "/owner/students/1/",
    "student-learning": "/owner/students/1/learning/",
    "student-learning-waiting": "/owner/students/29/learning/",
    "student-money": "/owner/students/1/money/",
    "student-history": "/owner/students/1/history/",
    "student-adjust": "/owner/students/1/adjust/",
    "student-reopen": "/owner/students/1/purchases/15/reopen/",
    "student-password": "/owner/accounts/7/password/",
    "verification": "/owner/verification/",
    "sheet": "/owner/batches/1/print/?layout=a4-10&from=1&to=5",
    "print-again": "/owner/batches/1/print/?from=1&to=9",
    "print-refused": "/owner/batches/1/print/?from=9&to=1",
    "settings": "/owner/settings/",
    "overview-365": "/owner/?days=365",
    "revenue": "/owner/revenue/",
    "revenue-course": "/owner/revenue/courses/1/",
    "revenue-lecture": "/owner/revenue/lectures/1/",
    "trend": "/owner/trend/",
    "trend-refused": "/owner/trend/?start_date=2026-02-01&end_date=2026-01-01",
    "spending": "/owner/spending/",
    "spending-nothing": "/owner/spending/?search=nobody",
    "spending-student": "/owner/spending/1/",
    "ledger": "/owner/ledger/",
}


def test_picture_every_page(committing_app, open_browser):
    folder = Path(os.environ["SCREENSHOTS_TO"])
    folder.mkdir(parents=True, exist_ok=True)
    build_demo_school(PASSWORD)
    db.session.commit()
    for language in ("ar", "en"):
        for width, viewport in (("375", PHONE), ("1440", DESK)):
            page = open_browser(viewport=viewport, color_scheme=os.environ.get("SCHEME", "light"))
            page.goto("/owner/login/")
            if language == "en":
                page.locator("button[name=language]").click()
            page.screenshot(path=folder / f"sign-in-{language}-{width}.png", full_page=True)
            sign_in_on(page, OWNER, PASSWORD, language="ar")
            for name, path in PAGES.items():
                page.goto(path)
                page.screenshot(path=folder / f"{name}-{language}-{width}.png", full_page=True)
            if viewport == PHONE:
                page.locator(".menu-button").click()
                page.screenshot(path=folder / f"menu-{language}-{width}.png")
