"""The console's two languages: which one is read, its texts, and how numbers and dates are shown in it."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask, request, session
from flask_babel import Babel, format_date, format_datetime, gettext
from markupsafe import Markup

from edutrack.core import clock
from edutrack.owner.console.access import is_console_path
from edutrack.owner.console.wording import PATTERNS

#: Language to its own name; the first is the one that people find who have not chosen.
LANGUAGES = {"ar": "العربية", "en": "English"}
NOTHING = Markup('<span class="muted">—</span>')


def init_language(app: Flask) -> None:
    """Bind the translations to the application, and the filters that templates show values with."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=reading_language, timezone_selector=clock.business_zone)
    for show in (money, number, moment, day, shown, translated):
        app.jinja_env.filters[show.__name__] = show


def reading_language() -> str:
    """Return the language that the request's visitor has chosen, Arabic before; English outside the console."""
    if not request or not is_console_path(request.path):
        return "en"
    return "en" if session.get("language") == "en" else "ar"


def money(amount: Decimal) -> Markup:
    """Return an amount in Egyptian pounds, kept together in either direction of writing."""
    return Markup('<bdi class="number" dir="ltr">{}</bdi> <span class="currency">{}</span>').format(
        f"{amount:,.2f}", gettext("EGP")
    )


def number(value: int | Decimal) -> Markup:
    """Return a number with its thousands apart."""
    return Markup('<bdi class="number" dir="ltr">{}</bdi>').format(f"{value:,}")


def moment(value: datetime) -> Markup:
    """Return a moment in business time."""
    return Markup('<bdi><time datetime="{}">{}</time></bdi>').format(
        value.isoformat(), format_datetime(value, "d MMM y، HH:mm" if reading_language() == "ar" else "d MMM y, HH:mm")
    )


def day(value: date) -> Markup:
    """Return a calendar day."""
    # A day is one already, whatever the time zone.
    return Markup('<bdi><time datetime="{}">{}</time></bdi>').format(
        value.isoformat(), format_date(value, "d MMM y", rebase=False)
    )


def shown(value: Any) -> Any:
    """Return any value as a cell of a list shows it, going by its type."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return Markup('<span class="badge badge-{}">{}</span>').format(
            "good" if value else "quiet", gettext("Yes") if value else gettext("No")
        )
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, int):
        return number(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return value if isinstance(value, Markup) else Markup("<bdi>{}</bdi>").format(value)


def translated(message: str) -> str:
    """Return what a service says in the reader's language.

    Services speak English in the words that the API documents; `wording` lists those that hold names or numbers.
    """
    for pattern, text in PATTERNS:
        if match := re.fullmatch(pattern, message, re.DOTALL):
            return gettext(text, **match.groupdict())
    return gettext(message) if message else message
