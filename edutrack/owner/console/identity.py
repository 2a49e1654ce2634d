"""What a national id says about a student, beside what the student said in the form."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from edutrack.accounts.models import Student
from edutrack.core import clock
from edutrack.core.arabic import fold
from edutrack.core.sealing import unseal
from edutrack.owner.console.language import reading_language
from edutrack.owner.console.people import GENDER_LABELS
from edutrack.students.national_id import NationalId, parse_national_id

#: Governorates of birth by their code in national ids: the Arabic name, as the structure has it, and the English one.
BIRTHPLACES = {
    "01": ("القاهرة", "Cairo"),
    "02": ("الإسكندرية", "Alexandria"),
    "03": ("بورسعيد", "Port Said"),
    "04": ("السويس", "Suez"),
    "11": ("دمياط", "Damietta"),
    "12": ("الدقهلية", "Dakahlia"),
    "13": ("الشرقية", "Sharqia"),
    "14": ("القليوبية", "Qalyubia"),
    "15": ("كفر الشيخ", "Kafr El Sheikh"),
    "16": ("الغربية", "Gharbia"),
    "17": ("المنوفية", "Monufia"),
    "18": ("البحيرة", "Beheira"),
    "19": ("الإسماعيلية", "Ismailia"),
    "21": ("الجيزة", "Giza"),
    "22": ("بني سويف", "Beni Suef"),
    "23": ("الفيوم", "Faiyum"),
    "24": ("المنيا", "Minya"),
    "25": ("أسيوط", "Asyut"),
    "26": ("سوهاج", "Sohag"),
    "27": ("قنا", "Qena"),
    "28": ("أسوان", "Aswan"),
    "29": ("الأقصر", "Luxor"),
    "31": ("البحر الأحمر", "Red Sea"),
    "32": ("الوادي الجديد", "New Valley"),
    "33": ("مطروح", "Matrouh"),
    "34": ("شمال سيناء", "North Sinai"),
    "35": ("جنوب سيناء", "South Sinai"),
    "88": ("خارج الجمهورية", "Abroad"),
}


@dataclass(frozen=True)
class Comparison:
    """One fact, as the national id and as the form has it."""

    label: Any
    said: Any
    given: Any
    #: `same`, `differs`, or `elsewhere`: born elsewhere than where the home is, which is nothing unusual.
    verdict: str


@dataclass(frozen=True)
class Identity:
    """A student's national id, opened, with what it says compared to the form; not readable: no comparisons."""

    number: str
    comparisons: tuple[Comparison, ...]

    @property
    def agrees(self) -> bool:
        """Whether the number can be read and nothing in it contradicts the form."""
        return bool(self.comparisons) and all(fact.verdict != "differs" for fact in self.comparisons)


def identity_of(student: Student) -> Identity:
    """Return what a student's national id says, compared to the form (rules.md, "Console: people")."""
    number = unseal(student.national_id_sealed, "national-id")
    try:
        said = parse_national_id(number, clock.today())
    except ValueError:
        return Identity(number, ())
    return Identity(number, _compared(said, student))


def _compared(said: NationalId, student: Student) -> tuple[Comparison, ...]:
    arabic, english = BIRTHPLACES[said.governorate_code]
    at_home = fold(arabic) == fold(student.governorate.name)
    return (
        Comparison(
            _("Birth date"), said.birth_date, student.birth_date, _verdict(said.birth_date == student.birth_date)
        ),
        Comparison(
            _("Gender"),
            GENDER_LABELS[said.gender],
            GENDER_LABELS[student.gender],
            _verdict(said.gender == student.gender),
        ),
        Comparison(
            _("Governorate of birth, and of the home"),
            arabic if reading_language() == "ar" else english,
            student.governorate.name,
            "same" if at_home else "elsewhere",
        ),
    )


def _verdict(agrees: bool) -> str:
    return "same" if agrees else "differs"


def verdict_label(verdict: str) -> str:
    """Return a verdict in words."""
    return {
        "same": gettext("Agrees"),
        "differs": gettext("Differs"),
        "elsewhere": gettext("Born elsewhere"),
    }[verdict]
