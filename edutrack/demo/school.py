"""Filling an empty database with a small lively school."""

from random import Random

from sqlalchemy import delete, select, text

from edutrack.accounts.models import User
from edutrack.core.extensions import db
from edutrack.core.mail import Mail
from edutrack.demo.opening import open_school
from edutrack.demo.people import OWNER, demo_students
from edutrack.demo.students import StudentBody
from edutrack.demo.timeline import Timeline

#: Any number would do; the same one makes the same school.
_SEED = 2026


def build_demo_school(password: str) -> bool:
    """Fill an empty database with the demo school, all of it or nothing (rules.md, "The demo school").

    Everything goes through the services that the API calls, each with the clock standing at the moment of the deed,
    in the one transaction of the caller. Returns False, and writes nothing, where anybody has an account already;
    raises Invalid for a weak password.
    """
    # Whoever registers meanwhile, or builds a second school, waits until this one stands.
    db.session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    if db.session.scalar(select(User.id).limit(1)) is not None:
        return False
    random = Random(_SEED)  # noqa: S311 - nothing secret comes of it
    timeline = Timeline()
    owner, courses = open_school(timeline, password)
    students = StudentBody(timeline, random, owner, courses)
    for student in demo_students(random, password):
        students.plan(student)
    timeline.run()
    # Nobody lives at the demo's addresses: what was written to them is not sent.
    db.session.execute(delete(Mail))
    return True


def is_demo_here() -> bool:
    """Return whether this database has the demo's site owner."""
    return db.session.scalar(select(User.id).filter_by(username=OWNER)) is not None
