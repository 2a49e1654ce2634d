"""The rows of a large school, table by table, as COPY takes them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from edutrack.accounts.passwords import hash_password
from edutrack.core.sealing import seal
from edutrack.scale.plan import (
    AVAILABLE_DAYS,
    COURSES,
    LECTURES,
    LECTURES_PER_TOPIC,
    PRICE,
    RICH_BALANCE,
    RICH_NOTIFICATIONS,
    TEACHERS,
    TOPICS,
    Funding,
    Plan,
    courses_of,
    lecture_id,
    teacher_of,
)
from edutrack.wallet.codes import new_codes

_OWNER = 1
_FIRST_STUDENT_USER = TEACHERS + 2
_QUESTIONS = 20
_CHOICES = 4
#: Long enough for thirty minutes; its progress goes through all of them.
_VIDEO_SECONDS = 1800
_UNUSED_CODES = 250
_FORENAMES = (
    "أحمد",
    "محمد",
    "مريم",
    "يوسف",
    "فاطمة",
    "عمر",
    "نور",
    "مصطفى",
    "سارة",
    "علي",
    "هدى",
    "كريم",
    "آية",
    "حسن",
)
_LATIN = ("Ahmed", "Mohamed", "Mariam", "Youssef", "Fatma", "Omar", "Nour", "Mostafa", "Sara", "Ali", "Hoda", "Karim")
_FAMILIES = ("السيد", "إبراهيم", "عبد الله", "حسين", "منصور", "الشريف", "رضوان", "زكي", "فهمي", "سلامة", "جابر")
_GIRLS = frozenset({"مريم", "فاطمة", "نور", "سارة", "هدى", "آية"})

Rows = Iterator[tuple[Any, ...]]


@dataclass(frozen=True)
class Table:
    """One table to be filled: `columns` with their PostgreSQL types, and how many rows `rows` yields."""

    name: str
    columns: dict[str, str]
    count: int
    rows: Callable[[], Rows]


@dataclass(frozen=True)
class Surroundings:
    """What the school is put into: ids of the fresh installation's structure."""

    grade_id: int
    subject_id: int
    school_type_id: int
    governorate_id: int
    area_id: int


