"""Reading a student's attempts at a quiz: where they stand, what they were given, what they have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Row, and_, bindparam, exists, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.orm import aliased

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import NotFound
from edutrack.core.extensions import db
from edutrack.core.files import public_url
from edutrack.core.metrics import measure
from edutrack.courses.models import Purchase
from edutrack.quizzes.models import (
    QuestionChoice,
    QuestionVersion,
    Quiz,
    QuizAnswer,
    QuizQuestion,
    QuizSubmission,
)

#: How long after its deadline an attempt is still taken: what was sent in time may have been on its way.
GRACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, and how it stands with the clock."""

    id: int
    number: int
    timer_minutes: int
    started_at: datetime
    deadline_at: datetime
    #: Whether nobody has ended it yet, though its time may be over.
    is_unfinished: bool = True
    is_timed_out: bool = False

    def is_running(self, now: datetime) -> bool:
        """Return whether it still takes answers at `now`: until its deadline and the grace are over."""
        return self.is_unfinished and now <= self.deadline_at + GRACE

    def is_overdue(self, now: datetime) -> bool:
        """Return whether it is to be closed at `now`, at its deadline."""
        return self.is_unfinished and not self.is_running(now)

    def remaining_seconds(self, now: datetime) -> int:
        """Return the whole seconds to the deadline, none once it is over; the grace is not counted."""
        return max(0, int((self.deadline_at - now).total_seconds()))


@dataclass(frozen=True, slots=True)
class Sitting:
    """A quiz as one student stands before it."""

    #: What the quiz says, whether it has questions (`has_questions`), and when the student's purchase of its lecture
    #: ends (`effective_expiry`, None where there is none).
    quiz: Row[*tuple[Any, ...]]
    #: The student's latest attempt.
    latest: Attempt | None

    @property
    def attempts_used(self) -> int:
        """How many attempts the student has begun: they are numbered without a gap."""
        return self.latest.number if self.latest else 0


def find_sitting(caller: Caller, quiz_id: int) -> Sitting:
    """Return a quiz as the calling student stands before it, in one statement; raises NotFound where there is none."""
    row = db.session.execute(_SITTING, {"quiz_id": quiz_id, "student_id": caller.student_id}).one_or_none()
    if row is None:
        raise NotFound()
    if row.attempt_id is None:
        return Sitting(row, None)
    return Sitting(
        row,
        Attempt(
            id=row.attempt_id,
            number=row.attempt_number,
            timer_minutes=row.attempt_minutes,
            started_at=row.started_at,
            deadline_at=row.deadline_at,
            is_unfinished=row.status == "in_progress",
            is_timed_out=row.is_timed_out,
        ),
    )


def questions_of(attempt_id: int) -> list[dict[str, Any]]:
    """Return the questions of an attempt as its student is shown them, in the student's order of questions and choices.

    Nothing of what is correct is read.
    """
    questions = [dict(row._mapping) for row in db.session.execute(_QUESTIONS, {"attempt_id": attempt_id})]
    for question in questions:
        question["question_image"] = public_url(question["question_image"])
        for choice in question["choices"]:
            choice["image"] = public_url(choice["image"])
    return questions


