"""What the demo's students do: register, enrol, redeem cards, buy lectures and watch them, some more than others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.courses.models import Enrollment
from edutrack.courses.queries.enrollments import course_on_offer
from edutrack.courses.queries.purchases import find_purchase_to_reopen
from edutrack.courses.service.enrollments import Answer, enroll, respond
from edutrack.courses.service.progress import record_progress
from edutrack.courses.service.purchases import reopen_purchase
from edutrack.demo.opening import OpenCourse, OpenLecture, caller_of
from edutrack.demo.people import STUDENT, SUSPENDED, DemoStudent
from edutrack.demo.sittings import Sitter
from edutrack.demo.timeline import Timeline
from edutrack.students.queries import lock_student
from edutrack.students.service import change_status, register_student
from edutrack.wallet.service import buy_lecture, redeem_code
from edutrack.wallet.service.ledger import balance_of

#: How busy the days of the week are, from Monday: schools are closed on Friday and Saturday.
_RHYTHM = (1.0, 0.9, 1.0, 2.0, 3.0, 2.5, 1.2)
_ANSWERS: dict[Answer | None, int] = {"approved": 70, None: 18, "rejected": 12}
#: How far a video is watched, sitting by sitting, with how many students of twenty stop there.
_SITTINGS = (((), 4), ((0.15,), 3), ((0.3, 0.55), 4), ((0.5, 0.97), 5), ((1.0,), 4))
_REOPENED = 0.3
_REOPENING_NOTES = ("طلب ولي الأمر مد الفترة", "ظروف مرضية", "")
_REFUSAL = "من فضلك تأكد من اختيار الكورس المناسب."
#: Demo cards are never mistyped.
_MOST_FAILURES = 10


@dataclass(frozen=True)
class _Visit:
    """One lecture that one student buys, with everything that chance has to say about it."""

    bought_at: datetime
    sittings: tuple[float, ...]
    is_reopened: bool
    extra_days: int
    note: str


class StudentBody:
    """Plans the months of every student; chance is asked while planning alone, so it always says the same."""

    def __init__(self, timeline: Timeline, random: Random, owner: Caller, courses: list[OpenCourse]) -> None:
        self._timeline = timeline
        self._random = random
        self._owner = owner
        self._courses = courses
        self._ids: dict[str, int] = {}

    def plan(self, student: DemoStudent) -> None:
        """Plan the registration of a student, and what follows from it by the status that they end with."""
        if student.status == "pending":
            self._plan_registration(student, self._random.randint(1, 5))
        elif student.status == "declined":
            days_ago = self._random.randint(10, 40)
            self._plan_registration(student, days_ago)
            self._plan_status(student, days_ago - 1, "declined")
        else:
            days_ago = self._random.randint(74, 93)
            self._plan_registration(student, days_ago)
            self._plan_status(student, days_ago - 1, "verified")
            last_day = 0
            if student.status != "verified":
                last_day = self._random.randint(4, 9)
                self._plan_status(student, last_day, student.status)
            self._plan_studies(student, days_ago - 2, last_day)

    def _plan_registration(self, student: DemoStudent, days_ago: int) -> None:
        self._timeline.at(self._timeline.day(days_ago, 18), self._register, student)

    def _register(self, student: DemoStudent) -> None:
        self._ids[student.username] = register_student(student.form).id

    def _plan_status(self, student: DemoStudent, days_ago: int, status: str) -> None:
        self._timeline.at(self._timeline.day(days_ago, 11), self._decide, student.username, status)

    def _decide(self, username: str, status: str) -> None:
        # A status that says nothing of the active flag leaves it; who is suspended loses it as well.
        student = lock_student(self._owner, self._ids[username])
        change_status(self._owner, student, status=status, is_active=status == "verified")

    def _plan_studies(self, student: DemoStudent, enrolls: int, last_day: int) -> None:
        """Plan the studies of a verified student, who enrols so many days ago, until the last day that many ago."""
        can_be_tried = student.username in (STUDENT, SUSPENDED)
        eagerness = 0.9 if can_be_tried else self._random.uniform(0.6, 1.0)
        for course in self._courses:
            if course.grade != student.grade:
                continue
            (answer,) = self._random.choices(list(_ANSWERS), list(_ANSWERS.values()))
            if can_be_tried:
                answer = "approved"
            # Whoever still waits has asked a short while ago.
            asks = min(enrolls, last_day + 3) if answer is None else enrolls
            visits = {
                number: self._draw_visit(min(released, asks - 1) - 1, last_day + 1)
                for number, released in course.released.items()
                if self._random.random() < eagerness
            }
            seat = _Seat(
                self._timeline,
                student.username,
                course,
                answer,
                answered_at=self._timeline.day(asks - 1, 13),
                visits=visits if answer == "approved" else {},
                leaves_at=self._timeline.day(last_day) if last_day else self._timeline.end,
            )
            self._timeline.at(self._timeline.day(asks, 17), seat.ask)

    def _draw_visit(self, first_day: int, last_day: int) -> _Visit:
        days = range(max(first_day, last_day), last_day - 1, -1)
        (day,) = self._random.choices(days, [_RHYTHM[self._timeline.weekday(day)] for day in days])
        (sittings,) = self._random.choices([way for way, _ in _SITTINGS], [weight for _, weight in _SITTINGS])
        return _Visit(
            bought_at=self._timeline.day(day, self._random.uniform(14, 22)),
            sittings=sittings,
            is_reopened=self._random.random() < _REOPENED,
            extra_days=self._random.choice((3, 7, 14)),
            note=self._random.choice(_REOPENING_NOTES),
        )


@dataclass(frozen=True)
class _Seat:
    """A student in a course: asks for it, buys its lectures and watches them, until the account is suspended."""

    timeline: Timeline
    username: str
    course: OpenCourse
    answer: Answer | None
    answered_at: datetime
    visits: dict[int, _Visit]
    leaves_at: datetime

    def ask(self) -> None:
        student = caller_of(self.username)
        on_offer = course_on_offer(student.student_id, self.course.id)
        # A subject is not for every division and school type.
        if on_offer is None or not on_offer.fits:
            return
        enrollment_id = enroll(student, self.course.id).id
        if self.answer is not None:
            self.timeline.at(self.answered_at, self._respond, enrollment_id, self.answer)
        for number, visit in self.visits.items():
            self.timeline.at(visit.bought_at, self._buy, student, number, visit)

    def _respond(self, enrollment_id: int, answer: Answer) -> None:
        staff = self.course.staff[enrollment_id % len(self.course.staff)]
        note = _REFUSAL if answer == "rejected" else None
        respond(staff, db.session.get_one(Enrollment, enrollment_id), answer, note)

    def _buy(self, student: Caller, number: int, visit: _Visit) -> None:
        lecture = self.course.lectures[number]
        held = balance_of(student.student_id, self.course.id)
        while held < lecture.final_price:
            card = self.course.next_card()
            held = redeem_code(student, card, self.course.id, most_failures=_MOST_FAILURES).new_balance
        purchase_id = buy_lecture(student, lecture.id)
        self._plan_watching(student, lecture, visit.sittings)
        self._plan_exams(student, number)
        ends_at = clock.now() + clock.days(lecture.available_days)
        if visit.is_reopened and ends_at < self.leaves_at:
            self.timeline.at(ends_at + clock.days(1), self._reopen, student, lecture, purchase_id, visit)

    def _plan_exams(self, student: Caller, number: int) -> None:
        # Chance of its own for each lecture: what one student does with one says nothing of the others.
        random = Random(f"{self.username} {self.course.teacher.username} {self.course.grade} {number}")  # noqa: S311
        exams = self.course.lectures[number].exams
        Sitter(self.timeline, student, self.course.teacher, self.course.bank, exams, random, self.leaves_at).plan()

    def _reopen(self, student: Caller, lecture: OpenLecture, purchase_id: int, visit: _Visit) -> None:
        teacher = self.course.teacher
        reopen_purchase(teacher, find_purchase_to_reopen(teacher, purchase_id), visit.extra_days, visit.note)
        self._plan_watching(student, lecture, (1.0,))

    def _plan_watching(self, student: Caller, lecture: OpenLecture, sittings: tuple[float, ...]) -> None:
        for part, (video_id, seconds) in enumerate(lecture.videos.items(), start=1):
            for sitting, share in enumerate(sittings):
                moment = clock.now() + timedelta(hours=part + 23 * sitting)
                if moment < self.leaves_at:
                    self.timeline.at(moment, record_progress, student, video_id, int(seconds * share))