class LargeSchool:
    """Every table of a school that follows a plan."""

    def __init__(self, plan: Plan, around: Surroundings, password: str) -> None:
        """Work out what has to be loaded into which course."""
        self._plan = plan
        self._around = around
        # Argon2 for each user would take an hour; they share one password, so they may share its hash.
        self._password_hash = hash_password(password)
        self._created = plan.start - timedelta(days=30)
        self._funding = list(plan.funding())
        self._batches = _batches(self._funding)

    def tables(self) -> list[Table]:
        """Return the tables in an order in which none refers to a later one."""
        plan, lectures = self._plan, COURSES * LECTURES
        codes = sum(self._batches.values())
        moment, money, number, text = "timestamptz", "numeric", "int8", "text"
        lesson = {"name": text, "order": "int4", "is_active": "bool", "created_at": moment}
        points = {"points": "int4", "order": "int4", "is_removed": "bool"}
        return [
            Table(
                "users",
                {
                    "id": number,
                    "username": text,
                    "gmail": text,
                    "password_hash": text,
                    "role": text,
                    "is_active": "bool",
                    "created_at": moment,
                },
                1 + TEACHERS + plan.students,
                self._users,
            ),
            Table(
                "teachers",
                {
                    "id": number,
                    "user_id": number,
                    "name": text,
                    "phone": text,
                    "gender": text,
                    "subject_id": number,
                    "created_at": moment,
                },
                TEACHERS,
                self._teachers,
            ),
            Table("teacher_grades", {"teacher_id": number, "grade_id": number}, TEACHERS, self._teacher_grades),
            Table(
                "students",
                {
                    "id": number,
                    "user_id": number,
                    "student_code": text,
                    "name_ar": text,
                    "name_en": text,
                    "phone_number": text,
                    "father_number": text,
                    "father_job": text,
                    "educational_state": text,
                    "school_type_id": number,
                    "grade_id": number,
                    "school_name": text,
                    "national_id_sealed": "bytea",
                    "birth_date": "date",
                    "gender": text,
                    "governorate_id": number,
                    "area_id": number,
                    "status": text,
                    "created_at": moment,
                    "updated_at": moment,
                },
                plan.students,
                self._students,
            ),
            Table(
                "courses",
                {
                    "id": number,
                    "teacher_id": number,
                    "grade_id": number,
                    "subject_id": number,
                    "name": text,
                    "is_active": "bool",
                    "created_at": moment,
                    "updated_at": moment,
                },
                COURSES,
                self._courses,
            ),
            Table("topics", {"id": number, "course_id": number, **lesson}, COURSES * TOPICS, self._topics),
            Table(
                "lectures",
                {
                    "id": number,
                    "topic_id": number,
                    "course_id": number,
                    "price": money,
                    "discount": money,
                    "available_days": "int4",
                    **lesson,
                },
                lectures,
                self._lectures,
            ),
            Table(
                "videos",
                {
                    "id": number,
                    "lecture_id": number,
                    "platform": text,
                    "source": text,
                    "duration_seconds": "int4",
                    **lesson,
                },
                lectures,
                self._videos,
            ),
            Table(
                "enrollments",
                {
                    "student_id": number,
                    "course_id": number,
                    "status": text,
                    "enrolled_at": moment,
                    "approved_by_id": number,
                    "responded_at": moment,
                },
                plan.students * len(courses_of(1)),
                self._enrollments,
            ),
            Table(
                "recharge_batches",
                {
                    "id": number,
                    "course_id": number,
                    "value": money,
                    "quantity": "int4",
                    "is_single": "bool",
                    "created_by_id": number,
                    "created_at": moment,
                },
                len(self._batches),
                self._recharge_batches,
            ),
            Table(
                "recharge_codes",
                {
                    "id": number,
                    "batch_id": number,
                    "number": "int4",
                    "course_id": number,
                    "sealed": "bytea",
                    "value": money,
                    "created_at": moment,
                    "used_by_id": number,
                    "used_at": moment,
                },
                codes,
                self._recharge_codes,
            ),
            Table(
                "course_balances",
                {"student_id": number, "course_id": number, "balance": money, "updated_at": moment},
                len(self._funding),
                self._course_balances,
            ),
            Table(
                "purchases",
                {
                    "id": number,
                    "student_id": number,
                    "lecture_id": number,
                    "course_id": number,
                    "amount_paid": money,
                    "purchased_at": moment,
                    "expires_at": moment,
                    "effective_expiry": moment,
                    "extra_days": "int4",
                },
                plan.purchases,
                self._purchases,
            ),
            Table(
                "balance_transactions",
                {
                    "id": number,
                    "student_id": number,
                    "course_id": number,
                    "amount": money,
                    "balance_after": money,
                    "code_id": number,
                    "purchase_id": number,
                    "created_at": moment,
                },
                len(self._funding) + plan.purchases,
                self._entries,
            ),
            Table(
                "video_progress",
                {
                    "student_id": number,
                    "video_id": number,
                    "progress_seconds": "int4",
                    "duration_seconds": "int4",
                    "progress_percentage": money,
                    "is_completed": "bool",
                    "watch_count": "int4",
                    "last_watched_at": moment,
                },
                plan.purchases,
                self._progress,
            ),
            Table(
                "notifications",
                {"user_id": number, "type": text, "params": "jsonb", "is_read": "bool", "created_at": moment},
                plan.rich * RICH_NOTIFICATIONS,
                self._notifications,
            ),
            Table(
                "questions",
                {
                    "id": number,
                    "teacher_id": number,
                    "subject_id": number,
                    "grade_id": number,
                    "tags": "text[]",
                    "created_at": moment,
                },
                COURSES * _QUESTIONS,
                self._questions,
            ),
            Table(
                "question_versions",
                {
                    "id": number,
                    "question_id": number,
                    "number": "int4",
                    "is_current": "bool",
                    "type": text,
                    "text": text,
                    "points": "int4",
                    "created_at": moment,
                },
                COURSES * _QUESTIONS,
                self._versions,
            ),
            Table(
                "question_choices",
                {"id": number, "version_id": number, "text": text, "is_correct": "bool", "order": "int4"},
                COURSES * _QUESTIONS * _CHOICES,
                self._choices,
            ),
            Table(
                "quizzes",
                {
                    "id": number,
                    "lecture_id": number,
                    "title": text,
                    "timer_minutes": "int4",
                    "max_attempts": "int4",
                    "passing_score": "int4",
                    "randomize_questions": "bool",
                    "randomize_choices": "bool",
                    "score_visibility": text,
                    "answers_visibility": text,
                    "is_active": "bool",
                    "created_at": moment,
                },
                COURSES,
                self._quizzes,
            ),
            Table(
                "quiz_questions",
                {"quiz_id": number, "question_id": number, **points},
                COURSES * _QUESTIONS,
                self._quiz_questions,
            ),
        ]

    def _users(self) -> Rows:
        yield _OWNER, "owner", "owner@example.org", self._password_hash, "siteowner", True, self._created
        for teacher in range(1, TEACHERS + 1):
            name = f"teacher{teacher}"
            yield 1 + teacher, name, f"{name}@example.org", self._password_hash, "teacher", True, self._created
        for student in range(1, self._plan.students + 1):
            name = f"student{student}"
            is_active = _status(student) == "verified"
            yield (
                _FIRST_STUDENT_USER + student - 1,
                name,
                f"{name}@example.org",
                self._password_hash,
                "student",
                is_active,
                self._created,
            )

    def _teachers(self) -> Rows:
        for teacher in range(1, TEACHERS + 1):
            name = f"أ. {_name(teacher * 31)}"
            yield teacher, 1 + teacher, name, f"0100{teacher:07}", "male", self._around.subject_id, self._created

    def _teacher_grades(self) -> Rows:
        for teacher in range(1, TEACHERS + 1):
            yield teacher, self._around.grade_id

    def _students(self) -> Rows:
        around = self._around
        for student in range(1, self._plan.students + 1):
            born = date(2008, 1, 1) + timedelta(days=student % 1000)
            name = _name(student)
            gender = "female" if name.split()[0] in _GIRLS else "male"
            # Four digits of a day's births, the last of them odd for boys, and a check digit that nobody publishes.
            births = student // 1000 * 2 + (gender == "male")
            national_id = f"3{born:%y%m%d}01{births:04}{student % 10}"
            yield (
                student,
                _FIRST_STUDENT_USER + student - 1,
                f"{10_000_000 + student}",
                name,
                f"{_LATIN[student % len(_LATIN)]} {_LATIN[student // 12 % len(_LATIN)]} {student}",
                f"011{student:08}",
                f"012{student:08}",
                "موظف",
                "school",
                around.school_type_id,
                around.grade_id,
                "مدرسة النيل",
                seal(national_id, "national-id"),
                born,
                gender,
                around.governorate_id,
                around.area_id,
                _status(student),
                self._created,
                self._created,
            )

    def _courses(self) -> Rows:
        for course in range(1, COURSES + 1):
            yield (
                course,
                teacher_of(course),
                self._around.grade_id,
                self._around.subject_id,
                f"الكورس رقم {course}",
                True,
                self._created,
                self._created,
            )

    def _topics(self) -> Rows:
        for topic in range(1, COURSES * TOPICS + 1):
            order = (topic - 1) % TOPICS + 1
            yield topic, (topic - 1) // TOPICS + 1, f"الباب {order}", order, True, self._created

    def _lectures(self) -> Rows:
        for lecture in range(1, COURSES * LECTURES + 1):
            topic = (lecture - 1) // LECTURES_PER_TOPIC + 1
            course = (lecture - 1) // LECTURES + 1
            order = (lecture - 1) % LECTURES_PER_TOPIC + 1
            name = f"المحاضرة {(lecture - 1) % LECTURES + 1}"
            yield lecture, topic, course, PRICE, Decimal(0), AVAILABLE_DAYS, name, order, True, self._created

    def _videos(self) -> Rows:
        for lecture in range(1, COURSES * LECTURES + 1):
            yield lecture, lecture, "youtube", f"scale{lecture:06}", _VIDEO_SECONDS, "الفيديو", 1, True, self._created

    def _enrollments(self) -> Rows:
        answered = self._created + timedelta(days=1)
        for student in range(1, self._plan.students + 1):
            for course in courses_of(student):
                yield student, course, "approved", self._created, 1 + teacher_of(course), answered

    def _recharge_batches(self) -> Rows:
        for number, ((course, value), quantity) in enumerate(self._batches.items(), 1):
            yield number, course, value, quantity, False, _OWNER, self._created

    def _recharge_codes(self) -> Rows:
        # The only rows that are drawn: a code that can be worked out is money for whoever does.
        codes = iter(new_codes(sum(self._batches.values())))
        batches = {key: number for number, key in enumerate(self._batches, 1)}
        given: Counter[tuple[int, Decimal]] = Counter()
        code = 0
        for funding in self._funding:
            key = (funding.course, funding.value)
            given[key] += 1
            code += 1
            sealed = seal(next(codes), "recharge-code")
            made = (funding.course, sealed, funding.value, self._created)
            yield code, batches[key], given[key], *made, funding.student, funding.moment
        for key, quantity in self._batches.items():
            for number in range(given[key] + 1, quantity + 1):
                code += 1
                made = (key[0], seal(next(codes), "recharge-code"), key[1], self._created)
                yield code, batches[key], number, *made, None, None

    def _course_balances(self) -> Rows:
        for funding in self._funding:
            left = RICH_BALANCE if funding.student <= self._plan.rich else Decimal(0)
            yield funding.student, funding.course, left, self._plan.end

    def _purchases(self) -> Rows:
        window = timedelta(days=AVAILABLE_DAYS)
        for number, bought in enumerate(self._plan.bought(), 1):
            ends = bought.moment + window
            yield number, bought.student, bought.lecture, bought.course, PRICE, bought.moment, ends, ends, 0

    def _entries(self) -> Rows:
        """Yield credits with the first purchase that they pay for, so that ids follow time within each balance."""
        credits = {(one.student, one.course): (number, one) for number, one in enumerate(self._funding, 1)}
        entry = 0
        for number, bought in enumerate(self._plan.bought(), 1):
            key = (bought.student, bought.course)
            code, funding = credits[key]
            if not bought.earlier:
                entry += 1
                yield entry, *key, funding.value, funding.value, code, None, funding.moment
            entry += 1
            left = funding.value - PRICE * (bought.earlier + 1)
            yield entry, *key, -PRICE, left, None, number, bought.moment

    def _progress(self) -> Rows:
        for number, bought in enumerate(self._plan.bought(), 1):
            seconds = number * 37 % (_VIDEO_SECONDS + 1)
            share = (Decimal(seconds * 100) / _VIDEO_SECONDS).quantize(Decimal("0.01"))
            watched = min(self._plan.end, bought.moment + timedelta(minutes=30))
            yield (
                bought.student,
                bought.lecture,
                seconds,
                _VIDEO_SECONDS,
                share,
                share >= 90,
                1 + number % 9,
                watched,
            )

    def _notifications(self) -> Rows:
        for student in range(1, self._plan.rich + 1):
            for number in range(RICH_NOTIFICATIONS):
                course = courses_of(student)[number % len(courses_of(student))]
                lecture = lecture_id(course, number % LECTURES + 1)
                params = {
                    "lecture_id": lecture,
                    "course_id": course,
                    "lecture_name": f"المحاضرة {number % LECTURES + 1}",
                    "course_name": f"الكورس رقم {course}",
                }
                moment = self._plan.start + timedelta(days=3 * number)
                yield _FIRST_STUDENT_USER + student - 1, "lecture_published", Jsonb(params), number % 3 == 0, moment

    def _questions(self) -> Rows:
        for question in range(1, COURSES * _QUESTIONS + 1):
            teacher = teacher_of((question - 1) // _QUESTIONS + 1)
            yield question, teacher, self._around.subject_id, self._around.grade_id, [], self._created

    def _versions(self) -> Rows:
        for question in range(1, COURSES * _QUESTIONS + 1):
            text = f"السؤال رقم {(question - 1) % _QUESTIONS + 1}"
            yield question, question, 1, True, "mcq_single", text, 1, self._created

    def _choices(self) -> Rows:
        for choice in range(1, COURSES * _QUESTIONS * _CHOICES + 1):
            version, place = (choice - 1) // _CHOICES + 1, (choice - 1) % _CHOICES
            yield choice, version, f"الاختيار {place + 1}", place == version * 7 % _CHOICES, place + 1

    def _quizzes(self) -> Rows:
        shown = ("immediately", "immediately", True)
        for course in range(1, COURSES + 1):
            lecture = lecture_id(course, 1)
            yield course, lecture, "اختبار المحاضرة 1", 30, 1_000_000, 50, True, True, *shown, self._created

    def _quiz_questions(self) -> Rows:
        for question in range(1, COURSES * _QUESTIONS + 1):
            yield (question - 1) // _QUESTIONS + 1, question, 1, (question - 1) % _QUESTIONS + 1, False


def _status(student: int) -> str:
    """Return a status: the rich and most others are verified."""
    if student > 200 and student % 100 == 50:
        return "suspended_temporary"
    return "pending" if student > 200 and student % 100 == 99 else "verified"


def _name(number: int) -> str:
    first = _FORENAMES[number % len(_FORENAMES)]
    father = _FORENAMES[number // 14 % len(_FORENAMES)]
    return f"{first} {father} {_FAMILIES[number // 196 % len(_FAMILIES)]}"


def _batches(funding: list[Funding]) -> dict[tuple[int, Decimal], int]:
    """Return how many codes of which course and value there are: what is loaded, and some more of each course."""
    needed = Counter((one.course, one.value) for one in funding)
    for course in {course for course, _ in needed}:
        needed[min(key for key in needed if key[0] == course)] += _UNUSED_CODES
    return dict(sorted(needed.items()))
