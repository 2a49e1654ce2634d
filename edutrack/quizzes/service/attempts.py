"""A student's attempt at a quiz: begun once, answered as often as need be, handed in once (rules.md, "Attempts")."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    Text,
    bindparam,
    case,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, array, insert

from edutrack.core import clock
from edutrack.core.caller import Caller
from edutrack.core.errors import DomainError, Forbidden, NotFound, Rejected
from edutrack.core.extensions import db
from edutrack.courses.service.playback import EXPIRED
from edutrack.quizzes.models import QuestionChoice, QuestionVersion, QuizAnswer, QuizQuestion, QuizSubmission
from edutrack.quizzes.queries.access import NOT_PURCHASED
from edutrack.quizzes.queries.attempts import (
    Attempt,
    Sitting,
    answers_of,
    ended_by_clock,
    find_sitting,
    questions_of,
)
from edutrack.quizzes.queries.visibility import visible_after
from edutrack.quizzes.service.answers import read_answers
from edutrack.quizzes.service.finishing import Given, close_after_refusal, close_overdue, finish, lock_running

NOT_OPEN = "This quiz is not open."
USED_UP = "You have used all your attempts for this quiz."
NO_ATTEMPT = "You have no running attempt for this quiz."
ALREADY_SUBMITTED = "This attempt has already been submitted."
TIME_IS_UP = "Time is up."


def start_attempt(caller: Caller, sitting: Sitting) -> dict[str, Any]:
    """Begin an attempt, or take up the one that is running; return it with its questions in the student's order.

    Raises, in this order: Forbidden without the lecture or where its window is over, NotFound for an inactive quiz,
    Forbidden outside its times and where it has no questions, Rejected where no attempt is left (rules.md, "Attempts").
    """
    now = clock.now()
    while (attempt := _running(sitting, now)) is None:
        if sitting.latest and sitting.latest.is_overdue(now):
            close_after_refusal(sitting.latest.id)
            close_overdue(QuizSubmission.id == sitting.latest.id)
        _require_open(sitting, now)
        attempt = _begin(caller, sitting, now)
        if attempt is not None:
            break
        # Another request was faster. Each time round an attempt has been used up, so this ends.
        sitting = find_sitting(caller, sitting.quiz.id)
    return {
        "submission_id": attempt.id,
        "attempt_number": attempt.number,
        "timer_minutes": attempt.timer_minutes,
        "started_at": attempt.started_at,
        "questions": questions_of(attempt.id),
    }


def show_attempt(sitting: Sitting) -> dict[str, Any]:
    """Return the running attempt with what is saved of each question; raises NotFound where none is running."""
    now = clock.now()
    attempt = _running(sitting, now)
    if attempt is None:
        if sitting.latest and sitting.latest.is_overdue(now):
            close_after_refusal(sitting.latest.id)
        raise NotFound()
    return {
        "submission_id": attempt.id,
        "attempt_number": attempt.number,
        "started_at": attempt.started_at,
        "deadline_at": attempt.deadline_at,
        "remaining_seconds": attempt.remaining_seconds(now),
        "answers": answers_of([attempt.id]),
    }


def save_answers(sitting: Sitting, body: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Save answers of the running attempt without handing it in; return how many, and the seconds that remain.

    Raises Rejected where none is running, saying why, and Invalid for answers that do not fit (rules.md, "Answers").
    """
    now = clock.now()
    attempt = _require_running(sitting, now)
    given = read_answers(body, answers_of([attempt.id]))
    if given and not _write(attempt.id, given):
        raise _ended(attempt.id)
    return {"saved": len(body), "remaining_seconds": attempt.remaining_seconds(now)}


