"""What tests of the pages below a course share: addresses, what pages say, and what is stored."""

import html
import re

from sqlalchemy import func, select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture, StudyMaterial, Topic, Video

COURSES = "/owner/courses/"


def address(item):
    """Return where something of a course is changed."""
    kind = {Topic: "topics", Lecture: "lectures", Video: "videos", StudyMaterial: "materials"}[type(item)]
    return f"{COURSES}{kind}/{item.id}/"


def page_of(console, course):
    return console.get(f"{COURSES}{course.id}/")


def fresh(item):
    db.session.expire_all()
    return db.session.get(type(item), item.id)


def the_only(model):
    db.session.expire_all()
    return db.session.scalars(select(model)).one()


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def last_verb():
    return list(db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))[-1]


def text_of(markup):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", markup)).strip())


def errors_in(page):
    """What is said at each field that is wrong."""
    rows = re.findall(r'<div class="field wrong">(.*?)\n</div>', page.text, re.DOTALL)
    return {re.search(r'name="(\w+)"', row)[1]: text_of(re.search(r'class="error">(.*?)</p>', row)[1]) for row in rows}


def names_in_order(model, parent):
    db.session.expire_all()
    return list(db.session.scalars(select(model.name).where(parent).order_by(model.order, model.id)))
