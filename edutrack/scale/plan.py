"""Who buys what and when, worked out from numbers alone: nothing is drawn, so every run makes the same school.

Courses, topics, lectures, teachers and students are counted from 1, and those numbers are their ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

TEACHERS = 20
COURSES = 40
TOPICS = 10
LECTURES_PER_TOPIC = 8
#: Lectures of one course.
LECTURES = TOPICS * LECTURES_PER_TOPIC
COURSES_PER_STUDENT = 5
PRICE = Decimal("50.00")
AVAILABLE_DAYS = 400
#: Students who can be measured with: verified, with money and notifications.
RICH_STUDENTS = 200
RICH_BALANCE = Decimal("100000.00")
RICH_NOTIFICATIONS = 120
_RICH_FIRST_LECTURES = 40
RICH_PURCHASES = _RICH_FIRST_LECTURES + COURSES_PER_STUDENT - 1
_DAYS = 365


@dataclass(frozen=True)
class Bought:
    """A purchase: `earlier` is how many lectures of that course the student has bought before."""

    student: int
    course: int
    lecture: int
    earlier: int
    moment: datetime


@dataclass(frozen=True)
class Funding:
    """What a student loads into a course, by one code, before the first purchase there."""

    student: int
    course: int
    value: Decimal
    moment: datetime


@dataclass(frozen=True)
class Plan:
    """All purchases of a school of so many students, spread over the year before `end`."""

    students: int
    purchases: int
    end: datetime

    def __post_init__(self) -> None:
        """Refuse what cannot be: fewer purchases than the rich make, more than there are lectures for."""
        if self.students < 1:
            raise ValueError("There must be at least one student.")
        if self.purchases < self._of_the_rich:
            raise ValueError(f"So many students make at least {self._of_the_rich} purchases.")
        most = self.students * COURSES_PER_STUDENT * LECTURES
        if self.purchases > most:
            raise ValueError(f"So many students can make at most {most} purchases.")
        if self._others > self.students * (COURSES_PER_STUDENT * LECTURES - RICH_PURCHASES):
            raise ValueError("The purchases do not spread evenly over so few students.")

    @property
    def rich(self) -> int:
        """Return how many rich students there are: the first ones."""
        return min(RICH_STUDENTS, self.students)

    @property
    def start(self) -> datetime:
        """Return when everything begins."""
        return self.end - timedelta(days=_DAYS)

    @property
    def _of_the_rich(self) -> int:
        return self.rich * RICH_PURCHASES

    @property
    def _others(self) -> int:
        return self.purchases - self._of_the_rich

    def bought(self) -> Iterator[Bought]:
        """Yield every purchase in order of time."""
        opening = timedelta(hours=1) / max(1, self._of_the_rich)
        number = 0
        for student in range(1, self.rich + 1):
            for place in range(RICH_PURCHASES):
                yield self._purchase(student, place, self.start + number * opening)
                number += 1
        for number in range(self._others):
            student = number % self.students + 1
            place = number // self.students + self._first_place(student)
            yield self._purchase(student, place, self._moment(number))

    def funding(self) -> Iterator[Funding]:
        """Yield what is loaded: a rich student's money at the start, anybody else's with the first purchase."""
        for student in range(1, self.students + 1):
            turns = self._others // self.students + (student <= self._others % self.students)
            counts = _lectures_by_course(student, self._first_place(student) + turns)
            for number, course in enumerate(courses_of(student)):
                if student <= self.rich:
                    yield Funding(student, course, RICH_BALANCE + PRICE * counts[number], self.start)
                elif counts[number]:
                    first = number * LECTURES * self.students + student - 1
                    yield Funding(student, course, PRICE * counts[number], self._moment(first))

    def _first_place(self, student: int) -> int:
        return RICH_PURCHASES if student <= self.rich else 0

    def _moment(self, number: int) -> datetime:
        year = self.end - self.start - timedelta(hours=1)
        return self.start + timedelta(hours=1) + year * number / max(1, self._others)

    def _purchase(self, student: int, place: int, moment: datetime) -> Bought:
        number, order = _spot(student, place)
        course = courses_of(student)[number]
        return Bought(student, course, lecture_id(course, order), order - 1, moment)


def courses_of(student: int) -> list[int]:
    """Return the five courses that a student is approved in, the first of which is bought first."""
    return [(student + 8 * k) % COURSES + 1 for k in range(COURSES_PER_STUDENT)]


def lecture_id(course: int, order: int) -> int:
    """Return the id of the `order`-th lecture of a course."""
    return (course - 1) * LECTURES + order


def teacher_of(course: int) -> int:
    """Return who teaches a course."""
    return (course - 1) % TEACHERS + 1


def _spot(student: int, place: int) -> tuple[int, int]:
    """Return in which of the student's courses, and as which lecture there, the `place`-th purchase (from 0) is.

    Lectures of a course are bought in their order. The rich begin with forty of their first course and one of each
    other; everybody else buys course after course.
    """
    if student > RICH_STUDENTS:
        return place // LECTURES, place % LECTURES + 1
    if place < _RICH_FIRST_LECTURES:
        return 0, place + 1
    if place < RICH_PURCHASES:
        return place - _RICH_FIRST_LECTURES + 1, 1
    rest = place - RICH_PURCHASES
    if rest < LECTURES - _RICH_FIRST_LECTURES:
        return 0, _RICH_FIRST_LECTURES + rest + 1
    rest -= LECTURES - _RICH_FIRST_LECTURES
    return rest // (LECTURES - 1) + 1, rest % (LECTURES - 1) + 2


def _lectures_by_course(student: int, places: int) -> list[int]:
    """Return how many lectures of each of the student's courses the first so many purchases are.

    A rich student makes at least those that the rich begin with.
    """
    counts = [0] * COURSES_PER_STUDENT
    begun = 0
    if student <= RICH_STUDENTS:
        counts = [_RICH_FIRST_LECTURES] + [1] * (COURSES_PER_STUDENT - 1)
        begun = RICH_PURCHASES
    if places > begun:
        number, order = _spot(student, places - 1)
        counts[: number + 1] = [LECTURES] * number + [order]
    return counts
