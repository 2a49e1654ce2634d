"""Putting questions of the bank into the places of a homework or quiz."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from edutrack.core.errors import Invalid, no_such_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Course
from edutrack.quizzes.models import (
    QUESTION_TYPES,
    Homework,
    HomeworkQuestion,
    Question,
    QuestionType,
    QuestionVersion,
    Quiz,
    QuizQuestion,
)

#: What the homework takes; a quiz takes every type.
_HOMEWORK_TYPES: tuple[QuestionType, ...] = ("mcq_single",)
_LISTED_TWICE = "This question is listed twice."
_ONLY_SINGLE = "Homework takes only questions of type mcq_single."


def put_questions(parent: Homework | Quiz, wanted: Sequence[dict[str, Any]]) -> None:
    """Let a homework or quiz, which is new or locked, hold exactly the wanted questions of its teacher's bank.

    What is no longer wanted is taken out but stays for the answers that were given to it (rules.md, "Questions in their
    places"). Raises Invalid, nested under `questions`, for a question that is not the teacher's, that is listed twice,
    or that homework does not take.
    """
    known = usable_questions(parent.lecture.course_id, {item["question"] for item in wanted})
    refusals = _refusals(wanted, known, _HOMEWORK_TYPES if isinstance(parent, Homework) else QUESTION_TYPES)
    if any(refusals):
        raise Invalid({"questions": refusals})
    replace_places(
        parent,
        [
            {
                "question_id": item["question"],
                "points": item.get("points", known[item["question"]].points),
                "order": item.get("order", place),
                "is_removed": False,
            }
            for place, item in enumerate(wanted, 1)
        ],
    )


def usable_questions(course_id: int, question_ids: Collection[int]) -> dict[int, Row[*tuple[Any, ...]]]:
    """Return type and points of those questions that are in the bank of the course's teacher, by id."""
    if not question_ids:
        return {}
    teacher = select(Course.teacher_id).where(Course.id == course_id).scalar_subquery()
    # Locked before they are read: whoever is about to change the type of one has finished, or waits and finds it here.
    usable = db.session.scalars(
        select(Question.id)
        .where(Question.id.in_(question_ids), Question.teacher_id == teacher)
        .order_by(Question.id)
        .with_for_update(read=True, key_share=True)
    ).all()
    current = select(QuestionVersion.question_id, QuestionVersion.type, QuestionVersion.points).where(
        QuestionVersion.question_id.in_(usable), QuestionVersion.is_current
    )
    return {row.question_id: row for row in db.session.execute(current)}


def _refusals(
    wanted: Sequence[dict[str, Any]], known: dict[int, Row[*tuple[Any, ...]]], types: Collection[QuestionType]
) -> list[dict[str, list[str]]]:
    """Return one entry for each wanted place, empty where nothing is wrong."""
    refusals = []
    listed: set[int] = set()
    for question_id in (item["question"] for item in wanted):
        refusal = None
        if question_id not in known:
            refusal = no_such_pk(question_id)
        elif question_id in listed:
            refusal = _LISTED_TWICE
        elif known[question_id].type not in types:
            refusal = _ONLY_SINGLE
        refusals.append({"question": [refusal]} if refusal else {})
        listed.add(question_id)
    return refusals


def replace_places(parent: Homework | Quiz, places: list[dict[str, Any]]) -> None:
    """Let a homework or quiz hold exactly these places, given as rows; others are taken out, earlier ones come back."""
    place: type[HomeworkQuestion] | type[QuizQuestion]
    if isinstance(parent, Homework):
        place, belonging = HomeworkQuestion, HomeworkQuestion.homework_id
    else:
        place, belonging = QuizQuestion, QuizQuestion.quiz_id
    stays = {values["question_id"] for values in places}
    db.session.execute(
        update(place)
        .where(belonging == parent.id, place.question_id.not_in(stays), ~place.is_removed)
        .values(is_removed=True),
        execution_options={"synchronize_session": False},
    )
    if places:
        rows = insert(place).values([{belonging.key: parent.id, **values} for values in places])
        new = rows.excluded
        db.session.execute(
            rows.on_conflict_do_update(
                index_elements=[belonging, place.question_id],
                set_={"points": new.points, "order": new.order, "is_removed": new.is_removed},
            )
        )
