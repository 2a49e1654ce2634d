"""Who the demo school is made of: invented people with common names, at addresses that nobody has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.demo.artwork import Colour
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType

OWNER = "demo-owner"
TEACHER = "demo-teacher"
ASSISTANT = "demo-assistant"
STUDENT = "demo-student"
PENDING = "demo-pending"
SUSPENDED = "demo-suspended"

THIRD_PREPARATORY = "الصف الثالث الإعدادي"
FIRST_SECONDARY = "الصف الأول الثانوي"
SECOND_SECONDARY = "الصف الثاني الثانوي"
THIRD_SECONDARY = "الصف الثالث الثانوي"


@dataclass(frozen=True)
class DemoTeacher:
    """A teacher to be added, with the subject and grades of the fresh installation."""

    username: str
    name: str
    gender: str
    phone: str
    subject: str
    grades: tuple[str, ...]
    biography: str
    background: Colour
    clothes: Colour


@dataclass(frozen=True)
class DemoAssistant:
    """An assistant to be added."""

    username: str
    teacher: str
    name: str
    gender: str
    phone: str


@dataclass(frozen=True)
class DemoStudent:
    """A student to be registered, what becomes of the account, and the form that registers it."""

    username: str
    status: str
    grade: str
    form: dict[str, Any]


TEACHERS = (
    DemoTeacher(
        TEACHER,
        "أ. محمود عبد الرحمن",
        "male",
        "01012340001",
        "اللغة العربية",
        (THIRD_PREPARATORY, THIRD_SECONDARY),
        "مدرس أول لغة عربية، خبرة خمسة عشر عامًا في تبسيط النحو والبلاغة.",
        (214, 228, 236),
        (38, 70, 83),
    ),
    DemoTeacher(
        f"{TEACHER}-2",
        "د. هالة فؤاد",
        "female",
        "01112340002",
        "الفيزياء",
        (SECOND_SECONDARY, THIRD_SECONDARY),
        "دكتوراه في الفيزياء، تشرح بالتجربة قبل القانون.",
        (241, 225, 214),
        (120, 54, 78),
    ),
    DemoTeacher(
        f"{TEACHER}-3",
        "أ. شريف منصور",
        "male",
        "01212340003",
        "الرياضيات",
        (THIRD_PREPARATORY, FIRST_SECONDARY),
        "مدرس رياضيات، شعاره: افهم ولا تحفظ.",
        (222, 236, 217),
        (59, 92, 47),
    ),
)
ASSISTANTS = (
    DemoAssistant(ASSISTANT, TEACHER, "منى سامح", "female", "01512340004"),
    DemoAssistant(f"{ASSISTANT}-2", f"{TEACHER}-2", "كريم وجدي", "male", "01012340005"),
)

#: How many students each status has. The first of a status is the one that can be signed in with.
_STATUSES = (
    ("verified", 28, STUDENT),
    ("pending", 4, PENDING),
    ("suspended_temporary", 3, SUSPENDED),
    ("declined", 3, None),
    ("suspended_permanent", 2, None),
)
#: Grades with divisions, and how many students there are of each. The one to sign in with comes first.
_COHORTS = (
    (THIRD_SECONDARY, "علمي رياضة", 6),
    (THIRD_SECONDARY, "علمي علوم", 6),
    (THIRD_SECONDARY, "أدبي", 3),
    (SECOND_SECONDARY, "علمي", 7),
    (SECOND_SECONDARY, "أدبي", 2),
    (FIRST_SECONDARY, None, 7),
    (THIRD_PREPARATORY, None, 9),
)
_AGES = {THIRD_PREPARATORY: 14, FIRST_SECONDARY: 15, SECOND_SECONDARY: 16, THIRD_SECONDARY: 17}
_SCHOOL_TYPES = ("حكومي", "حكومي", "خاص عربي", "حكومي", "رسمي لغات")
#: Homes, with the code that national ids have for the governorate.
_HOMES = (
    ("القاهرة", "مدينة نصر", "01"),
    ("الجيزة", "الدقي", "21"),
    ("الإسكندرية", "المنتزه", "02"),
    ("القاهرة", "مصر الجديدة", "01"),
    ("الدقهلية", "المنصورة", "12"),
    ("الغربية", "طنطا", "16"),
    ("الشرقية", "الزقازيق", "13"),
    ("القليوبية", "بنها", "14"),
    ("أسيوط", "ديروط", "25"),
    ("بورسعيد", "حي العرب", "03"),
)
_BOYS = (
    ("أحمد", "Ahmed"),
    ("محمد", "Mohamed"),
    ("يوسف", "Youssef"),
    ("عمر", "Omar"),
    ("علي", "Ali"),
    ("زياد", "Ziad"),
    ("مروان", "Marwan"),
    ("كريم", "Karim"),
    ("سيف", "Seif"),
    ("حسن", "Hassan"),
)
_GIRLS = (
    ("مريم", "Mariam"),
    ("سلمى", "Salma"),
    ("نور", "Nour"),
    ("فاطمة", "Fatma"),
    ("ملك", "Malak"),
    ("هنا", "Hana"),
    ("جنى", "Jana"),
    ("آية", "Aya"),
    ("رقية", "Rokaya"),
    ("ندى", "Nada"),
)
_FAMILIES = (
    ("إبراهيم", "Ibrahim"),
    ("محمود", "Mahmoud"),
    ("السيد", "El-Sayed"),
    ("خالد", "Khaled"),
    ("مصطفى", "Mostafa"),
    ("عادل", "Adel"),
    ("سمير", "Samir"),
    ("جمال", "Gamal"),
    ("رفعت", "Refaat"),
    ("فتحي", "Fathy"),
    ("عثمان", "Osman"),
    ("منير", "Mounir"),
)
_JOBS = ("مهندس", "محاسب", "طبيب", "مدرس", "موظف", "تاجر", "سائق", "صيدلي")
_SCHOOLS = ("مدرسة النيل", "مدرسة السلام", "مدرسة طه حسين", "مدرسة الشهيد أحمد زكي", "مدرسة النصر", "مدرسة المستقبل")


def address(username: str) -> str:
    """Return the e-mail address of a demo user: one that no mail can ever reach."""
    return f"{username}@example.org"


def demo_students(random: Random, password: str) -> Iterator[DemoStudent]:
    """Yield the students that are to register, the same ones for the same random numbers."""
    places = _Places()
    cohorts = [(grade, division) for grade, division, size in _COHORTS for _ in range(size)]
    rest = cohorts[1:]
    random.shuffle(rest)
    accounts = [
        (status, username if username and number == 0 else None)
        for status, size, username in _STATUSES
        for number in range(size)
    ]
    for number, ((status, username), (grade, division)) in enumerate(
        zip(accounts, (cohorts[0], *rest), strict=True), start=1
    ):
        username = username or f"{STUDENT}-{number:02}"
        form = _person(random, number, grade) | places.of(number, grade, division)
        account = {"username": username, "gmail": address(username), "password": password}
        yield DemoStudent(username, status, grade, form | account)


class _Places:
    """The ids of the fresh installation's structure, by name."""

    def __init__(self) -> None:
        self._ids = {
            kind: dict(db.session.execute(select(kind.name, kind.id)).all())
            for kind in (Grade, Division, SchoolType, Governorate)
        }
        self._areas = {
            (governorate, name): area
            for governorate, name, area in db.session.execute(select(Area.governorate_id, Area.name, Area.id))
        }

    def of(self, number: int, grade: str, division: str | None) -> dict[str, Any]:
        """Return the part of a registration form that says where somebody lives and learns."""
        governorate_name, area, _ = _HOMES[number % len(_HOMES)]
        governorate = self._ids[Governorate][governorate_name]
        return {
            "educational_state": "school",
            "school_type_id": self._ids[SchoolType][_SCHOOL_TYPES[(number - 1) % len(_SCHOOL_TYPES)]],
            "grade_id": self._ids[Grade][grade],
            "division_id": None if division is None else self._ids[Division][division],
            "school_name": _SCHOOLS[number % len(_SCHOOLS)],
            "governorate_id": governorate,
            "area_id": self._areas[governorate, area],
        }


