"""The reference data that a fresh database starts with."""

import json
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

EGYPT: dict[str, Any] = json.loads(files("edutrack.structure").joinpath("egypt.json").read_text(encoding="utf-8"))
GRADE_NAMES = [grade["name"] for grade in EGYPT["grades"]]
DIVISIONS = {division["name"]: division for division in EGYPT["divisions"]}


def repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def all_names() -> list[str]:
    names = [*EGYPT["school_types"], *GRADE_NAMES]
    for part in ("governorates", "divisions", "subjects"):
        names += [item["name"] for item in EGYPT[part]]
    for governorate in EGYPT["governorates"]:
        names += governorate["areas"]
    return names


def test_there_are_the_27_governorates() -> None:
    assert [governorate["name"] for governorate in EGYPT["governorates"]] == [
        *["القاهرة", "الجيزة", "الإسكندرية", "القليوبية", "الشرقية", "الدقهلية", "الغربية", "المنوفية", "البحيرة"],
        *["كفر الشيخ", "دمياط", "بورسعيد", "الإسماعيلية", "السويس", "شمال سيناء", "جنوب سيناء", "الفيوم", "بني سويف"],
        *["المنيا", "أسيوط", "سوهاج", "قنا", "الأقصر", "أسوان", "البحر الأحمر", "الوادي الجديد", "مطروح"],
    ]


@pytest.mark.parametrize("governorate", EGYPT["governorates"], ids=lambda governorate: governorate["name"])
def test_a_governorate_lists_its_main_areas_once_each(governorate: dict[str, Any]) -> None:
    fewest = {"القاهرة": 30, "الجيزة": 25, "الإسكندرية": 30}.get(governorate["name"], 6)
    assert len(governorate["areas"]) >= fewest
    assert repeated(governorate["areas"]) == []


def test_grades_run_from_first_primary_to_third_secondary() -> None:
    assert [grade["order"] for grade in EGYPT["grades"]] == list(range(1, 13))
    assert [name.split()[-1] for name in GRADE_NAMES] == ["الابتدائي"] * 6 + ["الإعدادي"] * 3 + ["الثانوي"] * 3
    assert GRADE_NAMES[0] == "الصف الأول الابتدائي"
    assert GRADE_NAMES[-1] == "الصف الثالث الثانوي"


@pytest.mark.parametrize("part", ["grades", "divisions", "subjects"])
def test_names_of_a_kind_are_distinct(part: str) -> None:
    assert repeated([item["name"] for item in EGYPT[part]]) == []


def test_school_types_are_distinct_and_include_the_azhari_one() -> None:
    assert repeated(EGYPT["school_types"]) == []
    assert "أزهري" in EGYPT["school_types"]


def test_every_reference_by_name_resolves_and_stands_once() -> None:
    known = {"grades": GRADE_NAMES, "divisions": list(DIVISIONS), "school_types": EGYPT["school_types"]}
    for item in [*EGYPT["divisions"], *EGYPT["subjects"]]:
        for relation, names in known.items():
            references = item.get(relation, [])
            assert set(references) <= set(names), item["name"]
            assert repeated(references) == [], item["name"]


def test_divisions_and_subjects_name_at_least_one_grade_and_school_type() -> None:
    for item in [*EGYPT["divisions"], *EGYPT["subjects"]]:
        assert item["grades"], item["name"]
        assert item["school_types"], item["name"]


def test_only_second_and_third_secondary_have_divisions_and_offer_them_to_every_school_type() -> None:
    offered = {
        (grade, school_type)
        for division in EGYPT["divisions"]
        for grade in division["grades"]
        for school_type in division["school_types"]
    }
    assert offered == {
        (grade, school_type)
        for grade in ("الصف الثاني الثانوي", "الصف الثالث الثانوي")
        for school_type in EGYPT["school_types"]
    }


def test_divisions_of_third_secondary_split_the_sciences() -> None:
    general = [name for name, division in DIVISIONS.items() if "حكومي" in division["school_types"]]
    by_grade = {
        grade: {name for name in general if grade in DIVISIONS[name]["grades"]}
        for grade in ("الصف الثاني الثانوي", "الصف الثالث الثانوي")
    }
    assert by_grade == {
        "الصف الثاني الثانوي": {"علمي", "أدبي"},
        "الصف الثالث الثانوي": {"علمي علوم", "علمي رياضة", "أدبي"},
    }


@pytest.mark.parametrize(
    "subject",
    [subject for subject in EGYPT["subjects"] if subject["divisions"]],
    ids=lambda subject: subject["name"],
)
def test_a_subject_of_some_divisions_is_taught_in_every_one_of_its_grades_and_school_types(
    subject: dict[str, Any],
) -> None:
    divisions = [DIVISIONS[name] for name in subject["divisions"]]
    for grade in subject["grades"]:
        assert any(grade in division["grades"] for division in divisions), grade
    for school_type in subject["school_types"]:
        assert any(school_type in division["school_types"] for division in divisions), school_type
    for division in divisions:
        assert set(division["grades"]) & set(subject["grades"]), division["name"]
        assert set(division["school_types"]) & set(subject["school_types"]), division["name"]


def test_every_grade_and_school_type_has_arabic_and_mathematics() -> None:
    for grade in GRADE_NAMES:
        for school_type in EGYPT["school_types"]:
            taught = [
                subject["name"]
                for subject in EGYPT["subjects"]
                if grade in subject["grades"] and school_type in subject["school_types"]
            ]
            assert "اللغة العربية" in taught
            assert any(name.startswith("الرياضيات") for name in taught), (grade, school_type)


def test_names_carry_no_stray_spaces() -> None:
    assert [name for name in all_names() if name != " ".join(name.split()) or not name] == []
