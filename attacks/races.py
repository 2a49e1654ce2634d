"""Races: fifty clients that ask for the same thing at the same moment, of which there is one, or two, or three."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from attacks.clients import Connection, Reply, Request, connected, volley
from attacks.findings import Findings
from attacks.school import School
from bench.large import CODE_VALUE, Person
from edutrack.scale.plan import PRICE, courses_of

CLIENTS = 50
CODES = 40
#: Students whose number leaves no less when it is divided by eight: mixed traffic keeps to the others, and no two of
#: different remainders share a course.
RACING_REMAINDER = 4
_REMAINDERS = 8
_USED = "400 This code has already been used."
_BOUGHT = "400 You have already purchased this lecture."
_TOO_LITTLE = "400 The balance cannot go below zero."
_UNBOUGHT = """
    SELECT l.id FROM lectures l
    LEFT JOIN purchases p ON p.lecture_id = l.id AND p.student_id = :student
    WHERE l.course_id = :course AND p.id IS NULL ORDER BY l.id
"""
_BALANCE = "SELECT balance FROM course_balances WHERE student_id = :student AND course_id = :course"


class Races:
    """The races of one seed."""

    def __init__(self, school: School, port: int, seed: int) -> None:
        """Choose who races for what."""
        self._school = school
        self._port = port
        self._random = Random(f"races {seed}")
        self._key = f"race-{seed}"
        racing = [student for student in school.students if student.id % _REMAINDERS >= RACING_REMAINDER]
        self._student = self._random.choice(racing)
        # In the courses after the first one, next to nothing has been bought.
        self._course, self._small_course = self._random.sample(courses_of(self._student.id)[1:], 2)
        self._found = Findings()

    async def run(self) -> Findings:
        """Run all of them."""
        async with connected(self._port, CLIENTS) as connections:
            await self._redeem(connections)
            await self._buy_one_lecture(connections)
            await self._buy_with_little(connections)
            await self._take_with_little(connections)
            await self._reopen(connections)
        return self._found

    async def redeem_only(self) -> Findings:
        """Run the race for codes alone."""
        async with connected(self._port, CLIENTS) as connections:
            await self._redeem(connections)
        return self._found

    async def _redeem(self, connections: Sequence[Connection]) -> None:
        """Have every client try every code: students of their own, one student, and one student with one key."""
        self._school.stock_codes([self._course], CODES)
        codes = [self._school.codes[self._course].pop() for _ in range(CODES)]
        everybody = self._school.students_of(self._course)
        sealed = [self._school.sealed(code) for code in codes]
        for number, code in enumerate(codes):
            key = f"{self._key}-{number}" if number % 4 == 3 else None
            people = everybody if number % 4 < 2 else [self._random.choice(everybody)]
            clients = [people[place % len(people)] for place in range(CLIENTS)]
            body = {"code": code, "course": self._course}
            replies = await volley(
                connections, [Request("POST", "/api/wallet/redeem/", one.token, body, key) for one in clients]
            )
            others = {"replayed" if key else _USED: CLIENTS - 1}
            self._found.expect(f"code {number}", replies, {"done": 1} | others)
            if key:
                self._found.agree(f"bodies of code {number}", len({str(reply) for reply in replies}), 1)
            self._found.credits += sum(reply.took_effect for reply in replies)
        self._found.codes += CODES
        ((credits, total),) = self._school.read(_CREDITS, sealed=sealed)
        self._found.agree("credits in the ledger", (credits, total), (CODES, CODES * CODE_VALUE))

    async def _buy_one_lecture(self, connections: Sequence[Connection]) -> None:
        lecture = self._unbought(self._course)[0]
        replies = await volley(connections, [self._buying(self._student, lecture)] * CLIENTS)
        self._found.expect("one lecture", replies, {"done": 1, _BOUGHT: CLIENTS - 1})

    async def _buy_with_little(self, connections: Sequence[Connection]) -> None:
        """Have one student buy fifty lectures with the money for two."""
        lectures = self._unbought(self._small_course)
        if len(lectures) < CLIENTS:
            return
        await self._hold(connections[0], 2 * PRICE + 20)
        replies = await volley(
            connections, [self._buying(self._student, lecture) for lecture in self._random.sample(lectures, CLIENTS)]
        )
        missing = {"400 Insufficient balance. You need 30.00 more.": CLIENTS - 2}
        self._found.expect("money for two lectures", replies, {"done": 2} | missing)
        self._found.agree("what is left of it", self._held(), Decimal(20))

    async def _take_with_little(self, connections: Sequence[Connection]) -> None:
        """Take thirty pounds fifty times where there are a hundred."""
        await self._hold(connections[0], Decimal(100))
        replies = await volley(connections, [self._adjusting(Decimal(-30))] * CLIENTS)
        self._found.expect("a hundred pounds", replies, {"done": 3, _TOO_LITTLE: CLIENTS - 3})
        self._found.agree("what is left of them", self._held(), Decimal(10))
        await self._hold(connections[0], Decimal(100_000))

    async def _reopen(self, connections: Sequence[Connection]) -> None:
        """Add a day fifty times."""
        query = "SELECT id, extra_days FROM purchases WHERE student_id = :student ORDER BY extra_days, id LIMIT 1"
        ((purchase, before),) = self._school.read(query, student=self._student.id)
        path = f"/api/purchases/{purchase}/reopen/"
        request = Request("POST", path, self._school.owner.token, {"extra_days": 1})
        replies = await volley(connections, [request] * CLIENTS)
        self._found.expect("reopening", replies, {"done": CLIENTS})
        ((after,),) = self._school.read("SELECT extra_days FROM purchases WHERE id = :id", id=purchase)
        self._found.agree("days that were added", after - before, CLIENTS)

    def _unbought(self, course: int) -> list[int]:
        return [row[0] for row in self._school.read(_UNBOUGHT, student=self._student.id, course=course)]

    def _held(self) -> Decimal:
        ((balance,),) = self._school.read(_BALANCE, student=self._student.id, course=self._small_course)
        return Decimal(balance)

    async def _hold(self, connection: Connection, amount: Decimal) -> None:
        """Bring the student's balance in the small course to this amount."""
        reply: Reply = await connection.ask(self._adjusting(amount - self._held()))
        self._found.expect("an adjustment", [reply], {"done": 1})

    def _adjusting(self, amount: Decimal) -> Request:
        body = {"student": self._student.id, "course": self._small_course, "amount": str(amount), "reason": self._key}
        return Request("POST", "/api/wallet/adjustments/", self._school.owner.token, body)

    @staticmethod
    def _buying(student: Person, lecture: int) -> Request:
        return Request("POST", "/api/purchases/", student.token, {"lecture": lecture})


_CREDITS = """
    SELECT count(t.id), coalesce(sum(t.amount), 0)
    FROM recharge_codes c JOIN balance_transactions t ON t.code_id = c.id
    WHERE c.sealed IN (SELECT decode(name, 'hex') FROM unnest(CAST(:sealed AS text[])) AS name)
"""
