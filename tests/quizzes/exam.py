"""A student before a quiz whose lecture they have bought: what the tests of attempts begin with."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.quizzes.models import QuizAnswer, QuizQuestion, QuizSubmission
from tests.api import Api
from tests.factories import create_course, create_lecture, create_purchase, create_question, create_quiz, create_student

#: Of the quiz that has one question of each kind.
KINDS = ("mcq_single", "mcq_multiple", "written")


class Exam:
    """A quiz with a student who may take it, and the student's client."""

    def __init__(self, api: Api, *, kinds: tuple[str, ...] = ("mcq_single", "mcq_single"), **quiz: Any) -> None:
        self.api = api
        self.course = create_course()
        self.teacher = self.course.teacher
        self.lecture = create_lecture(self.course)
        self.questions = [
            create_question(self.teacher, kind, right=(1, 3) if kind == "mcq_multiple" else (1,)) for kind in kinds
        ]
        self.quiz = create_quiz(self.lecture, questions=self.questions, **quiz)
        self.quiz_id = self.quiz.id
        self.student = create_student()
        self.student_id = self.student.id
        bought = clock.now() - timedelta(days=1)
        self.purchase = create_purchase(
            self.student, self.lecture, purchased_at=bought, expires_at=bought + timedelta(days=30)
        )
        # Read now: threads that answer have no session of their own.
        self._choices = [[choice.id for choice in question.version.choices] for question in self.questions]
        self.client = api.as_(self.student)
        self.places = list(
            db.session.scalars(
                select(QuizQuestion.id).where(QuizQuestion.quiz_id == self.quiz.id).order_by(QuizQuestion.order)
            )
        )

    def another_student(self) -> Api:
        """Return the client of one more student who has bought the lecture."""
        student = create_student()
        create_purchase(student, self.lecture, expires_at=clock.now() + timedelta(days=30))
        return self.api.as_(student)

    def start(self) -> Any:
        return self.client.post(self.path("start"))

    def attempt(self) -> Any:
        return self.client.get(self.path("attempt"))

    def save(self, *answers: dict[str, Any]) -> Any:
        return self.client.put(self.path("answers"), {"answers": list(answers)})

    def submit(self, *answers: dict[str, Any]) -> Any:
        return self.client.post(self.path("submit"), {"answers": list(answers)})

    def path(self, what: str) -> str:
        return f"/api/quizzes/{self.quiz_id}/{what}/"

    def change_quiz(self, **values: Any) -> None:
        """Change columns of the quiz, as an edit by its teacher would."""
        self._change(self.quiz, values)

    def end_window(self, moment: datetime) -> None:
        """Let the student's window of the lecture end at a moment."""
        self._change(self.purchase, {"expires_at": moment, "effective_expiry": moment})

    def _change(self, row: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()

    def choices(self, number: int) -> list[int]:
        """Return the ids of the choices that a question began with, from 0, in the teacher's order."""
        return self._choices[number]

    def choosing(self, number: int, *places: int) -> dict[str, Any]:
        """Return the answer to a question, from 0, by the choices at those places, from 1."""
        ids = self.choices(number)
        return {"quiz_question_id": self.places[number], "choice_ids": [ids[place - 1] for place in places]}

    def writing(self, number: int, text: str | None) -> dict[str, Any]:
        return {"quiz_question_id": self.places[number], "written_answer": text}


def kept(exam: Exam) -> list[tuple[Any, ...]]:
    """Return what the database has of the student's attempts: number, status, score, passed, by the clock."""
    db.session.commit()
    rows = select(
        QuizSubmission.attempt_number,
        QuizSubmission.status,
        QuizSubmission.score,
        QuizSubmission.passed,
        QuizSubmission.is_timed_out,
    ).where(QuizSubmission.quiz_id == exam.quiz_id, QuizSubmission.student_id == exam.student_id)
    return [tuple(row) for row in db.session.execute(rows.order_by(QuizSubmission.attempt_number))]


def kept_answers(attempt_id: int) -> list[tuple[Any, ...]]:
    """Return the answers of an attempt in its order: choices, text, points."""
    db.session.commit()
    rows = select(QuizAnswer.choice_ids, QuizAnswer.written_answer, QuizAnswer.points_awarded)
    return [
        tuple(row)
        for row in db.session.execute(rows.where(QuizAnswer.submission_id == attempt_id).order_by(QuizAnswer.position))
    ]
