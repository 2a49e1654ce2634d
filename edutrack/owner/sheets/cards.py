"""What stands on a card: the face that all cards of a batch share, and what is one card's own."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

from flask import current_app

from edutrack.core import clock
from edutrack.owner.models import SiteSettings
from edutrack.owner.sheets.logo import Logo, stored_logo
from edutrack.wallet.codes import printed_code, serial
from edutrack.wallet.models import RechargeBatch

CURRENCY = "جنيه"
SERIAL_WORDS = "الرقم المسلسل"
#: In eight characters of a code, at its full size.
_MOST_WIDE_LETTERS = 2
#: Keeps a Latin part of an Arabic line together, from left to right.
_ISOLATED = "\u2066{}\u2069"


@dataclass(frozen=True)
class Face:
    """What every card of a batch shares, in Arabic."""

    site_name: str
    #: Stands in place of the name where there is one.
    logo: Logo | None
    course_name: str
    teacher_name: str
    value: str
    #: None where the codes never expire.
    expiry: str | None
    instructions: str
    #: Where codes are typed in; from left to right.
    address: str
    #: The line with the serial, of the batch's last card: no other is longer.
    serial: str


@dataclass(frozen=True)
class Card:
    """One code on paper: its serial beside the scratch panel, everything else under it."""

    number: int
    serial: str
    #: Four groups of four characters.
    groups: tuple[str, str, str, str]
    #: What the QR code leads to.
    link: str

    @property
    def is_wide(self) -> bool:
        """Whether a line of the code has so many of the widest letters that it is set smaller."""
        lines = (self.groups[0] + self.groups[1], self.groups[2] + self.groups[3])
        return any(line.count("W") + line.count("M") > _MOST_WIDE_LETTERS for line in lines)


def face_of(batch: RechargeBatch, site: SiteSettings) -> Face:
    """Return the face of a batch's cards (rules.md, "Printing")."""
    frontend = urlsplit(current_app.config["FRONTEND_URL"])
    return Face(
        site_name=site.site_name,
        logo=stored_logo(site.logo),
        course_name=batch.course.name,
        teacher_name=batch.course.teacher.name,
        value=f"{_pounds(batch.value)} {CURRENCY}",
        expiry=None if batch.expires_at is None else f"صالح حتى {_ISOLATED.format(_until(batch.expires_at))}",
        instructions=site.card_instructions,
        address=f"{frontend.netloc}{frontend.path.rstrip('/')}/redeem",
        serial=f"{SERIAL_WORDS} {_ISOLATED.format(serial(batch.id, batch.quantity))}",
    )


def card_of(batch: RechargeBatch, number: int, code: str) -> Card:
    """Return the card of one unsealed code."""
    printed = printed_code(code)
    first, second, third, fourth = printed.split("-")
    query = urlencode({"code": printed, "course": batch.course_id})
    return Card(
        number=number,
        serial=serial(batch.id, number),
        groups=(first, second, third, fourth),
        link=f"{current_app.config['FRONTEND_URL'].rstrip('/')}/redeem?{query}",
    )


def _pounds(value: Decimal) -> str:
    """Return an amount without piastres where there are none."""
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"


def _until(expires_at: datetime) -> str:
    """Return the last business day on which a code is good; with the hour where that is not the end of the day."""
    local = expires_at.astimezone(clock.business_zone())
    if local.time() == time.min:
        return f"{local - timedelta(days=1):%d/%m/%Y}"
    return f"{local:%d/%m/%Y}" if local.time() >= time(23, 59) else f"{local:%d/%m/%Y %H:%M}"
