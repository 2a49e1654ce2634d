"""What the pages about people share: the words for their states, and their pictures."""

from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from edutrack.accounts.models import Student
from edutrack.core.files import PUBLIC_FOLDER

#: The part of the menu in which people stand.
PEOPLE = _("People")
GENDER_LABELS = {"male": _("Male"), "female": _("Female")}
STATUS_LABELS = {
    "pending": _("Waiting for verification"),
    "verified": _("Verified"),
    "declined": _("Declined"),
    "suspended_temporary": _("Suspended for a time"),
    "suspended_permanent": _("Suspended for good"),
}
#: Where a student's account can be switched on by hand; everywhere else that would open nothing.
SWITCHED_ON_FROM = ("verified", "suspended_temporary")
_STATUS_KINDS = {"pending": "waiting", "verified": "good", "declined": "bad"}


def badge(label: Any, kind: str) -> Markup:
    """Return a state in one word; `kind`: good, waiting, bad or quiet."""
    return Markup('<span class="badge badge-{}">{}</span>').format(kind, label)


def account_badge(is_active: bool) -> Markup:
    """Return whether an account is active."""
    return badge(gettext("Active"), "good") if is_active else badge(gettext("Inactive"), "bad")


def student_account_badge(student: Student) -> Markup:
    """Return whether a student's account is active; that it is not needs saying loudly only of a verified one."""
    if student.user.is_active or student.status == "verified":
        return account_badge(student.user.is_active)
    return badge(gettext("Inactive"), "quiet")


def standing_badges(student: Student) -> Markup:
    """Return where a student's account stands, and that it is switched off where the status alone would not say so."""
    badges = [status_badge(student.status)]
    if student.status == "verified" and not student.user.is_active:
        badges.append(account_badge(False))
    return Markup('<span class="standing">{}</span>').format(Markup(" ").join(badges))


def status_badge(status: str) -> Markup:
    """Return where a student's account stands."""
    return badge(STATUS_LABELS[status], _STATUS_KINDS.get(status, "bad"))


def picture_path(name: str | None) -> str | None:
    """Return the path of a stored picture on this very host, which is all that pages may load; None without one."""
    return url_for("files.serve_picture", name=name.removeprefix(f"{PUBLIC_FOLDER}/")) if name else None


def person_cell(row: Any) -> Markup:
    """Return a person's name beside the picture, where there is one."""
    picture = picture_path(row.profile_picture)
    image = Markup('<img class="picture" src="{}" alt="" loading="lazy">').format(picture) if picture else Markup("")
    return Markup('<span class="person">{}<bdi>{}</bdi></span>').format(image, row.name)
