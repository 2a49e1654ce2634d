"""What a wallet and its access windows must come to, in plain dictionaries: the model that the machine compares with.

Nothing here is taken from the application but its rules (docs/rules.md): "Codes", "Redeeming", "Voiding", "Buying",
"Adjustments", "Access windows", "Retries", "Student status" and "Blocked accounts".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

LARGEST_BALANCE = Decimal("9999999999.99")
LONGEST_WINDOW_DAYS = 3660
KEY_KEPT = timedelta(hours=24)
STUDENT_STATUSES = ("verified", "pending", "declined", "suspended_temporary", "suspended_permanent")

INACTIVE = "Your account is inactive. Please contact an administrator."
NOT_VERIFIED = "Your account is not verified yet."
COURSE_OFF = "This course is not available."
NOT_ENROLLED = "You must be enrolled and approved in this course before {} "


@dataclass
class Code:
    """A scratch card."""

    id: int
    text: str
    course: int
    #: None for one that was made alone.
    batch: int | None
    value: Decimal
    expires_at: datetime | None
    used_by: int | None = None
    voided: bool = False

    @property
    def is_open(self) -> bool:
        return self.used_by is None and not self.voided


@dataclass
class Window:
    """What a student bought, and until when it opens the lecture."""

    id: int
    paid: Decimal
    bought_at: datetime
    expires_at: datetime
    effective_expiry: datetime
    extra_days: int = 0


@dataclass
class Offer:
    """A lecture as it is sold at the moment."""

    course: int
    price: Decimal
    discount: Decimal
    days: int
    is_active: bool = True

    @property
    def final_price(self) -> Decimal:
        return self.price - self.discount


@dataclass
class Account:
    """A student's status and active flag."""

    status: str = "verified"
    is_active: bool = True


@dataclass(frozen=True)
class Answer:
    """A status, and what of the body must be so."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A request that moves money: who sent it where, with which body and key."""

    actor: str
    path: str
    body: tuple[tuple[str, Any], ...]
    key: str | None


@dataclass(frozen=True)
class _Stored:
    path: str
    body: tuple[tuple[str, Any], ...]
    status: int
    answer: Any
    at: datetime


def refused(detail: str, status: int = 400) -> Answer:
    return Answer(status, {"detail": detail})


