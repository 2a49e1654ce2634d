"""Teachers' grades: what written answers are worth, and what that makes of their attempt."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Numeric, Row, Text, bindparam, case, column, func, select, update

from edutrack.accounts.models import Student
from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid, Rejected, no_such_pk
from edutrack.core.extensions import db
from edutrack.courses.models import Lecture
from edutrack.notifications.service import notify_all
from edutrack.quizzes.models import QuestionVersion, Quiz, QuizAnswer, QuizSubmission
from edutrack.quizzes.queries.submissions import find_submission
from edutrack.quizzes.service.finishing import close_overdue

STILL_RUNNING = "This attempt is still running."
_NAMED_TWICE = "This answer is graded twice."


def grade_submission(caller: Caller, submission_id: int, grades: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Grade written answers of an attempt of the caller's courses; return it with its answers.

    Score, status and whether it is passed follow from all its answers. The student is told once nothing waits any more,
    and whenever the score changes after that. Raises Rejected while the attempt is running, and Invalid, nested under
    `answers`, for what is no written answer of it, is graded twice, or gets more than its points (rules.md, "Grading by
    teachers").
    """
    before = lock_submission(submission_id)
    if before.status == "in_progress":
        if not close_overdue(QuizSubmission.id == submission_id):
            raise Rejected(STILL_RUNNING)
        before = lock_submission(submission_id)
    _require_sound_grades(submission_id, grades)
    _write_grades(grades)
    after = _rescore(submission_id)
    audit.record(
        caller,
        "quiz.submission.graded",
        after,
        answers=[
            {"answer_id": grade["answer_id"], "points_awarded": f"{grade['points_awarded']:.2f}"} for grade in grades
        ],
        score=f"{after.score:.2f}",
    )
    if after.status == "graded" and (before.status, before.score) != ("graded", after.score):
        _tell_of_grading(submission_id)
    db.session.flush()
    return find_submission(caller, submission_id)


def lock_submission(submission_id: int) -> Row[*tuple[Any, ...]]:
    """Return `status` and `score` of an attempt, held until the transaction ends: who grades it too, waits."""
    return db.session.execute(
        select(QuizSubmission.status, QuizSubmission.score)
        .where(QuizSubmission.id == submission_id)
        .with_for_update(key_share=True)
    ).one()


def _require_sound_grades(submission_id: int, grades: Sequence[Mapping[str, Any]]) -> None:
    rows = db.session.execute(
        select(QuizAnswer.id, QuizAnswer.points)
        .join(QuizAnswer.version)
        .where(QuizAnswer.submission_id == submission_id, QuestionVersion.type == "written")
    )
    points = {row.id: row.points for row in rows}
    refusals = []
    named: set[int] = set()
    for grade in grades:
        refusals.append(_refusal(grade, points, named))
        named.add(grade["answer_id"])
    if any(refusals):
        raise Invalid({"answers": refusals})


def _refusal(grade: Mapping[str, Any], points: Mapping[int, int], named: set[int]) -> dict[str, list[str]]:
    answer_id = grade["answer_id"]
    if answer_id not in points:
        return {"answer_id": [no_such_pk(answer_id)]}
    if answer_id in named:
        return {"answer_id": [_NAMED_TWICE]}
    if grade["points_awarded"] > points[answer_id]:
        return {"points_awarded": [f"Ensure this value is less than or equal to {points[answer_id]}."]}
    return {}


def _write_grades(grades: Sequence[Mapping[str, Any]]) -> None:
    """Write grades in one statement; feedback that is left out stays."""
    rows = [
        {
            "id": grade["answer_id"],
            "points_awarded": str(grade["points_awarded"]),
            "feedback": grade.get("feedback") or None,
            "has_feedback": "feedback" in grade,
        }
        for grade in grades
    ]
    db.session.execute(_WRITE_GRADES, {"grades": rows})


_GRADES = (
    func.json_to_recordset(bindparam("grades", type_=JSON))
    .table_valued(
        column("id", BigInteger),
        column("points_awarded", Numeric),
        column("feedback", Text),
        column("has_feedback", Boolean),
        name="grade",
    )
    .render_derived(with_types=True)
)
_WRITE_GRADES = (
    update(QuizAnswer)
    .where(QuizAnswer.id == _GRADES.c.id)
    .values(
        points_awarded=_GRADES.c.points_awarded,
        feedback=case((_GRADES.c.has_feedback, _GRADES.c.feedback), else_=QuizAnswer.feedback),
    )
    .execution_options(synchronize_session=False)
)


def _rescore(submission_id: int) -> QuizSubmission:
    """Let an attempt, which is locked, come to what its answers are worth now; return it."""
    answers = QuizAnswer.submission_id == submission_id
    score = select(func.coalesce(func.sum(QuizAnswer.points_awarded), Decimal(0))).where(answers).scalar_subquery()
    waits = select(func.bool_or(QuizAnswer.points_awarded.is_(None))).where(answers).scalar_subquery()
    suffices = score * 100 >= QuizSubmission.passing_score * QuizSubmission.max_score
    return db.session.scalars(
        update(QuizSubmission)
        .where(QuizSubmission.id == submission_id)
        .values(score=score, status=case((waits, "submitted"), else_="graded"), passed=~waits & suffices)
        .returning(QuizSubmission)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one()


def _tell_of_grading(submission_id: int) -> None:
    notify_all(
        "quiz_graded",
        select(
            Student.user_id,
            QuizSubmission.id.label("submission_id"),
            QuizSubmission.quiz_id,
            Quiz.lecture_id,
            Lecture.course_id,
            Quiz.title.label("quiz_title"),
            Lecture.name.label("lecture_name"),
        )
        .join(QuizSubmission.student)
        .join(QuizSubmission.quiz)
        .join(Quiz.lecture)
        .where(QuizSubmission.id == submission_id),
    )
