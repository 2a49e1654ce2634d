"""Opening the demo school: its staff, its courses, and the cards that were printed for them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

from sqlalchemy import select

from edutrack.accounts.models import Assistant, Teacher
from edutrack.accounts.queries import as_caller, person_by_username
from edutrack.accounts.service import create_site_owner, create_teacher, create_user
from edutrack.core import audit, clock
from edutrack.core.caller import Caller, Role
from edutrack.core.extensions import db
from edutrack.core.sealing import unseal
from edutrack.courses.service.courses import create_course
from edutrack.courses.service.lectures import create_lecture
from edutrack.courses.service.materials import create_material
from edutrack.courses.service.topics import create_topic
from edutrack.courses.service.videos import create_video
from edutrack.demo import artwork
from edutrack.demo.catalogue import COURSES, RECORDINGS, DemoCourse
from edutrack.demo.papers import Bank, Exams, add_bank, set_exams
from edutrack.demo.people import ASSISTANTS, OWNER, TEACHERS, DemoAssistant, DemoTeacher, address
from edutrack.demo.timeline import Timeline
from edutrack.structure.models import Grade, Subject
from edutrack.wallet.models import RechargeCode
from edutrack.wallet.service import issue_batch, issue_code

OPENED_DAYS_AGO = 95
_DAYS_BETWEEN_LECTURES = 12
#: What makes neighbouring lectures differ: taken off the course's price, discount, days to watch.
_TERMS = (
    (Decimal(10), Decimal(0), 14),
    (Decimal(0), Decimal(0), 7),
    (Decimal(20), Decimal("7.50"), 30),
    (Decimal(5), Decimal(10), 10),
)
_FREE_DAYS = 90


@dataclass(frozen=True)
class OpenLecture:
    """A lecture that is there, its videos by id, with their lengths in seconds, and what is asked with it."""

    id: int
    final_price: Decimal
    available_days: int
    videos: dict[int, int]
    exams: Exams


@dataclass
class Cards:
    """What is left in the shops of one batch of codes."""

    codes: list[str]
    expires_at: datetime | None


@dataclass
class OpenCourse:
    """A course that is there, and who answers for it; lectures by their number, once they are released."""

    id: int
    grade: str
    teacher: Caller
    #: Take turns in answering requests.
    staff: list[Caller]
    bank: Bank
    lectures: dict[int, OpenLecture] = field(default_factory=dict)
    #: Number of each lecture that is for sale, with how many days ago it was released.
    released: dict[int, int] = field(default_factory=dict)
    cards: list[Cards] = field(default_factory=list)
    sold: int = 0

    def next_card(self) -> str:
        """Return the code of the card that the next customer buys: shops have every batch that can be redeemed."""
        now = clock.now()
        stocked = [cards for cards in self.cards if cards.codes and (not cards.expires_at or cards.expires_at > now)]
        self.sold += 1
        return stocked[self.sold % len(stocked)].codes.pop()


def open_school(timeline: Timeline, password: str) -> tuple[Caller, list[OpenCourse]]:
    """Take on the staff and open the courses; plan the release of lectures and cards. Return owner and courses."""
    with clock.stopped_at(timeline.day(OPENED_DAYS_AGO, 9)):
        create_site_owner(username=OWNER, password=password, gmail=address(OWNER))
        owner = caller_of(OWNER)
        for teacher in TEACHERS:
            _take_on_teacher(owner, teacher, password)
        for assistant in ASSISTANTS:
            _take_on_assistant(owner, assistant, password)
        courses = [_open_course(timeline, owner, course) for course in COURSES]
    return owner, courses


def caller_of(username: str) -> Caller:
    """Return a demo user as the one who calls the services."""
    person = person_by_username(username)
    if person is None:
        raise LookupError(f"The demo has no user {username}.")
    return as_caller(person, None)


def _take_on_teacher(owner: Caller, teacher: DemoTeacher, password: str) -> None:
    create_teacher(
        owner,
        {
            "username": teacher.username,
            "password": password,
            "gmail": address(teacher.username),
            "name": teacher.name,
            "gender": teacher.gender,
            "phone": teacher.phone,
            "biography": teacher.biography,
            "subject": db.session.scalars(select(Subject.id).filter_by(name=teacher.subject)).one(),
            "grades": db.session.scalars(select(Grade.id).where(Grade.name.in_(teacher.grades))).all(),
            "profile_picture": artwork.portrait(teacher.background, teacher.clothes, veiled=teacher.gender == "female"),
        },
    )


def _take_on_assistant(owner: Caller, assistant: DemoAssistant, password: str) -> None:
    user = create_user(
        username=assistant.username,
        password=password,
        gmail=address(assistant.username),
        role=Role.ASSISTANT,
        is_active=True,
    )
    profile = Assistant(
        user=user,
        teacher=db.session.get_one(Teacher, caller_of(assistant.teacher).profile_id),
        name=assistant.name,
        phone=assistant.phone,
        gender=assistant.gender,
    )
    db.session.add(profile)
    audit.record(owner, "assistant.created", profile)
    db.session.flush()


def _open_course(timeline: Timeline, owner: Caller, plan: DemoCourse) -> OpenCourse:
    teacher = caller_of(plan.teacher)
    assistants = [caller_of(assistant.username) for assistant in ASSISTANTS if assistant.teacher == plan.teacher]
    grade = db.session.scalars(select(Grade.id).filter_by(name=plan.grade)).one()
    course = create_course(
        owner,
        name=plan.name,
        teacher=teacher.profile_id or 0,
        grade=grade,
        description=plan.description,
        cover_picture=artwork.cover(plan.background, plan.ink),
    )
    bank = add_bank(teacher, plan.name, grade)
    opened = OpenCourse(course.id, plan.grade, teacher, [teacher, *assistants], bank)
    _plan_lectures(timeline, opened, plan)
    _plan_cards(timeline, owner, opened)
    return opened


def _plan_lectures(timeline: Timeline, course: OpenCourse, plan: DemoCourse) -> None:
    """Plan the release of the lectures: the first is free and there at once, the last is still being prepared."""
    recordings = cycle(RECORDINGS)
    topics = {name: create_topic(course.teacher, course=course.id, name=name).id for name in plan.topics}
    names = [(topics[topic], lecture) for topic, lectures in plan.topics.items() for lecture in lectures]
    for number, (topic_id, name) in enumerate(names):
        days_ago = OPENED_DAYS_AGO - _DAYS_BETWEEN_LECTURES * max(0, number - 1)
        is_ready = number < len(names) - 1
        videos = [next(recordings) for _ in range(1 + number % 2)]
        off, discount, days = (plan.price, Decimal(0), _FREE_DAYS) if number == 0 else _TERMS[number % len(_TERMS)]
        terms = {"price": plan.price - off, "discount": discount, "available_days": days, "is_active": is_ready}
        if is_ready:
            course.released[number] = days_ago
        timeline.at(timeline.day(days_ago, 10), _release, course, number, videos, topic=topic_id, name=name, **terms)


def _release(course: OpenCourse, number: int, videos: list[tuple[str, int]], **values: Any) -> None:
    lecture = create_lecture(course.teacher, **values)
    ids = {}
    for part, (source, seconds) in enumerate(videos, start=1):
        video = create_video(
            course.teacher,
            lecture=lecture.id,
            name=f"الجزء {part}",
            platform="youtube",
            source=source,
            duration_seconds=seconds,
        )
        ids[video.id] = seconds
    if number % 2 == 0:
        create_material(
            course.teacher,
            lecture=lecture.id,
            title=f"ملزمة {lecture.name}",
            file=artwork.worksheet(f"Worksheet {number + 1}"),
        )
    exams = set_exams(course.teacher, lecture, number, course.bank)
    price = lecture.price - lecture.discount
    course.lectures[number] = OpenLecture(lecture.id, price, lecture.available_days, ids, exams)


def _plan_cards(timeline: Timeline, owner: Caller, course: OpenCourse) -> None:
    """Plan the printing of cards: for ever, for an offer that is over, and for a while yet; and one single card."""
    printings = (
        (OPENED_DAYS_AGO, Decimal(100), 40, None, "الدفعة الأولى"),
        (80, Decimal(50), 20, timeline.day(25), "عرض بداية العام"),
        (45, Decimal(150), 25, timeline.end + timedelta(days=60), "الدفعة الثانية"),
    )
    for days_ago, value, quantity, expires_at, label in printings:
        batch = {"course": course.id, "value": value, "quantity": quantity, "expires_at": expires_at, "label": label}
        timeline.at(timeline.day(days_ago, 11), _print_cards, owner, course, batch)
    timeline.at(timeline.day(3, 12), issue_code, owner, course=course.id, value=Decimal(200), expires_at=None)


def _print_cards(owner: Caller, course: OpenCourse, values: dict[str, Any]) -> None:
    batch = issue_batch(owner, **values)
    sealed = db.session.scalars(select(RechargeCode.sealed).filter_by(batch_id=batch.id))
    course.cards.append(Cards([unseal(code, "recharge-code") for code in sealed], batch.expires_at))