def _person(random: Random, number: int, grade: str) -> dict[str, Any]:
    is_girl = random.random() < 0.5
    names = [random.choice(_GIRLS if is_girl else _BOYS), *random.sample(_FAMILIES, 2)]
    birth_date = date(clock.today().year - _AGES[grade], random.randint(1, 12), random.randint(1, 28))
    gender = "female" if is_girl else "male"
    father, mother = _mobile(random), _mobile(random)
    return {
        "name_ar": " ".join(arabic for arabic, _ in names),
        "name_en": " ".join(english for _, english in names),
        "phone_number": _mobile(random),
        "father_number": None if number % 9 == 0 else father,
        "mother_number": None if number % 4 == 0 and number % 9 else mother,
        "father_job": random.choice(_JOBS),
        "national_id": _national_id(number, birth_date, gender),
        "birth_date": birth_date,
        "gender": gender,
        "facebook_link": None,
    }


def _mobile(random: Random) -> str:
    return random.choice(("010", "011", "012", "015")) + "".join(random.choices("0123456789", k=8))


def _national_id(number: int, birth_date: date, gender: str) -> str:
    _, _, governorate = _HOMES[number % len(_HOMES)]
    century = "2" if birth_date.year < 2000 else "3"
    # The number among those born that day, whose last digit says the gender, and a check digit of no known rule.
    serial = f"{100 + number}{1 if gender == 'male' else 2}{number % 9 + 1}"
    return f"{century}{birth_date:%y%m%d}{governorate}{serial}"
