"""The question bank, homework and quizzes built from it, and what students answer.

What a question says stands in versions that never change once they are written: whoever answers, answers a version, and
an edit adds another one. So nothing that runs or was handed in is touched by an edit (rules.md, "Question versions").
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edutrack.accounts.models import Student, Teacher
from edutrack.core import clock
from edutrack.core.database import Base, Id, Int
from edutrack.courses.models import Lecture
from edutrack.structure.models import Grade, Subject

QuestionType = Literal["mcq_single", "mcq_multiple", "written"]
QUESTION_TYPES: tuple[QuestionType, ...] = get_args(QuestionType)
Visibility = Literal["immediately", "after_close", "never"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
AttemptStatus = Literal["in_progress", "submitted", "graded"]
ATTEMPT_STATUSES: tuple[AttemptStatus, ...] = get_args(AttemptStatus)
TITLE_LENGTH = 255
MOST_POINTS = 1000
#: A day: nobody sits longer over one quiz.
LONGEST_TIMER_MINUTES = 24 * 60
MOST_ATTEMPTS = 1_000_000


def _one_of(column: str, words: tuple[str, ...], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=name)


class Question(Base):
    """An entry of a teacher's bank. What it asks stands in its current version."""

    __tablename__ = "questions"

    id: Mapped[Id]
    teacher_id: Mapped[int] = mapped_column(ForeignKey("teachers.id"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    grade_id: Mapped[int] = mapped_column(ForeignKey("grades.id"), index=True)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    teacher: Mapped[Teacher] = relationship()
    subject: Mapped[Subject] = relationship()
    grade: Mapped[Grade] = relationship()
    #: The version that is shown and built upon now.
    version: Mapped["QuestionVersion"] = relationship(
        primaryjoin="and_(QuestionVersion.question_id == Question.id, QuestionVersion.is_current)",
        uselist=False,
        viewonly=True,
    )


class QuestionVersion(Base):
    """What a question says from one edit to the next; only `is_current` ever changes."""

    __tablename__ = "question_versions"
    __table_args__ = (
        UniqueConstraint("question_id", "number"),
        Index("ix_question_versions_current", "question_id", unique=True, postgresql_where=text("is_current")),
        Index(
            "ix_question_versions_text_folded",
            "text_folded",
            postgresql_using="gin",
            postgresql_ops={"text_folded": "gin_trgm_ops"},
        ),
        _one_of("type", QUESTION_TYPES, "type_known"),
        CheckConstraint(f"points BETWEEN 1 AND {MOST_POINTS}", name="points_sound"),
    )

    id: Mapped[Id]
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"))
    number: Mapped[Int]
    is_current: Mapped[bool] = mapped_column(default=True)
    type: Mapped[QuestionType] = mapped_column(Text)
    text: Mapped[str]
    text_folded: Mapped[str] = mapped_column(Computed("edutrack_fold(text)", persisted=True))
    #: Name of the stored picture.
    image: Mapped[str | None]
    points: Mapped[Int] = mapped_column(default=1)
    model_answer: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    question: Mapped[Question] = relationship()
    choices: Mapped[list["QuestionChoice"]] = relationship(
        order_by="QuestionChoice.order, QuestionChoice.id", back_populates="version"
    )


class QuestionChoice(Base):
    """One choice of a version. Ids are given out in random order, so that they say nothing of the teacher's order."""

    __tablename__ = "question_choices"

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    image: Mapped[str | None]
    is_correct: Mapped[bool]
    order: Mapped[Int]

    version: Mapped[QuestionVersion] = relationship(back_populates="choices")


class Homework(Base):
    """Single-choice questions that go with a lecture, handed in once and graded at once."""

    __tablename__ = "homeworks"

    id: Mapped[Id]
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lectures.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    description: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    lecture: Mapped[Lecture] = relationship()
    questions: Mapped[list["HomeworkQuestion"]] = relationship(
        primaryjoin="and_(HomeworkQuestion.homework_id == Homework.id, ~HomeworkQuestion.is_removed)",
        order_by="HomeworkQuestion.order, HomeworkQuestion.id",
        viewonly=True,
    )


class HomeworkQuestion(Base):
    """A question's place in a homework. Taken out, it stays for the answers that were given to it."""

    __tablename__ = "homework_questions"
    __table_args__ = (
        UniqueConstraint("homework_id", "question_id"),
        CheckConstraint(f"points BETWEEN 1 AND {MOST_POINTS}", name="points_sound"),
    )

    id: Mapped[Id]
    homework_id: Mapped[int] = mapped_column(ForeignKey("homeworks.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    points: Mapped[Int]
    order: Mapped[Int]
    is_removed: Mapped[bool] = mapped_column(default=False)

    homework: Mapped[Homework] = relationship()
    question: Mapped[Question] = relationship()


class HomeworkSubmission(Base):
    """A homework as one student handed it in: once, for ever."""

    __tablename__ = "homework_submissions"
    __table_args__ = (
        UniqueConstraint("homework_id", "student_id", name="uq_homework_submissions_homework_id_student_id"),
        CheckConstraint("score BETWEEN 0 AND max_score", name="score_sound"),
    )

    id: Mapped[Id]
    homework_id: Mapped[int] = mapped_column(ForeignKey("homeworks.id"))
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    score: Mapped[Decimal]
    max_score: Mapped[Decimal]
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)

    homework: Mapped[Homework] = relationship()
    student: Mapped[Student] = relationship()


class HomeworkAnswer(Base):
    """One question of a handed-in homework, also where nothing was chosen."""

    __tablename__ = "homework_answers"
    __table_args__ = (
        UniqueConstraint("submission_id", "homework_question_id"),
        CheckConstraint("points_awarded BETWEEN 0 AND points", name="points_awarded_sound"),
    )

    id: Mapped[Id]
    submission_id: Mapped[int] = mapped_column(ForeignKey("homework_submissions.id"))
    homework_question_id: Mapped[int] = mapped_column(ForeignKey("homework_questions.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), index=True)
    choice_id: Mapped[int | None] = mapped_column(ForeignKey("question_choices.id"), index=True)
    points: Mapped[Int]
    points_awarded: Mapped[Decimal]


class Quiz(Base):
    """Questions of a lecture against the clock. Times without `opens_at` or `closes_at` are unbounded."""

    __tablename__ = "quizzes"
    __table_args__ = (
        _one_of("score_visibility", VISIBILITIES, "score_visibility_known"),
        _one_of("answers_visibility", VISIBILITIES, "answers_visibility_known"),
        CheckConstraint(f"timer_minutes BETWEEN 1 AND {LONGEST_TIMER_MINUTES}", name="timer_minutes_sound"),
        CheckConstraint(f"max_attempts BETWEEN 1 AND {MOST_ATTEMPTS}", name="max_attempts_sound"),
        CheckConstraint("passing_score BETWEEN 0 AND 100", name="passing_score_sound"),
        CheckConstraint("closes_at > opens_at", name="opens_before_it_closes"),
        CheckConstraint(
            "closes_at IS NOT NULL OR 'after_close' NOT IN (score_visibility, answers_visibility)",
            name="after_close_has_a_close",
        ),
    )

    id: Mapped[Id]
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lectures.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    description: Mapped[str | None]
    timer_minutes: Mapped[Int]
    max_attempts: Mapped[Int] = mapped_column(default=1)
    #: Percent of the points.
    passing_score: Mapped[Int] = mapped_column(default=50)
    randomize_questions: Mapped[bool] = mapped_column(default=False)
    randomize_choices: Mapped[bool] = mapped_column(default=False)
    score_visibility: Mapped[Visibility] = mapped_column(Text, default="immediately")
    answers_visibility: Mapped[Visibility] = mapped_column(Text, default="immediately")
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    lecture: Mapped[Lecture] = relationship()
    questions: Mapped[list["QuizQuestion"]] = relationship(
        primaryjoin="and_(QuizQuestion.quiz_id == Quiz.id, ~QuizQuestion.is_removed)",
        order_by="QuizQuestion.order, QuizQuestion.id",
        viewonly=True,
    )


class QuizQuestion(Base):
    """A question's place in a quiz. Taken out, it stays for the attempts that hold it."""

    __tablename__ = "quiz_questions"
    __table_args__ = (
        UniqueConstraint("quiz_id", "question_id"),
        CheckConstraint(f"points BETWEEN 1 AND {MOST_POINTS}", name="points_sound"),
    )

    id: Mapped[Id]
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    points: Mapped[Int]
    order: Mapped[Int]
    is_removed: Mapped[bool] = mapped_column(default=False)

    quiz: Mapped[Quiz] = relationship()
    question: Mapped[Question] = relationship()


class QuizSubmission(Base):
    """One attempt of a student: what of the quiz counts for it is written down when it starts."""

    __tablename__ = "quiz_submissions"
    __table_args__ = (
        UniqueConstraint("quiz_id", "student_id", "attempt_number", name="uq_quiz_submissions_attempt_number"),
        Index(
            "uq_quiz_submissions_running",
            "quiz_id",
            "student_id",
            unique=True,
            postgresql_where=text("status = 'in_progress'"),
        ),
        Index("ix_quiz_submissions_running_until", "deadline_at", postgresql_where=text("status = 'in_progress'")),
        Index(None, "student_id", "submitted_at"),
        # What a teacher has to grade.
        Index("ix_quiz_submissions_to_grade", "quiz_id", postgresql_where=text("status = 'submitted'")),
        _one_of("status", ATTEMPT_STATUSES, "status_known"),
        CheckConstraint("(status = 'in_progress') = (submitted_at IS NULL)", name="submitted_when_not_running"),
        CheckConstraint("(status = 'in_progress') = (score IS NULL)", name="scored_when_not_running"),
        CheckConstraint("score BETWEEN 0 AND max_score", name="score_sound"),
        CheckConstraint("deadline_at > started_at", name="deadline_after_start"),
    )

    id: Mapped[Id]
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quizzes.id"))
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    attempt_number: Mapped[Int]
    status: Mapped[AttemptStatus] = mapped_column(Text, default="in_progress")
    timer_minutes: Mapped[Int]
    passing_score: Mapped[Int]
    max_score: Mapped[Decimal]
    started_at: Mapped[datetime]
    #: When the timer runs out, or the quiz closes if that is earlier; the grace comes after it.
    deadline_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    #: Whether the clock ended it, at its deadline, and not the student.
    is_timed_out: Mapped[bool] = mapped_column(default=False)
    #: Points so far: of everything but the written answers that nobody has graded yet.
    score: Mapped[Decimal | None]
    #: Never true while a written answer waits to be graded.
    passed: Mapped[bool] = mapped_column(default=False)

    quiz: Mapped[Quiz] = relationship()
    student: Mapped[Student] = relationship()
    answers: Mapped[list["QuizAnswer"]] = relationship(order_by="QuizAnswer.position", viewonly=True)


class QuizAnswer(Base):
    """A question as one attempt was given it, and what the student has answered so far."""

    __tablename__ = "quiz_answers"
    __table_args__ = (
        UniqueConstraint("submission_id", "quiz_question_id"),
        CheckConstraint("points_awarded BETWEEN 0 AND points", name="points_awarded_sound"),
    )

    id: Mapped[Id]
    submission_id: Mapped[int] = mapped_column(ForeignKey("quiz_submissions.id"))
    quiz_question_id: Mapped[int] = mapped_column(ForeignKey("quiz_questions.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id"), index=True)
    #: Place in the student's order, from 1.
    position: Mapped[Int]
    #: Ids of the version's choices in the student's order.
    choice_order: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    points: Mapped[Int]
    choice_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    written_answer: Mapped[str | None]
    #: None until it is graded.
    points_awarded: Mapped[Decimal | None]
    feedback: Mapped[str | None]

    version: Mapped[QuestionVersion] = relationship()
    quiz_question: Mapped[QuizQuestion] = relationship()