def submit_attempt(sitting: Sitting, body: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Save the last answers of the running attempt and end it; return what it comes to, as far as that is shown.

    Raises Rejected where none is running, saying why, and Invalid for answers that do not fit (rules.md, "Answers",
    "What is shown of an attempt").
    """
    now = clock.now()
    attempt = _require_running(sitting, now)
    locked = lock_running(attempt.id)
    if locked is None:
        raise _ended(attempt.id)
    # Read behind the lock: whatever another request has saved by now is there.
    answers = answers_of([attempt.id])
    result = finish(locked, answers, read_answers(body, answers), now)
    visible = visible_after(sitting.quiz, attempt.number, is_attempting=False, now=now)
    return {
        "detail": "Quiz submitted successfully.",
        "submission_id": attempt.id,
        "score": result.score if visible.score else None,
        "passed": result.passed if visible.score else None,
        "score_visible": visible.score,
        "answers_visible": visible.answers,
    }


def _running(sitting: Sitting, now: datetime) -> Attempt | None:
    return sitting.latest if sitting.latest and sitting.latest.is_running(now) else None


def _require_running(sitting: Sitting, now: datetime) -> Attempt:
    attempt = _running(sitting, now)
    if attempt is not None:
        return attempt
    if sitting.latest is None:
        raise Rejected(NO_ATTEMPT)
    if sitting.latest.is_overdue(now):
        close_after_refusal(sitting.latest.id)
        raise Rejected(TIME_IS_UP)
    raise Rejected(TIME_IS_UP if sitting.latest.is_timed_out else ALREADY_SUBMITTED)


def _ended(attempt_id: int) -> DomainError:
    """Return the refusal for an attempt that was running when it was looked at, and had ended when it was locked."""
    return Rejected(TIME_IS_UP if ended_by_clock(attempt_id) else ALREADY_SUBMITTED)


def _require_open(sitting: Sitting, now: datetime) -> None:
    quiz = sitting.quiz
    if quiz.effective_expiry is None:
        raise Forbidden(NOT_PURCHASED)
    if quiz.effective_expiry <= now:
        raise Forbidden(EXPIRED)
    if not quiz.is_active:
        raise NotFound()
    is_early = quiz.opens_at is not None and now < quiz.opens_at
    is_late = quiz.closes_at is not None and now >= quiz.closes_at
    if is_early or is_late or not quiz.has_questions:
        raise Forbidden(NOT_OPEN)
    if sitting.attempts_used >= quiz.max_attempts:
        raise Rejected(USED_UP)


def _begin(caller: Caller, sitting: Sitting, now: datetime) -> Attempt | None:
    """Write the student's next attempt with its questions, in one statement; None where another request was faster."""
    quiz = sitting.quiz
    deadline = now + timedelta(minutes=quiz.timer_minutes)
    if quiz.closes_at is not None:
        deadline = min(deadline, quiz.closes_at)
    number = sitting.attempts_used + 1
    attempt_id = db.session.execute(
        _BEGIN,
        {
            "quiz": quiz.id,
            "student": caller.student_id,
            "number": number,
            "timer": quiz.timer_minutes,
            "passing": quiz.passing_score,
            "now": now,
            "deadline": deadline,
            "shuffle_questions": quiz.randomize_questions,
            "shuffle_choices": quiz.randomize_choices,
        },
    ).scalar()
    return None if attempt_id is None else Attempt(attempt_id, number, quiz.timer_minutes, now, deadline)


def _write(attempt_id: int, given: Mapping[int, Given]) -> bool:
    """Write answers by their ids into an attempt that is still running; return False where it has ended."""
    answers = [{"id": answer_id, **answer._asdict()} for answer_id, answer in given.items()]
    return db.session.execute(_SAVE, {"attempt": attempt_id, "answers": answers}).first() is not None


def _order(is_shuffled: str, *teachers: Any) -> tuple[Any, ...]:
    """Return the order of an attempt's own where the parameter says so, else the teacher's."""
    return case((bindparam(is_shuffled, type_=Boolean), func.random())), *teachers


# The requests of a running quiz are the busiest there are: their statements are built once.
_QUIZ = bindparam("quiz", type_=BigInteger)
_POINTS = (
    select(func.sum(QuizQuestion.points).label("sum"))
    .where(QuizQuestion.quiz_id == _QUIZ, ~QuizQuestion.is_removed)
    .subquery()
)
_ATTEMPT_VALUES: dict[str, Any] = {
    "quiz_id": _QUIZ,
    "student_id": bindparam("student", type_=BigInteger),
    "attempt_number": bindparam("number", type_=Integer),
    "timer_minutes": bindparam("timer", type_=Integer),
    "passing_score": bindparam("passing", type_=Integer),
    "started_at": bindparam("now", type_=DateTime(timezone=True)),
    "deadline_at": bindparam("deadline", type_=DateTime(timezone=True)),
    "max_score": _POINTS.c.sum,
}
# Which of two at once is first, and that no number is given twice, is for the table's unique indexes to say.
_ATTEMPT = (
    insert(QuizSubmission)
    .from_select(list(_ATTEMPT_VALUES), select(*_ATTEMPT_VALUES.values()).where(_POINTS.c.sum.is_not(None)))
    .on_conflict_do_nothing()
    .returning(QuizSubmission.id)
    .cte("attempt")
)
_CHOICES = (
    select(
        func.array_agg(
            aggregate_order_by(QuestionChoice.id, *_order("shuffle_choices", QuestionChoice.order, QuestionChoice.id))
        )
    )
    .where(QuestionChoice.version_id == QuestionVersion.id)
    .correlate(QuestionVersion)
    .scalar_subquery()
)
_QUESTIONS = (
    insert(QuizAnswer)
    .from_select(
        ["submission_id", "quiz_question_id", "version_id", "position", "choice_order", "points", "choice_ids"],
        select(
            _ATTEMPT.c.id,
            QuizQuestion.id,
            QuestionVersion.id,
            func.row_number().over(order_by=_order("shuffle_questions", QuizQuestion.order, QuizQuestion.id)),
            func.coalesce(_CHOICES, array([], type_=BigInteger)),
            QuizQuestion.points,
            array([], type_=BigInteger),
        )
        .select_from(_ATTEMPT)
        .join(QuizQuestion, QuizQuestion.quiz_id == _QUIZ)
        .join(QuestionVersion, QuestionVersion.question_id == QuizQuestion.question_id)
        .where(~QuizQuestion.is_removed, QuestionVersion.is_current),
    )
    .returning(QuizAnswer.submission_id)
    .cte("questions")
)
_BEGIN = select(_QUESTIONS.c.submission_id).limit(1)
_RUNNING = (
    select(QuizSubmission.id)
    .where(QuizSubmission.id == bindparam("attempt", type_=BigInteger), QuizSubmission.status == "in_progress")
    .with_for_update(key_share=True)
    .cte("running")
)
_GIVEN = (
    func.json_to_recordset(bindparam("answers", type_=JSON))
    .table_valued(
        column("id", BigInteger), column("choice_ids", ARRAY(BigInteger)), column("written_answer", Text), name="given"
    )
    .render_derived(with_types=True)
)
_SAVED = (
    update(QuizAnswer)
    .where(QuizAnswer.submission_id == _RUNNING.c.id, QuizAnswer.id == _GIVEN.c.id)
    .values(choice_ids=_GIVEN.c.choice_ids, written_answer=_GIVEN.c.written_answer)
    .returning(QuizAnswer.id)
    .cte("saved")
)
_SAVE = select(_SAVED.c.id)