@dataclass
class Books:
    """The whole model: every balance, code, window and ledger entry there must be, at the time `now`."""

    now: datetime
    accounts: dict[int, Account]
    approved: set[tuple[int, int]]
    offers: dict[int, Offer]
    courses_on: dict[int, bool]
    balances: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    codes: dict[int, Code] = field(default_factory=dict)
    windows: dict[tuple[int, int], Window] = field(default_factory=dict)
    #: Student, course, amount, balance after it, kind of source.
    entries: list[tuple[int, int, Decimal, Decimal, str]] = field(default_factory=list)
    stored: dict[tuple[str, str, str], _Stored] = field(default_factory=dict)

    # Retries

    def replayed(self, sent: Sent) -> Answer | None:
        """Return what a key that is still kept answers; None where the request is a new one."""
        kept = self.stored.get((sent.actor, sent.path, sent.key)) if sent.key else None
        if kept is None or kept.at < self.now - KEY_KEPT:
            return None
        if kept.body != sent.body:
            return refused("This Idempotency-Key was already used with another request.", 422)
        return Answer(kept.status, kept.answer)

    def keep(self, sent: Sent, status: int, answer: Any) -> None:
        if sent.key:
            self.stored[(sent.actor, sent.path, sent.key)] = _Stored(sent.path, sent.body, status, answer, self.now)

    # Accounts

    def blocked(self, student: int) -> Answer | None:
        account = self.accounts[student]
        if account.status in ("pending", "declined"):
            return refused(NOT_VERIFIED, 403)
        if account.status != "verified" or not account.is_active:
            return refused(INACTIVE, 403)
        return None

    def set_status(self, student: int, status: str | None, is_active: bool | None) -> Answer:
        account = self.accounts[student]
        if is_active is not None:
            account.is_active = is_active
        if status is not None:
            account.status = status
            forced = {"verified": True, "declined": False, "suspended_permanent": False}
            account.is_active = forced.get(status, account.is_active)
        return Answer(200, {"status": account.status, "is_active": account.is_active})

    # Money

    def redeem(self, student: int, code: Code | None, course: int) -> Answer:
        if (student, course) not in self.approved:
            return refused(NOT_ENROLLED.format("redeeming codes.").strip(), 403)
        if not self.courses_on[course]:
            return refused(COURSE_OFF)
        if code is None:
            return refused("Invalid code.", 404)
        if code.used_by is not None:
            return refused("This code has already been used.")
        if code.course != course:
            return refused("This code cannot be used for this course.")
        if code.expires_at is not None and code.expires_at <= self.now:
            return refused("This code has expired.")
        if code.voided:
            return refused("This code has been cancelled.")
        if self.balance(student, course) + code.value > LARGEST_BALANCE:
            return refused("Your balance in this course cannot hold the value of this code.")
        code.used_by = student
        after = self._move(student, course, code.value, "code")
        return Answer(200, {"detail": "Code redeemed successfully.", "new_balance": f"{after:.2f}"})

    def unsold(self, student: int, lecture: int) -> Answer | None:
        """Return how a student who asks for a lecture now is refused; None where they buy it."""
        offer = self.offers[lecture]
        if not offer.is_active:
            return refused("This lecture is not available.")
        if not self.courses_on[offer.course]:
            return refused(COURSE_OFF)
        if (student, offer.course) not in self.approved:
            return refused(NOT_ENROLLED.format("purchasing lectures.").strip(), 403)
        if (student, lecture) in self.windows:
            return refused("You have already purchased this lecture.")
        missing = offer.final_price - self.balance(student, offer.course)
        return refused(f"Insufficient balance. You need {missing:.2f} more.") if missing > 0 else None

    def buy(self, student: int, lecture: int) -> Answer:
        if refusal := self.unsold(student, lecture):
            return refusal
        offer = self.offers[lecture]
        end = self.now + timedelta(hours=24 * offer.days)
        self.windows[student, lecture] = Window(0, offer.final_price, self.now, end, end)
        if offer.final_price:
            self._move(student, offer.course, -offer.final_price, "purchase")
        return Answer(
            201,
            {
                "student": student,
                "lecture": lecture,
                "amount_paid": f"{offer.final_price:.2f}",
                "purchased_at": printed(self.now),
                "expires_at": printed(end),
                "effective_expiry": printed(end),
                "extra_days": 0,
                "is_expired": False,
            },
        )

    def adjust(self, student: int, course: int, amount: Decimal) -> Answer:
        after = self.balance(student, course) + amount
        if after < 0:
            return Answer(400, {"amount": ["The balance cannot go below zero."]})
        if after > LARGEST_BALANCE:
            return Answer(400, {"amount": [f"The balance cannot go above {LARGEST_BALANCE}."]})
        self._move(student, course, amount, "adjustment")
        return Answer(
            201, {"course": course, "type": "adjustment", "amount": f"{amount:.2f}", "balance_after": f"{after:.2f}"}
        )

    def balance(self, student: int, course: int) -> Decimal:
        return self.balances.get((student, course), Decimal(0))

    def _move(self, student: int, course: int, amount: Decimal, kind: str) -> Decimal:
        after = self.balance(student, course) + amount
        self.balances[student, course] = after
        self.entries.append((student, course, amount, after, kind))
        return after

    # Codes

    def void(self, code: Code) -> Answer:
        if not code.is_open:
            return refused(f"This code has already been {'cancelled' if code.used_by is None else 'used'}.")
        code.voided = True
        return Answer(200, {"id": code.id, "is_used": False})

    def void_batch(self, batch: int) -> Answer:
        codes = [code for code in self.codes.values() if code.batch == batch]
        for code in codes:
            code.voided = code.voided or code.is_open
        return Answer(200, {"id": batch, "used_count": sum(code.used_by is not None for code in codes)})

    # Access windows

    def reopen(self, student: int, lecture: int, days: int) -> Answer:
        window = self.windows[student, lecture]
        if window.extra_days + days > LONGEST_WINDOW_DAYS:
            return Answer(
                400,
                {"extra_days": [f"A purchase can be reopened by no more than {LONGEST_WINDOW_DAYS} days altogether."]},
            )
        window.effective_expiry = max(window.effective_expiry, self.now) + timedelta(hours=24 * days)
        window.extra_days += days
        return Answer(200, self.shown(window))

    def watch(self, student: int, lecture: int) -> Answer:
        window = self.windows.get((student, lecture))
        if window is None:
            return refused("You must purchase this lecture.", 403)
        if window.effective_expiry <= self.now:
            return refused("Your access to this lecture has expired.", 403)
        return Answer(200, {"id": lecture, "effective_expiry": printed(window.effective_expiry)})

    def shown(self, window: Window) -> dict[str, Any]:
        """Return what a list of purchases must say of a window."""
        return {
            "id": window.id,
            "amount_paid": f"{window.paid:.2f}",
            "expires_at": printed(window.expires_at),
            "effective_expiry": printed(window.effective_expiry),
            "extra_days": window.extra_days,
            "is_expired": window.effective_expiry <= self.now,
        }

    # Time

    def expiring(self) -> list[int]:
        """Return the codes that can be redeemed until a moment still to come."""
        return [
            code.id for code in self.codes.values() if code.is_open and code.expires_at and code.expires_at > self.now
        ]

    def moments(self) -> list[datetime]:
        """Return the moments still to come at which something ends."""
        ends = [code.expires_at for code in self.codes.values() if code.expires_at]
        ends += [window.effective_expiry for window in self.windows.values()]
        ends += [kept.at + KEY_KEPT for kept in self.stored.values()]
        return sorted({end for end in ends if end > self.now})


def printed(moment: datetime) -> str:
    """Return a moment in UTC as the API writes it."""
    return moment.isoformat().removesuffix("+00:00") + "Z"
