"""Ending attempts: by their student, or by the clock at their deadline with what was saved.

Whoever ends an attempt has locked its row while it was running, and so does whoever saves an answer: an attempt is
ended once, and graded on all that was saved before (rules.md, "Attempts").
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Numeric,
    Row,
    Text,
    bindparam,
    column,
    func,
    select,
    update,
)

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.core.transaction import after_rollback
from edutrack.quizzes.grading import Outcome, outcome, points_for_choices, points_for_text
from edutrack.quizzes.models import QuizAnswer, QuizSubmission
from edutrack.quizzes.queries.attempts import GRACE, answers_of


class Given(NamedTuple):
    """What a student has answered to one question."""

    choice_ids: list[int]
    written_answer: str | None


def lock_running(attempt_id: int) -> Row[*tuple[Any, ...]] | None:
    """Lock an attempt and return what it is graded by; None where it is not running any more."""
    return db.session.execute(
        _graded_by().where(QuizSubmission.id == attempt_id).with_for_update(key_share=True)
    ).one_or_none()


def finish(
    attempt: Row[*tuple[Any, ...]],
    answers: Sequence[Row[*tuple[Any, ...]]],
    given: Mapping[int, Given],
    submitted_at: datetime,
) -> Outcome:
    """End an attempt that this transaction has locked; return what it comes to (rules.md, "Grading").

    `answers` are its own as saved, read behind the lock; `given` are later ones, by the ids of those that they replace.
    """
    return _end([attempt], answers, given, submitted_at)[attempt.id]


def close_overdue(*conditions: ColumnElement[bool], skip_locked: bool = False, most: int | None = None) -> int:
    """End the attempts whose time and grace are over, at their deadline and with what was saved; return how many.

    Those of `conditions` on QuizSubmission, at most `most` of them; one that somebody else is about to end is waited
    for, unless `skip_locked`. Where none is overdue this is one statement (rules.md, "Attempts").
    """
    overdue = (
        _graded_by()
        .where(QuizSubmission.deadline_at < clock.now() - GRACE, *conditions)
        # In one order, so that no two wait for each other.
        .order_by(QuizSubmission.deadline_at, QuizSubmission.id)
        .limit(most)
        .with_for_update(key_share=True, skip_locked=skip_locked)
    )
    attempts = db.session.execute(overdue).all()
    if attempts:
        _end(attempts, answers_of([attempt.id for attempt in attempts]), {}, None)
    return len(attempts)


def close_after_refusal(attempt_id: int) -> None:
    """Have an overdue attempt closed although the request is refused and what it wrote is rolled back."""
    after_rollback(lambda: close_overdue(QuizSubmission.id == attempt_id))


def _graded_by() -> Any:
    return select(
        QuizSubmission.id, QuizSubmission.max_score, QuizSubmission.passing_score, QuizSubmission.deadline_at
    ).where(QuizSubmission.status == "in_progress")


def _end(
    attempts: Sequence[Row[*tuple[Any, ...]]],
    answers: Sequence[Row[*tuple[Any, ...]]],
    given: Mapping[int, Given],
    submitted_at: datetime | None,
) -> dict[int, Outcome]:
    """Grade locked attempts and write what they come to; without `submitted_at` it is the clock that ends them."""
    written, awarded = [], {attempt.id: list[Decimal | None]() for attempt in attempts}
    for answer in answers:
        final = given.get(answer.id, answer)
        if answer.type == "written":
            points = points_for_text(final.written_answer)
        else:
            points = points_for_choices(final.choice_ids, answer.correct_choice_ids, answer.points)
        awarded[answer.submission_id].append(points)
        written.append(
            {
                "id": answer.id,
                "choice_ids": final.choice_ids,
                "written_answer": final.written_answer,
                "points_awarded": None if points is None else str(points),
            }
        )
    outcomes = {
        attempt.id: outcome(awarded[attempt.id], attempt.max_score, attempt.passing_score) for attempt in attempts
    }
    grades = [
        {
            "id": attempt.id,
            "status": outcomes[attempt.id].status,
            "score": str(outcomes[attempt.id].score),
            "passed": outcomes[attempt.id].passed,
            "submitted_at": iso_z(submitted_at or attempt.deadline_at),
            "is_timed_out": submitted_at is None,
        }
        for attempt in attempts
    ]
    db.session.execute(_END, {"answers": written, "grades": grades})
    return outcomes


_ANSWERS = (
    func.json_to_recordset(bindparam("answers", type_=JSON))
    .table_valued(
        column("id", BigInteger),
        column("choice_ids", ARRAY(BigInteger)),
        column("written_answer", Text),
        column("points_awarded", Numeric),
        name="final",
    )
    .render_derived(with_types=True)
)
_GRADES = (
    func.json_to_recordset(bindparam("grades", type_=JSON))
    .table_valued(
        column("id", BigInteger),
        column("status", Text),
        column("score", Numeric),
        column("passed", Boolean),
        column("submitted_at", DateTime(timezone=True)),
        column("is_timed_out", Boolean),
        name="grade",
    )
    .render_derived(with_types=True)
)
_WRITE_ANSWERS = (
    update(QuizAnswer)
    .where(QuizAnswer.id == _ANSWERS.c.id)
    .values({name: _ANSWERS.c[name] for name in ("choice_ids", "written_answer", "points_awarded")})
    .cte("written")
)
_ENDED = (
    update(QuizSubmission)
    .where(QuizSubmission.id == _GRADES.c.id)
    .values({name: _GRADES.c[name] for name in ("status", "score", "passed", "submitted_at", "is_timed_out")})
    .returning(QuizSubmission.id)
    .cte("ended")
)
_END = select(_ENDED.c.id).add_cte(_WRITE_ANSWERS)
