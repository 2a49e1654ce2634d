"""Requests that move money or make codes, each with a name by which the database tells whether it was done."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from attacks.clients import Request
from attacks.school import School
from bench.large import CODE_VALUE, Person
from edutrack.scale.plan import RICH_STUDENTS, courses_of

#: These few do this share of everything: rows that everybody waits for.
_HOT_STUDENTS = 8
_HOT_SHARE = 0.5
_LARGEST_BATCH = 20
_BUYABLE = """
    SELECT e.student_id, l.id FROM enrollments e JOIN lectures l USING (course_id)
    LEFT JOIN purchases p ON p.student_id = e.student_id AND p.lecture_id = l.id
    WHERE e.student_id <= :rich AND e.status = 'approved' AND p.id IS NULL ORDER BY e.student_id, l.id
"""
#: What was done under these names, and the ids that the answers give: each deed has exactly one row here, or none.
_EFFECTS = {
    "redeem": """
        SELECT encode(c.sealed, 'hex'), t.id
        FROM recharge_codes c JOIN balance_transactions t ON t.code_id = c.id AND t.student_id = c.used_by_id
        WHERE c.sealed IN (SELECT decode(name, 'hex') FROM unnest(CAST(:names AS text[])) AS name)
    """,
    "buy": """
        SELECT concat(p.student_id, ' ', p.lecture_id), p.id
        FROM purchases p JOIN balance_transactions t ON t.purchase_id = p.id AND t.amount = -p.amount_paid
        WHERE concat(p.student_id, ' ', p.lecture_id) = ANY(:names)
    """,
    "adjust": """
        SELECT a.reason, t.id FROM adjustments a JOIN balance_transactions t ON t.adjustment_id = a.id
        WHERE a.reason = ANY(:names) AND t.amount = a.amount
    """,
    "batch": """
        SELECT b.label, b.id FROM recharge_batches b
        WHERE b.label = ANY(:names)
          AND b.quantity = (SELECT count(*) FROM recharge_codes c WHERE c.batch_id = b.id)
    """,
}


@dataclass(frozen=True)
class Deed:
    """Something to be done exactly once."""

    kind: str
    #: What tells it from all others in the database.
    name: str
    request: Request

    def id_in(self, body: dict[str, Any]) -> int:
        """Return the id of what was made, as the answer gives it."""
        made: int = body["transaction_id" if self.kind == "redeem" else "id"]
        return made


def effects_of(school: School, deeds: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """Return the ids that each deed, given by kind and name, has in the database: one where it was done once."""
    found: dict[tuple[str, str], list[int]] = {deed: [] for deed in deeds}
    for kind, query in _EFFECTS.items():
        names = [name for its_kind, name in found if its_kind == kind]
        for name, made in school.read(query, names=names) if names else ():
            found[kind, name].append(made)
    return found


class Deeds:
    """An endless supply of deeds that a school allows, drawn from one seed."""

    def __init__(self, school: School, seed: int) -> None:
        """Begin with what is for sale and the codes that there are."""
        self._school = school
        self._random = Random(seed)
        self._keys = (f"attack-{seed}-{number}" for number in count(1))
        self._for_sale: dict[int, list[int]] = {student.id: [] for student in school.students}
        for student_id, lecture_id in school.read(_BUYABLE, rich=RICH_STUDENTS):
            self._for_sale[student_id].append(lecture_id)

    def __iter__(self) -> Iterator[Deed]:
        """Yield deeds, more redemptions and purchases than others."""
        kinds: list[Callable[[str], Deed | None]] = [self._redeem, self._buy, self._adjust, self._make_batch]
        while True:
            kind = self._random.choices(kinds, weights=[4, 4, 3, 1])[0]
            deed = kind(next(self._keys))
            if deed is not None:
                yield deed

    def _student(self) -> Person:
        is_hot = self._random.random() < _HOT_SHARE
        return self._random.choice(self._school.students[:_HOT_STUDENTS] if is_hot else self._school.students)

    def _redeem(self, key: str) -> Deed | None:
        student = self._student()
        course = self._random.choice(courses_of(student.id))
        if not self._school.codes[course]:
            return None
        code = self._school.codes[course].pop()
        body = {"code": code, "course": course}
        request = Request("POST", "/api/wallet/redeem/", student.token, body, key)
        return Deed("redeem", self._school.sealed(code), request)

    def _buy(self, key: str) -> Deed | None:
        student = self._student()
        if not self._for_sale[student.id]:
            return None
        lectures = self._for_sale[student.id]
        lecture = lectures.pop(self._random.randrange(len(lectures)))
        request = Request("POST", "/api/purchases/", student.token, {"lecture": lecture}, key)
        return Deed("buy", f"{student.id} {lecture}", request)

    def _adjust(self, key: str) -> Deed:
        student = self._student()
        course = self._random.choice(courses_of(student.id))
        amount = self._random.choice(["-20.00", "-0.01", "0.01", "35.50"])
        body = {"student": student.id, "course": course, "amount": amount, "reason": key}
        return Deed("adjust", key, Request("POST", "/api/wallet/adjustments/", self._school.owner.token, body, key))

    def _make_batch(self, key: str) -> Deed:
        course = self._random.choice(courses_of(self._student().id))
        quantity = self._random.randint(1, _LARGEST_BATCH)
        body = {"course": course, "value": str(CODE_VALUE), "quantity": quantity, "label": key}
        path = "/api/wallet/recharge-codes/bulk/"
        return Deed("batch", key, Request("POST", path, self._school.owner.token, body, key))