def answers_of(attempt_ids: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the answers of attempts, with what they are checked and graded by, in the students' order."""
    return db.session.execute(_ANSWERS, {"attempt_ids": list(attempt_ids)}).all()


def ended_by_clock(attempt_id: int) -> bool:
    """Return whether an attempt that is not running any more was ended by the clock, and not by its student."""
    return bool(db.session.scalar(select(QuizSubmission.is_timed_out).where(QuizSubmission.id == attempt_id)))


# The requests of a running quiz are the busiest there are: their statements are built once.
_STUDENT = bindparam("student_id", type_=BigInteger)
_LATEST = (
    select(QuizSubmission)
    .where(QuizSubmission.quiz_id == Quiz.id, QuizSubmission.student_id == _STUDENT)
    .order_by(QuizSubmission.attempt_number.desc())
    .limit(1)
    .lateral("latest")
)
_LATEST_ATTEMPT = aliased(QuizSubmission, _LATEST)
_SITTING = (
    select(
        Quiz.id,
        Quiz.timer_minutes,
        Quiz.max_attempts,
        Quiz.passing_score,
        Quiz.randomize_questions,
        Quiz.randomize_choices,
        Quiz.score_visibility,
        Quiz.answers_visibility,
        Quiz.opens_at,
        Quiz.closes_at,
        Quiz.is_active,
        exists().where(QuizQuestion.quiz_id == Quiz.id, ~QuizQuestion.is_removed).label("has_questions"),
        Purchase.effective_expiry,
        _LATEST_ATTEMPT.id.label("attempt_id"),
        _LATEST_ATTEMPT.attempt_number,
        _LATEST_ATTEMPT.status,
        _LATEST_ATTEMPT.timer_minutes.label("attempt_minutes"),
        _LATEST_ATTEMPT.started_at,
        _LATEST_ATTEMPT.deadline_at,
        _LATEST_ATTEMPT.is_timed_out,
    )
    .outerjoin(Purchase, and_(Purchase.lecture_id == Quiz.lecture_id, Purchase.student_id == _STUDENT))
    .outerjoin(_LATEST_ATTEMPT, true())
    .where(Quiz.id == bindparam("quiz_id", type_=BigInteger))
)
_PLACE = func.array_position(QuizAnswer.choice_order, QuestionChoice.id)
_CHOICES = (
    select(
        func.coalesce(
            func.json_agg(
                aggregate_order_by(
                    func.json_build_object(
                        *("id", QuestionChoice.id, "text", QuestionChoice.text),
                        *("image", QuestionChoice.image, "order", _PLACE),
                    ),
                    _PLACE,
                )
            ),
            func.json_build_array(),
            type_=JSON,
        )
    )
    .where(QuestionChoice.version_id == QuizAnswer.version_id)
    .correlate(QuizAnswer)
    .scalar_subquery()
)
_QUESTIONS = (
    select(
        QuizAnswer.id.label("answer_id"),
        QuizAnswer.quiz_question_id,
        QuestionVersion.text.label("question_text"),
        QuestionVersion.image.label("question_image"),
        QuestionVersion.type.label("question_type"),
        QuizAnswer.points,
        _CHOICES.label("choices"),
    )
    .join(QuizAnswer.version)
    .where(QuizAnswer.submission_id == bindparam("attempt_id", type_=BigInteger))
    .order_by(QuizAnswer.position)
)
_CORRECT = (
    select(func.array_agg(QuestionChoice.id))
    .where(QuestionChoice.version_id == QuizAnswer.version_id, QuestionChoice.is_correct)
    .correlate(QuizAnswer)
    .scalar_subquery()
)
_ANSWERS = (
    select(
        QuizAnswer.id,
        QuizAnswer.submission_id,
        QuizAnswer.quiz_question_id,
        QuestionVersion.type,
        QuizAnswer.points,
        QuizAnswer.choice_order,
        QuizAnswer.choice_ids,
        QuizAnswer.written_answer,
        func.coalesce(_CORRECT, array([], type_=BigInteger)).label("correct_choice_ids"),
    )
    .join(QuizAnswer.version)
    .where(QuizAnswer.submission_id == func.any(bindparam("attempt_ids", type_=ARRAY(BigInteger))))
    .order_by(QuizAnswer.submission_id, QuizAnswer.position)
)


def sweeper_lag() -> float:
    """Return for how many seconds the attempt that is overdue for longest has been open; 0 where none is."""
    late = clock.now() - GRACE
    oldest = select(func.min(QuizSubmission.deadline_at)).where(
        QuizSubmission.status == "in_progress", QuizSubmission.deadline_at < late
    )
    deadline = db.session.scalar(oldest)
    return (late - deadline).total_seconds() if deadline else 0.0


measure("edutrack_sweeper_lag_seconds", "For how long the attempt that is overdue for longest is open.", sweeper_lag)
