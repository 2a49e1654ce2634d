"""The school under attack: a large one, looked at from outside the server with queries of this package's own."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.large import LargeSchool, Person
from edutrack.core.extensions import db
from edutrack.core.sealing import seal
from edutrack.owner.invariants import violations as tally_violations
from edutrack.quizzes.invariants import violations as exam_violations
from edutrack.scale.plan import courses_of
from edutrack.wallet.invariants import violations as ledger_violations

_PURCHASES = 10_000


class School:
    """A school with two hundred students who have money and courses, and codes to redeem."""

    def __init__(self, folder: Path) -> None:
        """Make it in `folder`; its database runs for as long as this process."""
        self._large = LargeSchool(folder, _PURCHASES)
        self.environment = self._large.environment
        self.students: list[Person] = self._large.students
        self.owner: Person = self._large.owner
        self.codes: dict[int, list[str]] = self._large.codes

    @property
    def postmaster(self) -> int:
        """The id of PostgreSQL's first process."""
        return self._large.postmaster

    def students_of(self, course: int) -> list[Person]:
        """Return who of the students may buy in a course."""
        return [student for student in self.students if course in courses_of(student.id)]

    def stock_codes(self, courses: Iterable[int], quantity: int) -> None:
        """Have so many unused codes of each of the courses."""
        with self._large.app.app_context():
            for course in courses:
                missing = quantity - len(self.codes[course])
                if missing > 0:
                    self.codes[course] += self._large.issue_codes(course, missing)
            db.session.commit()

    def sealed(self, code: str) -> str:
        """Return how the database knows a code, in hexadecimal digits."""
        with self._large.app.app_context():
            return seal(code, "recharge-code").hex()

    def read(self, query: str, **parameters: Any) -> Sequence[Any]:
        """Return what the database answers now."""
        with self._large.app.app_context():
            return db.session.execute(text(query), parameters).all()

    def execute(self, statement: str) -> None:
        """Change something that no user could."""
        with self._large.app.app_context():
            db.session.execute(text(statement))
            db.session.commit()

    def violations(self) -> list[str]:
        """Return the names of the invariants that do not hold: those of `edutrack check-ledger`."""
        with self._large.app.app_context():
            return sorted(ledger_violations() | exam_violations() | tally_violations())
