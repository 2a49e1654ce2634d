"""Mixed traffic: everything that moves money at once, and books of what the answers said, held against the database."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from random import Random
from typing import Any

from attacks.clients import Reply, Request, connected, stream
from attacks.findings import Findings, said
from attacks.races import RACING_REMAINDER
from attacks.school import School
from bench.large import CODE_VALUE, Person
from edutrack.scale.plan import PRICE, courses_of, lecture_id

_CONNECTIONS = 24
_WISHES = 250
#: Rows that everybody waits for, and rows of their own.
_PEOPLE, _HOT_PEOPLE = 12, 3
#: Lectures of each course that are sold at changing prices.
_LECTURES = 40
_PRICES = [Decimal(price) for price in (0, 30, 45, 50, 70)]
#: More than anybody holds.
_FORTUNE = Decimal(9_000_000)
_REFUSALS = (
    "400 This code has already been used.",
    "400 You have already purchased this lecture.",
    "400 The balance cannot go below zero.",
)
_BALANCES = "SELECT student_id, course_id, balance FROM course_balances WHERE student_id = ANY(:students)"
_WINDOWS = "SELECT id, extra_days FROM purchases WHERE student_id = ANY(:students)"


@dataclass(frozen=True)
class _Wish:
    """A request, and what it means where it takes effect."""

    kind: str
    request: Request
    #: What there may be one of: a code, or a student and a lecture.
    once: tuple[Any, ...] | None = None
    #: Whose balance in which course it moves.
    account: tuple[int, int] | None = None
    amount: Decimal = Decimal(0)
    purchase: int | None = None
    days: int = 0


@dataclass
class _Books:
    """What the answers said."""

    moved: dict[tuple[int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    days: Counter[int] = field(default_factory=Counter)
    done: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    #: Bodies by sender and key: each key has one.
    by_key: dict[tuple[str, str], list[Reply]] = field(default_factory=lambda: defaultdict(list))


class Traffic:
    """The mixed traffic of one seed."""

    def __init__(self, school: School, port: int, seed: int, prices: dict[int, set[Decimal]]) -> None:
        """Draw who wishes what; `prices` are those that lectures have had so far."""
        self._school = school
        self._port = port
        self._random = Random(f"traffic {seed}")
        self._seed = seed
        self._found = Findings()
        self._books = _Books()
        self._prices = prices
        calm = [student for student in school.students if student.id % 8 < RACING_REMAINDER]
        self._people = self._random.sample(calm, _PEOPLE)
        self._ids = [student.id for student in self._people]
        courses = {course for student in self._people for course in courses_of(student.id)}
        school.stock_codes(courses, _WISHES // 4)
        self._purchases = [row[0] for row in school.read(_WINDOWS, students=self._ids)]

    async def run(self) -> Findings:
        """Send all of it, and hold the books against the database."""
        balances, windows = self._balances(), self._windows()
        async with connected(self._port, _CONNECTIONS) as connections:
            await stream(connections, list(self._wishes()), self._note)
        self._settle_books(balances, windows)
        return self._found

    def _wishes(self) -> Iterator[_Wish]:
        """Yield requests; copies of one follow each other and so run at the same time."""
        kinds = [self._redeem, self._buy, self._adjust, self._reopen, self._change_price]
        for number in range(_WISHES):
            key = f"mixed-{self._seed}-{number}" if self._random.random() < 0.5 else None
            wish = self._random.choices(kinds, weights=[4, 5, 3, 2, 2])[0](key)
            yield from repeat(wish, self._random.choice([1, 1, 2, 4]))

    def _someone(self) -> Person:
        crowd = self._people[:_HOT_PEOPLE] if self._random.random() < 0.5 else self._people
        return self._random.choice(crowd)

    def _redeem(self, key: str | None) -> _Wish:
        student = self._someone()
        course = self._random.choice(courses_of(student.id))
        code = self._school.codes[course].pop()
        request = Request("POST", "/api/wallet/redeem/", student.token, {"code": code, "course": course}, key)
        return _Wish("redeem", request, ("code", code), (student.id, course), CODE_VALUE)

    def _buy(self, key: str | None) -> _Wish:
        student = self._someone()
        course = self._random.choice(courses_of(student.id))
        lecture = self._lecture_of(course)
        request = Request("POST", "/api/purchases/", student.token, {"lecture": lecture}, key)
        return _Wish("buy", request, ("lecture", student.id, lecture), (student.id, course))

    def _adjust(self, key: str | None) -> _Wish:
        student = self._someone()
        course = self._random.choice(courses_of(student.id))
        amount = self._random.choice([Decimal("-7.25"), Decimal("0.01"), Decimal(120), -_FORTUNE])
        body = {"student": student.id, "course": course, "amount": str(amount), "reason": f"mixed {self._seed}"}
        request = Request("POST", "/api/wallet/adjustments/", self._school.owner.token, body, key)
        return _Wish("adjust", request, account=(student.id, course), amount=amount)

    def _reopen(self, _key: str | None) -> _Wish:
        purchase, days = self._random.choice(self._purchases), self._random.randint(1, 3)
        path = f"/api/purchases/{purchase}/reopen/"
        request = Request("POST", path, self._school.owner.token, {"extra_days": days})
        return _Wish("reopen", request, purchase=purchase, days=days)

    def _change_price(self, _key: str | None) -> _Wish:
        lecture = self._lecture_of(self._random.choice(courses_of(self._someone().id)))
        price = self._random.choice(_PRICES)
        # Noted before it is sent: it may be bought at it before the change is answered.
        self._prices.setdefault(lecture, {PRICE}).add(price)
        path = f"/api/lectures/{lecture}/"
        return _Wish("price", Request("PATCH", path, self._school.owner.token, {"price": str(price)}))

    def _lecture_of(self, course: int) -> int:
        return lecture_id(course, self._random.randint(1, _LECTURES))

    def _note(self, wish: _Wish, reply: Reply) -> None:
        self._found.count([reply])
        if wish.request.key and reply.is_done:
            self._books.by_key[wish.request.token, wish.request.key].append(reply)
        if reply.is_done and reply.took_effect:
            self._book(wish, reply)
        elif not reply.is_done and said(reply) not in _REFUSALS and reply.status < 500:
            self._found.wrong.append(f"{wish.kind}: {said(reply)}")

    def _book(self, wish: _Wish, reply: Reply) -> None:
        if wish.once:
            self._books.done[wish.once] += 1
        amount = wish.amount
        if wish.kind == "buy":
            amount = -Decimal(reply.body["amount_paid"])
            if -amount not in self._prices.get(reply.body["lecture"], {PRICE}):
                self._found.wrong.append(f"bought at {-amount}, which was never the price")
        if wish.account:
            self._books.moved[wish.account] += amount
        if wish.purchase:
            self._books.days[wish.purchase] += wish.days

    def _settle_books(self, balances: Counter[tuple[int, int]], windows: Counter[int]) -> None:
        for once, times in self._books.done.items():
            self._found.agree(f"effects of {once[0]}", times, 1)
        for replies in self._books.by_key.values():
            effects = sum(reply.took_effect for reply in replies)
            self._found.agree("effects of one key", (effects, len({str(reply) for reply in replies})), (1, 1))
        after = self._balances()
        for account, balance in after.items():
            moved = balance - balances[account]
            self._found.agree(f"balance of {account}", moved, self._books.moved[account])
        for purchase, days in self._windows().items():
            added = days - windows[purchase]
            self._found.agree(f"days of purchase {purchase}", added, self._books.days[purchase])

    def _balances(self) -> Counter[tuple[int, int]]:
        return Counter({(row[0], row[1]): row[2] for row in self._school.read(_BALANCES, students=self._ids)})

    def _windows(self) -> Counter[int]:
        return Counter(dict(map(tuple, self._school.read(_WINDOWS, students=self._ids))))
