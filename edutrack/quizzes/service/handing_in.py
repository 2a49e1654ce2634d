"""Handing in homework: once for each student, graded at once."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, and_, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Forbidden, Invalid, NotFound, Rejected, no_such_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Purchase
from edutrack.courses.service.playback import EXPIRED
from edutrack.quizzes.grading import points_for_choices
from edutrack.quizzes.models import (
    Homework,
    HomeworkAnswer,
    HomeworkQuestion,
    HomeworkSubmission,
    QuestionChoice,
    QuestionVersion,
)
from edutrack.quizzes.queries.access import NOT_PURCHASED, bought_by
from edutrack.quizzes.queries.homeworks import GRADED

ALREADY_SUBMITTED = "You have already submitted this homework."
NO_QUESTIONS = "This homework has no questions yet."
_ANSWERED_TWICE = "This question is answered twice."


def find_homework_to_submit(caller: Caller, homework_id: int) -> Homework:
    """Return a homework that the calling student may hand in (rules.md, "Handing in homework").

    Raises NotFound where there is none or it is not active, Forbidden where its lecture is not bought or its time is
    over, and Rejected where it was handed in before.
    """
    was_submitted = exists().where(
        and_(HomeworkSubmission.homework_id == Homework.id, HomeworkSubmission.student_id == caller.student_id)
    )
    found = db.session.execute(
        select(Homework, Purchase.effective_expiry, was_submitted.label("was_submitted"))
        .outerjoin(Purchase, bought_by(caller.student_id, Homework))
        .where(Homework.id == homework_id, Homework.is_active)
        # Whoever deletes it has done so already, or waits and finds that it was handed in.
        .with_for_update(of=Homework, read=True, key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound()
    homework, effective_expiry, was_submitted_before = found
    if effective_expiry is None:
        raise Forbidden(NOT_PURCHASED)
    if effective_expiry <= clock.now():
        raise Forbidden(EXPIRED)
    if was_submitted_before:
        raise Rejected(ALREADY_SUBMITTED)
    return homework


def submit_homework(caller: Caller, homework: Homework, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Hand in a homework for the calling student; return what HandedInSchema shows.

    Raises Rejected where it has no questions or was handed in at the same moment, and Invalid, nested under `answers`,
    for a question that is not of this homework or is answered twice, and for a choice that is not of its question
    (rules.md, "Handing in homework").
    """
    places = _places(homework.id)
    if all(place.is_removed for place in places.values()):
        raise Rejected(NO_QUESTIONS)
    choices = _choices(places, answers)
    refusals = _refusals(answers, places, choices)
    if any(refusals):
        raise Invalid({"answers": refusals})
    chosen = {answer["homework_question_id"]: choices.get(answer["choice_id"]) for answer in answers}
    # What was taken out meanwhile counts neither way.
    graded = [_graded(place, chosen.get(place.id)) for place in places.values() if not place.is_removed]
    score = sum((answer["points_awarded"] for answer in graded), Decimal(0))
    submission_id = record_submission(
        caller.student_id, homework.id, score, max_score=Decimal(sum(answer["points"] for answer in graded))
    )
    if submission_id is None:
        raise Rejected(ALREADY_SUBMITTED)
    db.session.execute(insert(HomeworkAnswer).values([{"submission_id": submission_id, **answer} for answer in graded]))
    return {"submission_id": submission_id, "score": score, "status": GRADED}


def record_submission(student_id: int, homework_id: int, score: Decimal, max_score: Decimal) -> int | None:
    """Write that a student hands in a homework; return the submission's id, None where there is one already."""
    return db.session.scalar(
        insert(HomeworkSubmission)
        .values(
            student_id=student_id,
            homework_id=homework_id,
            score=score,
            max_score=max_score,
            submitted_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[HomeworkSubmission.homework_id, HomeworkSubmission.student_id])
        .returning(HomeworkSubmission.id)
    )


def _places(homework_id: int) -> dict[int, Row[*tuple[Any, ...]]]:
    """Return the places of a homework by id, those that were taken out too, each with its current version."""
    rows = db.session.execute(
        select(
            HomeworkQuestion.id,
            HomeworkQuestion.question_id,
            HomeworkQuestion.points,
            HomeworkQuestion.is_removed,
            QuestionVersion.id.label("version_id"),
        )
        .join(QuestionVersion, QuestionVersion.question_id == HomeworkQuestion.question_id)
        .where(HomeworkQuestion.homework_id == homework_id, QuestionVersion.is_current)
    )
    return {row.id: row for row in rows}


def _choices(
    places: Mapping[int, Row[*tuple[Any, ...]]], answers: Sequence[Mapping[str, Any]]
) -> dict[int, Row[*tuple[Any, ...]]]:
    """Return those of the chosen choices by id that are of questions of the homework, each with the correct one.

    Of whichever version: a student who had the homework open when a question was edited has chosen from the one before.
    """
    correct = aliased(QuestionChoice)
    rows = db.session.execute(
        select(
            QuestionChoice.id, QuestionVersion.question_id, QuestionChoice.version_id, correct.id.label("correct_id")
        )
        .join(QuestionChoice.version)
        .join(correct, and_(correct.version_id == QuestionChoice.version_id, correct.is_correct))
        .where(
            QuestionChoice.id.in_({answer["choice_id"] for answer in answers} - {None}),
            QuestionVersion.question_id.in_({place.question_id for place in places.values()}),
            QuestionVersion.type == "mcq_single",
        )
    )
    return {row.id: row for row in rows}


def _refusals(
    answers: Sequence[Mapping[str, Any]],
    places: Mapping[int, Row[*tuple[Any, ...]]],
    choices: Mapping[int, Row[*tuple[Any, ...]]],
) -> list[dict[str, list[str]]]:
    """Return one entry for each answer, empty where nothing is wrong."""
    refusals: list[dict[str, list[str]]] = []
    answered: set[int] = set()
    for answer in answers:
        place_id, choice_id = answer["homework_question_id"], answer["choice_id"]
        refusal = {}
        if place_id not in places:
            refusal["homework_question_id"] = [no_such_pk(place_id)]
        elif place_id in answered:
            refusal["homework_question_id"] = [_ANSWERED_TWICE]
        elif choice_id is not None and not _is_of(choices.get(choice_id), places[place_id]):
            refusal["choice_id"] = [no_such_pk(choice_id)]
        refusals.append(refusal)
        answered.add(place_id)
    return refusals


def _is_of(choice: Row[*tuple[Any, ...]] | None, place: Row[*tuple[Any, ...]]) -> bool:
    return choice is not None and choice.question_id == place.question_id


def _graded(place: Row[*tuple[Any, ...]], choice: Row[*tuple[Any, ...]] | None) -> dict[str, Any]:
    """Return the answer to one question as it is kept; the version is the one that was answered."""
    return {
        "homework_question_id": place.id,
        "version_id": choice.version_id if choice else place.version_id,
        "choice_id": choice.id if choice else None,
        "points": place.points,
        "points_awarded": points_for_choices([choice.id], [choice.correct_id], place.points) if choice else Decimal(0),
    }
