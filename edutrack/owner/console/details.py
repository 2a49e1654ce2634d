"""What an audit entry holds beside its verb: names and values, and what was before and is now, in words."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from edutrack.owner.console.language import NOTHING, moment, money, shown
from edutrack.owner.console.people import STATUS_LABELS
from edutrack.owner.trail import Key, Thing

#: Kinds of things, by the names of their tables.
KINDS: dict[str, Any] = {
    "adjustments": _("Correction"),
    "areas": _("Area"),
    "assistants": _("Assistant"),
    "balance_transactions": _("Ledger"),
    "courses": _("Course"),
    "divisions": _("Division"),
    "enrollments": _("Enrolment"),
    "governorates": _("Governorate"),
    "grades": _("Grade"),
    "homeworks": _("Homework"),
    "lectures": _("Lecture"),
    "purchases": _("Purchase"),
    "questions": _("Question"),
    "quiz_submissions": _("Attempt"),
    "quizzes": _("Quiz"),
    "recharge_batches": _("Batch of codes"),
    "recharge_codes": _("Recharge code"),
    "school_types": _("School type"),
    "site_settings": _("Settings"),
    "students": _("Student"),
    "study_materials": _("Study material"),
    "subjects": _("Subject"),
    "teachers": _("Teacher"),
    "topics": _("Topic"),
    "users": _("Account"),
    "video_securities": _("Video security"),
    "videos": _("Video"),
}
#: Details that hold ids, and of what.
_REFERENCES = {
    "course": "courses",
    "course_id": "courses",
    "division_ids": "divisions",
    "divisions": "divisions",
    "governorate": "governorates",
    "grade": "grades",
    "grade_ids": "grades",
    "grades": "grades",
    "lecture": "lectures",
    "school_type_ids": "school_types",
    "school_types": "school_types",
    "student": "students",
    "subject": "subjects",
    "teacher": "teachers",
    "topic": "topics",
    "topics": "topics",
    "video_security": "video_securities",
}
#: Details, and fields that were changed.
_LABELS: dict[str, Any] = {
    "answers": _("Answers"),
    "area_id": _("Area"),
    "available_days": _("Days of access"),
    "batch_id": _("Batch"),
    "before": _("Put before number"),
    "biography": _("About the teacher"),
    "birth_date": _("Birth date"),
    "by": _("How"),
    "card_instructions": _("Instructions on the cards"),
    "count": _("Codes"),
    "course": _("Course"),
    "course_id": _("Course"),
    "cover_picture": _("Picture"),
    "description": _("Description"),
    "discount": _("Discount"),
    "division_id": _("Division"),
    "division_ids": _("Divisions"),
    "divisions": _("Divisions"),
    "effective_expiry": _("Open until"),
    "expired": _("Expired"),
    "facebook": _("Facebook page"),
    "facebook_link": _("Facebook page"),
    "father_job": _("Father's job"),
    "father_number": _("Father's number"),
    "file": _("File"),
    "first": _("First number"),
    "format": _("File format"),
    "gender": _("Gender"),
    "gmail": _("E-mail address"),
    "governorate": _("Governorate"),
    "governorate_id": _("Governorate"),
    "grade": _("Grade"),
    "grade_id": _("Grade"),
    "grade_ids": _("Grades"),
    "grades": _("Grades"),
    "is_active": _("Active"),
    "is_used": _("Used"),
    "last": _("Last number"),
    "layout": _("Sheet"),
    "lecture": _("Lecture"),
    "logo": _("Logo"),
    "medium": _("Printed as"),
    "mother_number": _("Mother's number"),
    "name": _("Name"),
    "name_ar": _("Name in Arabic"),
    "name_en": _("Name in English"),
    "national_id": _("National ID"),
    "order": _("Place"),
    "ordering": _("Order"),
    "password": _("Password"),
    "phone": _("Phone"),
    "phone_number": _("Mobile number"),
    "platform": _("Video provider"),
    "price": _("Price"),
    "price_per_student": _("Price for one student"),
    "profile_picture": _("Picture"),
    "quantity": _("Codes"),
    "questions": _("Questions"),
    "school_name": _("School"),
    "school_type_id": _("School type"),
    "school_type_ids": _("School types"),
    "school_types": _("School types"),
    "secondary_phone": _("Second phone"),
    "sessions": _("Sessions"),
    "site_name": _("Name of the site"),
    "status": _("Status"),
    "student": _("Student"),
    "subject": _("Subject"),
    "tags": _("Tags"),
    "teacher": _("Teacher"),
    "text": _("Text"),
    "title": _("Title"),
    "topic": _("Topic"),
    "topic_id": _("Topic"),
    "topics": _("Topics"),
    "type": _("Kind"),
    "username": _("Username"),
    "value": _("Value"),
    "video_security": _("Video security"),
    "violated": _("Broken rules"),
    "voided": _("Cancelled"),
}
#: Words among the values.
_WORDS: dict[tuple[str, str], Any] = {
    ("by", "mail"): _("By a link in a mail"),
    ("by", "staff"): _("By the staff"),
    ("medium", "page"): _("A page of the browser"),
    ("medium", "pdf"): _("PDF"),
    **{("status", status): label for status, label in STATUS_LABELS.items()},
}
_MONEY = frozenset({"amount", "discount", "price", "price_per_student", "value"})
_MOMENTS = frozenset({"effective_expiry"})
#: Under these stand the names of what was changed.
_CHANGED = ("changed", "fields")


def references_of(details: Mapping[str, Any]) -> Iterator[Key]:
    """Yield what the details name by its id, so that it can be called by its name."""
    for name, kind in _REFERENCES.items():
        value = details.get(name)
        yield from ((kind, item) for item in (value if isinstance(value, list) else [value]) if type(item) is int)


def facts_of(
    details: Mapping[str, Any], things: Mapping[Key, Thing], *, left_out: frozenset[str]
) -> Iterator[tuple[Any, Any]]:
    """Yield label and value of each detail that is not `left_out`: first what was changed, then the rest."""
    before, after = details.get("before"), details.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in after.items():
            if before.get(name) != value:
                yield _label(name), _turned(_value(name, before.get(name), things), _value(name, value, things))
        left_out |= {"before", "after"}
    for name in _CHANGED:
        if details.get(name):
            yield _("Changed"), Markup(gettext(", ")).join(map(_label, details[name]))  # noqa: S704 - our own word
    for name, value in details.items():
        if name not in left_out and name not in _CHANGED:
            yield _label(name), _value(name, value, things)


def _label(name: str) -> Any:
    return _LABELS.get(name) or Markup('<bdi class="code">{}</bdi>').format(name)


def _turned(before: Markup, after: Markup) -> Markup:
    return Markup('<del>{}</del> <span class="turned"><span class="unseen">{}</span></span> <ins>{}</ins>').format(
        before, gettext("then"), after
    )


def _value(name: str, value: Any, things: Mapping[Key, Thing]) -> Any:
    if isinstance(value, list):
        return Markup(gettext(", ")).join(_value(name, item, things) for item in value) or NOTHING  # noqa: S704
    if isinstance(value, dict):
        pairs = (Markup("{}: {}").format(_label(inner), _value(inner, item, things)) for inner, item in value.items())
        return Markup(gettext(", ")).join(pairs) or NOTHING  # noqa: S704 - our own word
    thing = things.get((_REFERENCES.get(name, ""), value)) if type(value) is int else None
    if thing is not None:
        return shown(thing.name)
    if isinstance(value, str) and (name, value) in _WORDS:
        return shown(str(_WORDS[name, value]))
    try:
        if name in _MONEY:
            return money(Decimal(value))
        if name in _MOMENTS:
            return moment(datetime.fromisoformat(value))
    except (ArithmeticError, TypeError, ValueError):
        return shown(value)
    return shown(value)
